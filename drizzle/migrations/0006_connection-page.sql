ALTER TABLE "one_time_links" ADD COLUMN "recipient" text;--> statement-breakpoint
ALTER TABLE "authorizations" ADD COLUMN "invitation_hash" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "observed" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "authorizations" ADD CONSTRAINT "authorizations_invitation_hash_one_time_links_token_hash_fk" FOREIGN KEY ("invitation_hash") REFERENCES "public"."one_time_links"("token_hash") ON DELETE set null ON UPDATE no action;