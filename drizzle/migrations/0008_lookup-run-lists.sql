-- Written by hand, like the table: drizzle-kit does not know it.
DROP INDEX "lookup_runs_pbx_id_asked_at";--> statement-breakpoint
DROP INDEX "lookup_runs_lookup_id_asked_at";--> statement-breakpoint
DROP INDEX "lookup_runs_number_hash";--> statement-breakpoint
CREATE INDEX "lookup_runs_account_id_pbx_id_answer_reason_asked_at" ON "lookup_runs" USING btree ("account_id","pbx_id","answer_reason","asked_at") INCLUDE ("answer_ms","repeats","is_test");--> statement-breakpoint
CREATE INDEX "lookup_runs_account_id_lookup_id_answer_reason_asked_at" ON "lookup_runs" USING btree ("account_id","lookup_id","answer_reason","asked_at");--> statement-breakpoint
CREATE INDEX "lookup_runs_account_id_pbx_id_lookup_id_answer_reason_asked_at" ON "lookup_runs" USING btree ("account_id","pbx_id","lookup_id","answer_reason","asked_at");--> statement-breakpoint
CREATE INDEX "lookup_runs_account_id_number_hash_answer_reason_asked_at" ON "lookup_runs" USING btree ("account_id","number_hash","answer_reason","asked_at");
