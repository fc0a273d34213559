ALTER TABLE "authorizations" ADD COLUMN "former_grant_sealed" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "disconnecting" boolean DEFAULT false NOT NULL;