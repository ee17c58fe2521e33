/**
 * When, and how much at a time, the deployment clears away what autoexpunge and purges take, and when
 * it lets others have what was given up.
 */
import { z } from 'zod';
import { SHARDS } from '../functions/contract/key-layout.ts';
import { DAYS_MAX } from '../functions/contract/times.ts';

export interface PolicySettings {
  /** When autoexpunge starts: an expression of EventBridge such as `rate(1 hour)`, or `off`. */
  readonly autoexpungeSchedule: string;
  /** Shards of what is due that are swept at the same time, so that delivery is never starved. */
  readonly autoexpungeMaxConcurrency: number;
  /** When deleted folders that are old enough are purged: likewise, or `off`. */
  readonly purgeMailboxesSchedule: string;
  /** Messages that one purge may end in a second, so that delivery is never starved. */
  readonly purgeKeysPerSecond: number;
  /** How long nobody can have an address that was given up; 0: it is free at once. */
  readonly reservationDays: number;
}

/** An expression of EventBridge, or `off`. */
const schedule = z.string().regex(/^(off|(rate|cron)\([^()]+\))$/);

/**
 * A partition of a table takes 1,000 write units a second, and ending a message takes three: two in
 * the transaction, one when reconcile-objects removes the row. So 300 leave room in the partition
 * of one huge folder, and end 26 million messages in the day that an execution may last.
 */
const PURGE_KEYS_PER_SECOND = 300;

/** Many partitions at once; as many transactions as four workers can write. */
const PURGE_KEYS_PER_SECOND_MAX = 10_000;

export const policyShape = {
  autoexpungeSchedule: schedule.default('rate(1 hour)'),
  autoexpungeMaxConcurrency: z.int().min(1).max(SHARDS.length).default(4),
  purgeMailboxesSchedule: schedule.default('cron(0 3 ? * SUN *)'),
  purgeKeysPerSecond: z.int().min(1).max(PURGE_KEYS_PER_SECOND_MAX).default(PURGE_KEYS_PER_SECOND),
  reservationDays: z.int().min(0).max(DAYS_MAX).default(180),
};

/** What each field takes, in words. */
export const POLICY_SETTINGS_ALLOWED = {
  autoexpungeSchedule: '"off", or an expression of EventBridge such as "rate(1 hour)"',
  autoexpungeMaxConcurrency: `a whole number from 1 to ${SHARDS.length}`,
  purgeMailboxesSchedule: '"off", or an expression of EventBridge such as "cron(0 3 ? * SUN *)"',
  purgeKeysPerSecond: `a whole number from 1 to ${PURGE_KEYS_PER_SECOND_MAX}`,
  reservationDays: `a whole number from 0 to ${DAYS_MAX}`,
} as const;
