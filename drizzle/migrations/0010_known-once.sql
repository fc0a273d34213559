ALTER TABLE "connections" ADD COLUMN "known_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "audit_events" ADD COLUMN "occurrence" text;--> statement-breakpoint
CREATE UNIQUE INDEX "audit_events_occurrence" ON "audit_events" USING btree ("occurrence") WHERE occurrence is not null;