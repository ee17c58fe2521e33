/**
 * Which UIDs have `\Deleted`: a row for each hundred that has some, so that EXPUNGE reads what it
 * expunges. Such a row may name too many, never too few; whoever reads it reads the messages
 * (docs/decisions/0018-directory-of-buckets.md).
 */
import {
  accountOfMailbox,
  accountPartition,
  dictmapKeys,
  FLAGGED_UIDS,
  flaggedPrefix,
  ROW_VERSION,
} from '../../contract/row-layout.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { number, textSet } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';

const PARALLEL_READS = 16;
const PAGE_ROWS = 100;

export interface FlaggedChange {
  readonly add: readonly number[];
  readonly remove: readonly number[];
}

const hundredOf = (uid: number): number => Math.floor(uid / FLAGGED_UIDS);
const memberOf = (uid: number): string => String(uid % FLAGGED_UIDS);

/** How many rows a change touches. */
export const flaggedRows = ({ add, remove }: FlaggedChange): number =>
  new Set([...add, ...remove].map(hundredOf)).size;

/**
 * Members are added without looking: a row that was left empty and came anew counts its changes anew,
 * so it can look like the one that was read. One is taken only from the row that was read, in the
 * transaction in which its message, too, must be as it was read; a row that is left empty goes.
 */
export async function flaggedWrites(
  rows: RowStore,
  mailboxId: string,
  { add, remove }: FlaggedChange,
): Promise<Write[]> {
  const hundreds = [...new Set([...add, ...remove].map(hundredOf))];
  const membersIn = (hundred: number, uids: readonly number[]) =>
    uids.filter((uid) => hundredOf(uid) === hundred).map(memberOf);
  const writes = await inParallel(hundreds, PARALLEL_READS, async (hundred) => {
    const key = dictmapKeys.flagged(mailboxId, hundred);
    const row = await rows.get(key);
    return toWrites(key, row, membersIn(hundred, add), membersIn(hundred, remove));
  });
  return writes.flat();
}

function toWrites(
  key: Write['key'],
  row: Row | undefined,
  added: readonly string[],
  removed: readonly string[],
): Write[] {
  const attributes = { v: ROW_VERSION, type: 'flagged' };
  if (row === undefined) {
    if (added.length === 0) return [];
    const first = { ...attributes, uids: new Set(added), revision: 1 };
    return [{ kind: 'put', key, guard: { row: 'absent' }, attributes: first }];
  }
  const revision = number(row, 'revision');
  const before = textSet(row, 'uids');
  const gone = removed.filter((uid) => before.has(uid) && !added.includes(uid));
  if (gone.length === 0 && added.length > 0) {
    const change = { addToSet: { uids: added }, add: { revision: 1 } };
    return [{ kind: 'update', key, guard: { row: 'present' }, change }];
  }
  const guard = { row: 'present', equals: { revision } } as const;
  if (gone.length === 0) return [{ kind: 'check', key, guard }];
  const uids = new Set([...before, ...added].filter((uid) => !gone.includes(uid)));
  if (uids.size === 0) return [{ kind: 'remove', key, guard }];
  const changed = { ...attributes, uids, revision: revision + 1 };
  return [{ kind: 'put', key, guard, attributes: changed }];
}

/** UIDs that may have the flag, in order, a hundred's at a time, strongly consistent. */
export async function* flaggedFrom(
  rows: RowStore,
  mailboxId: string,
  afterUid: number,
): AsyncGenerator<readonly number[]> {
  const prefix = flaggedPrefix(mailboxId);
  const from = dictmapKeys.flagged(mailboxId, hundredOf(afterUid + 1)).sk;
  const pk = accountPartition(accountOfMailbox(mailboxId));
  const sk = { from, to: `${prefix}:` };
  for await (const row of everyRow(rows, { table: 'dictmap', pk, sk, limit: PAGE_ROWS })) {
    const first = Number(row.key.sk.slice(prefix.length)) * FLAGGED_UIDS;
    const uids = [...textSet(row, 'uids')].map((member) => first + Number(member));
    yield uids.filter((uid) => uid > afterUid).toSorted((one, other) => one - other);
  }
}
