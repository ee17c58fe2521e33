/** When, and how much at a time, the deployment sweeps what autoexpunge has to do. */
import { z } from 'zod';

export interface PolicySettings {
  /** When autoexpunge starts: an expression of EventBridge such as `rate(1 hour)`, or `off`. */
  readonly autoexpungeSchedule: string;
  /** Shards of what is due that are swept at the same time, so that delivery is never starved. */
  readonly autoexpungeMaxConcurrency: number;
}

/** The index of what is due has one for each hex digit. */
const SHARDS = 16;

export const policyShape = {
  autoexpungeSchedule: z
    .string()
    .regex(/^(off|(rate|cron)\([^()]+\))$/)
    .default('rate(1 hour)'),
  autoexpungeMaxConcurrency: z.int().min(1).max(SHARDS).default(4),
};

/** What each field takes, in words. */
export const POLICY_ALLOWED = {
  autoexpungeSchedule: '"off", or an expression of EventBridge such as "rate(1 hour)"',
  autoexpungeMaxConcurrency: `a whole number from 1 to ${SHARDS}`,
} as const;
