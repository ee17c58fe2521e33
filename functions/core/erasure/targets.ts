/**
 * Everything of an account that its message data can be in: prefixes of the bucket and partitions
 * of the dictmap. Made from the plan alone, in a fixed order, so that every range, retry and
 * verification sees the same; partitions one by one, because there can be hundreds of thousands.
 */
import { accountPrefixes, SHARDS } from '../../contract/key-layout.ts';
import { blobPartition, messagePartition } from '../../contract/row-layout.ts';
import type { RowStore } from '../ports/row-store.ts';
import { plannedParts } from './plan.ts';

export type Target =
  | { readonly kind: 'versions'; readonly prefix: string }
  | { readonly kind: 'uploads'; readonly prefix: string }
  | RowsTarget;

interface RowsTarget {
  readonly kind: 'rows';
  readonly pk: string;
  readonly counter: 'messageRows' | 'blobRows' | 'accountRows';
}

/** @param classes every retention class that was ever deployed */
export function fixedTargets(accountId: string, classes: readonly string[]): Target[] {
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
  ];
}

/** Which of the targets, in their order: from the first on each `step`-th. */
export interface Stride {
  readonly first: number;
  readonly step: number;
}

/** The fixed targets, then the planned partitions: those that a stride meets. */
export async function* targetsAlong(
  rows: RowStore,
  operationId: string,
  fixed: readonly Target[],
  { first, step }: Stride,
): AsyncGenerator<Target> {
  let next = first;
  for (; next < fixed.length; next += step) {
    const target = fixed[next];
    if (target !== undefined) yield target;
  }
  // Number of the first target of the row, or run, that is looked at.
  let start = fixed.length;
  for await (const { partitions, lines } of plannedParts(rows, operationId)) {
    const end = start + partitions;
    if (next >= end) {
      start = end;
      continue;
    }
    for (const { mailboxId, runs } of lines) {
      for (const { from, to } of runs) {
        for (; next - start <= to - from; next += step) {
          const pk = messagePartition(mailboxId, from + next - start);
          yield { kind: 'rows', pk, counter: 'messageRows' };
        }
        start += to - from + 1;
      }
    }
  }
}

/**
 * The targets of one range: every n-th. Neighbours in the list are shards of one class, so the
 * large ones spread over the ranges.
 * @param passed how many of them are left out, from the first on
 */
export const strideOf = (range: number, rangeCount: number, passed: number): Stride => ({
  first: range + passed * rangeCount,
  step: rangeCount,
});
