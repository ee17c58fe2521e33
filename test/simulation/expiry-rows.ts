/** What the counts of the days say on which mail of a storage ends. */
import type { Row } from '../../functions/core/ports/row-store.ts';

/** Messages by day, in the order of the days; `never` for those that have none. */
export const expiryDays = (rows: readonly Row[]): ReadonlyMap<string, number> =>
  new Map(
    rows
      .filter(({ attributes }) => attributes['type'] === 'expiry')
      .map(
        ({ attributes }) => [String(attributes['day']), Number(attributes['messages'])] as const,
      ),
  );
