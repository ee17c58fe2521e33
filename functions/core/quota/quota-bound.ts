/**
 * An upper bound on what an account uses, for accounts with so many mailboxes that summing them up
 * for every message costs too much. Whatever is let in raises the bound in the write that lets it in;
 * what leaves does not lower it. So nothing beyond the limit is let in by it, and when it reaches the
 * limit the mailboxes are summed up anew (docs/decisions/0019-quota-bound.md).
 */
import { dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import { activeCheck } from '../accounts/while-active.ts';
import type { Ports } from '../ports/ports.ts';
import { number, text } from '../rows/attributes.ts';

/**
 * What an administrator brings in past the limit, or makes count by other names and settings, is
 * not seen by the bound: only for so long.
 */
export const BOUND_MS = 10 * 60_000;

/** Others must let something in between reading and writing, each time; then all is summed up. */
const TRIES_MAX = 5;

type BoundPorts = Pick<Ports, 'rows' | 'clock'>;

/** What is to be let in, and by which rules. */
export interface Admission {
  readonly accountId: string;
  readonly addBytes: number;
  readonly limitBytes: number;
  /** Tells which mailboxes count: a bound under other rules is none. */
  readonly rules: string;
}

/** @returns whether so much fits below the bound, which says so from then on */
export async function admitBelowBound(
  { rows, clock }: BoundPorts,
  { accountId, addBytes, limitBytes, rules }: Admission,
): Promise<boolean> {
  const key = dictmapKeys.quotaBound(accountId);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const row = await rows.get(key);
    if (row === undefined) return false;
    const [bytes, validUntil] = [number(row, 'bytes'), number(row, 'validUntil')];
    const isValid = text(row, 'rules') === rules && clock.now() < validUntil;
    if (!isValid || bytes + addBytes > limitBytes) return false;
    const result = await rows.write({
      kind: 'update',
      key,
      guard: { row: 'present', equals: { bytes, validUntil, rules } },
      change: { set: { bytes: bytes + addBytes } },
    });
    if (result.outcome === 'written') return true;
  }
  return false;
}

/**
 * Notes what was summed up, with what has been let in by it. Others who do the same at the same time
 * each note theirs: the bound can be off by what they let in together, until it ends. Nothing is noted
 * of an account that is on its way out (X3).
 */
export async function noteBound(
  { rows, clock }: BoundPorts,
  { accountId, addBytes, rules }: Admission,
  usedBytes: number,
): Promise<void> {
  const attributes = {
    v: ROW_VERSION,
    type: 'quota-bound',
    bytes: usedBytes + addBytes,
    rules,
    validUntil: clock.now() + BOUND_MS,
  };
  const key = dictmapKeys.quotaBound(accountId);
  // Refused, or lost to another: the mailboxes are summed up again.
  await rows.transact([activeCheck(accountId), { kind: 'put', key, attributes }]);
}

/** For what brings mail in without asking the bound: the next question is answered by summing up. */
export async function forgetBound(
  { rows }: Pick<BoundPorts, 'rows'>,
  accountId: string,
): Promise<void> {
  await rows.write({
    kind: 'update',
    key: dictmapKeys.quotaBound(accountId),
    guard: { row: 'present' },
    change: { set: { validUntil: 0 } },
  });
}
