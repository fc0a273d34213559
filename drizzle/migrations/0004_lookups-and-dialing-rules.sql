CREATE TABLE "dialing_rules" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"account_id" uuid NOT NULL,
	"name" text NOT NULL,
	"rules" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "extensions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"account_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"user_name" text NOT NULL,
	"extension" text NOT NULL,
	"is_primary" boolean NOT NULL,
	"source" text NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "extensions_account_id_user_id_extension" UNIQUE("account_id","user_id","extension")
);
--> statement-breakpoint
ALTER TABLE "pbxs" ADD COLUMN "default_data_lookup_id" text;--> statement-breakpoint
ALTER TABLE "pbxs" ADD COLUMN "default_ivr_lookup_id" text;--> statement-breakpoint
ALTER TABLE "pbxs" ADD COLUMN "dialing_rules_id" uuid;--> statement-breakpoint
ALTER TABLE "pbxs" ADD COLUMN "limit_per_second" integer DEFAULT 50 NOT NULL;--> statement-breakpoint
ALTER TABLE "pbxs" ADD COLUMN "limit_burst" integer DEFAULT 100 NOT NULL;--> statement-breakpoint
ALTER TABLE "pbxs" ADD COLUMN "limit_in_flight" integer DEFAULT 200 NOT NULL;--> statement-breakpoint
ALTER TABLE "pbxs" ADD COLUMN "imported_secret_sealed" text;--> statement-breakpoint
ALTER TABLE "pbx_tokens" ADD COLUMN "allowed_addresses" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "lookups" ADD COLUMN "fallbacks" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "lookups" ADD COLUMN "problems" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "lookups" ADD COLUMN "checked_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "dialing_rules" ADD CONSTRAINT "dialing_rules_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "extensions" ADD CONSTRAINT "extensions_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "dialing_rules_account_id" ON "dialing_rules" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "extensions_primary" ON "extensions" USING btree ("account_id","user_id") WHERE is_primary;--> statement-breakpoint
ALTER TABLE "pbxs" ADD CONSTRAINT "pbxs_default_data_lookup_id_lookups_id_fk" FOREIGN KEY ("default_data_lookup_id") REFERENCES "public"."lookups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pbxs" ADD CONSTRAINT "pbxs_default_ivr_lookup_id_lookups_id_fk" FOREIGN KEY ("default_ivr_lookup_id") REFERENCES "public"."lookups"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "pbxs" ADD CONSTRAINT "pbxs_dialing_rules_id_dialing_rules_id_fk" FOREIGN KEY ("dialing_rules_id") REFERENCES "public"."dialing_rules"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
-- Written by hand, like the table: drizzle-kit does not know it.
ALTER TABLE "lookup_runs" ADD COLUMN "is_test" boolean DEFAULT false NOT NULL;
