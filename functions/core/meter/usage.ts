/** Billed usage: how much of what, and what that costs. Estimates and bills are both made of it. */
import type { Counts } from '../../contract/api.ts';
import { PRICES, USAGE_NAMES, type UsageName } from './prices.ts';

/** Numbers of billed units by name; a missing one counts as 0. */
export type Usage = Readonly<Partial<Record<UsageName, number>>>;

/** GB-seconds and read units have fractions; six digits hide the noise of adding them up. */
const DIGITS = 6;

const rounded = (value: number): number => Number(value.toFixed(DIGITS));

export function sumUsage(all: Iterable<Usage>): Usage {
  const sum: Partial<Record<UsageName, number>> = {};
  for (const usage of all) {
    for (const name of USAGE_NAMES) {
      const amount = usage[name];
      if (amount !== undefined) sum[name] = (sum[name] ?? 0) + amount;
    }
  }
  return sum;
}

/** Dollars at list price, not rounded. */
export function dollarsOf(usage: Usage): number {
  return USAGE_NAMES.reduce((sum, name) => sum + (usage[name] ?? 0) * PRICES[name], 0);
}

/** Usage as an answer shows it: every name, fractions of six digits. */
export function shownUsage(usage: Usage): Counts {
  return Object.fromEntries(USAGE_NAMES.map((name) => [name, rounded(usage[name] ?? 0)]));
}

/** Dollars as an answer shows them: to a ten-thousandth of a cent. */
export const shownDollars = (usage: Usage): number => rounded(dollarsOf(usage));

/** Usage from counters that came out of a row; names this version does not know are left out. */
export function usageOf(counts: Counts): Usage {
  return Object.fromEntries(
    USAGE_NAMES.filter((name) => counts[name] !== undefined).map((name) => [name, counts[name]]),
  );
}
