/**
 * Everything of an account that its message data can be in: prefixes of the bucket and partitions
 * of the dictmap. Made from the plan alone, in a fixed order, so that every range, retry and
 * verification sees the same list.
 */
import { accountPrefixes, SHARDS } from '../../contract/key-layout.ts';
import { blobPartition, messagePartitions } from '../../contract/row-layout.ts';
import type { PlannedMailbox } from './plan.ts';

export type Target =
  | { readonly kind: 'versions'; readonly prefix: string }
  | { readonly kind: 'uploads'; readonly prefix: string }
  | {
      readonly kind: 'rows';
      readonly pk: string;
      readonly counter: 'messageRows' | 'blobRows' | 'accountRows';
    };

/** @param classes every retention class that was ever deployed */
export function targetsOf(
  accountId: string,
  classes: readonly string[],
  mailboxes: readonly PlannedMailbox[],
): Target[] {
  const prefixes = accountPrefixes(accountId, classes);
  return [
    ...prefixes.map((prefix): Target => ({ kind: 'versions', prefix })),
    ...prefixes.map((prefix): Target => ({ kind: 'uploads', prefix })),
    ...SHARDS.map(
      (shard): Target => ({
        kind: 'rows',
        pk: blobPartition(accountId, shard),
        counter: 'blobRows',
      }),
    ),
    ...mailboxes.flatMap(({ mailboxId, uidNext }) =>
      messagePartitions(mailboxId, uidNext).map(
        (pk): Target => ({ kind: 'rows', pk, counter: 'messageRows' }),
      ),
    ),
  ];
}

/**
 * The targets of one range: every n-th. Neighbours in the list are shards of one class, so the
 * large ones spread over the ranges.
 */
export function targetsOfRange(
  targets: readonly Target[],
  range: number,
  rangeCount: number,
): Target[] {
  return targets.filter((_, index) => index % rangeCount === range);
}
