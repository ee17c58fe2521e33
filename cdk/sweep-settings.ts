/** The part of the settings that says when autoexpunge runs, and how fast. */
import { z } from 'zod';
import { wholeNumber } from './retention-class-settings.ts';

export interface SweepSettings {
  /** When autoexpunge starts: an expression of EventBridge such as `rate(1 hour)`, or `off`. */
  readonly autoexpungeSchedule: string;
  /** Shards of what is due that are swept at the same time, so that delivery is never starved. */
  readonly autoexpungeMaxConcurrency: number;
}

/** The index of what is due has one for each hex digit. */
const SHARDS = 16;

export const sweepShape = {
  autoexpungeSchedule: z
    .string()
    .regex(/^(off|(rate|cron)\([^()]+\))$/)
    .default('rate(1 hour)'),
  autoexpungeMaxConcurrency: wholeNumber(1, SHARDS).default(4),
};

/** What each field takes, in words. */
export const SWEEP_ALLOWED = {
  autoexpungeSchedule: '"off", or an expression of EventBridge such as "rate(1 hour)"',
  autoexpungeMaxConcurrency: `a whole number from 1 to ${SHARDS}`,
} as const;
