-- Written by hand, like the table: drizzle-kit does not know it.
ALTER TABLE "lookup_runs" ADD COLUMN "service" text;--> statement-breakpoint
ALTER TABLE "lookup_runs" ADD COLUMN "answer_fields" integer;
