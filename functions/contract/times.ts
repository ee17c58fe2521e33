/** Lengths of time, and how times are written. */

export const DAY_SECONDS = 86_400;
export const DAY_MS = DAY_SECONDS * 1000;

/** A century: whatever is asked for in days is below it. */
export const DAYS_MAX = 36_500;

/** A time with its zone, as callers and AWS write it (ISO 8601). */
export const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
