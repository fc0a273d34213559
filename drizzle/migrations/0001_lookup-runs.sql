-- Written by hand: drizzle-kit cannot express partitions. Its columns are those of drizzle/schema/lookup-runs.ts.
CREATE TABLE "lookup_runs" (
	"id" uuid NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"account_id" uuid NOT NULL,
	"pbx_id" text NOT NULL,
	"org_id" text,
	"lookup_id" text NOT NULL,
	"lookup_version" integer NOT NULL,
	"question_sealed" text NOT NULL,
	"number_hash" text,
	"answer_reason" text NOT NULL,
	"answer_extension" text,
	"answer_matches" integer NOT NULL,
	"answer_ms" integer,
	"found" jsonb,
	"found_at" timestamp (3) with time zone,
	"repeats" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "lookup_runs_id_asked_at_pk" PRIMARY KEY("id","asked_at")
) PARTITION BY RANGE ("asked_at");--> statement-breakpoint
CREATE INDEX "lookup_runs_pbx_id_asked_at" ON "lookup_runs" USING btree ("pbx_id","asked_at");--> statement-breakpoint
CREATE INDEX "lookup_runs_account_id_asked_at" ON "lookup_runs" USING btree ("account_id","asked_at");--> statement-breakpoint
CREATE INDEX "lookup_runs_number_hash" ON "lookup_runs" USING btree ("number_hash");--> statement-breakpoint
CREATE TABLE "lookup_runs_default" PARTITION OF "lookup_runs" DEFAULT;--> statement-breakpoint
-- Makes the partitions of a month (UTC) and of those after it; a month that has one, or rows in the default partition, is left alone.
CREATE FUNCTION "create_lookup_run_partitions"("first_month" date, "months" integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	month_start timestamptz;
	month_end timestamptz;
	partition_name text;
BEGIN
	FOR offset_months IN 0 .. months - 1 LOOP
		month_start := (date_trunc('month', first_month::timestamp) + make_interval(months => offset_months)) AT TIME ZONE 'UTC';
		month_end := (date_trunc('month', first_month::timestamp) + make_interval(months => offset_months + 1)) AT TIME ZONE 'UTC';
		partition_name := 'lookup_runs_' || to_char(month_start AT TIME ZONE 'UTC', 'YYYY_MM');
		CONTINUE WHEN to_regclass(quote_ident(partition_name)) IS NOT NULL;
		CONTINUE WHEN EXISTS (SELECT 1 FROM lookup_runs_default WHERE asked_at >= month_start AND asked_at < month_end);
		EXECUTE format('CREATE TABLE %I PARTITION OF lookup_runs FOR VALUES FROM (%L) TO (%L)', partition_name, month_start, month_end);
	END LOOP;
END $$;
