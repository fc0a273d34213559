-- Written by hand, like the table: drizzle-kit does not know it.
ALTER TABLE "lookup_runs" ADD COLUMN "trace_sealed" text;--> statement-breakpoint
ALTER TABLE "lookup_runs" ADD COLUMN "found_trace_sealed" text;
