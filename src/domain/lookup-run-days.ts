/** How many days an account's lookup runs are kept. */
export const defaultLookupRunDays = 90;
export const lookupRunDaysLimits = { min: 1, max: 1_095 } as const;

/** As typed; undefined when it is no whole number within the limits. */
export function readLookupRunDays(typed: string): number | undefined {
  const days = /^\d{1,5}$/.test(typed.trim()) ? Number(typed) : 0;
  return days >= lookupRunDaysLimits.min && days <= lookupRunDaysLimits.max ? days : undefined;
}
