ALTER TABLE "accounts" ADD COLUMN "lookup_run_days" integer DEFAULT 90 NOT NULL;--> statement-breakpoint
-- Written by hand, like the table: drizzle-kit does not know it.
DROP INDEX "lookup_runs_pbx_id_asked_at";--> statement-breakpoint
CREATE INDEX "lookup_runs_pbx_id_asked_at" ON "lookup_runs" USING btree ("pbx_id","asked_at") INCLUDE ("answer_reason","answer_ms","repeats","is_test");--> statement-breakpoint
CREATE INDEX "lookup_runs_account_id_answer_reason_asked_at" ON "lookup_runs" USING btree ("account_id","answer_reason","asked_at");--> statement-breakpoint
CREATE INDEX "lookup_runs_lookup_id_asked_at" ON "lookup_runs" USING btree ("lookup_id","asked_at");--> statement-breakpoint
DROP INDEX "lookup_runs_number_hash";--> statement-breakpoint
CREATE INDEX "lookup_runs_number_hash" ON "lookup_runs" USING btree ("number_hash","asked_at");
