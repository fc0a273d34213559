import { timestamp } from 'drizzle-orm/pg-core';

/** A moment, with time zone, as a `Date` in rows. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
