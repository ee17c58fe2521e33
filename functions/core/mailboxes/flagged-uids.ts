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

/** Writes on rows that must still be what is read here; one that is left empty goes. */
export async function flaggedWrites(
  rows: RowStore,
  mailboxId: string,
  { add, remove }: FlaggedChange,
): Promise<Write[]> {
  const hundreds = [...new Set([...add, ...remove].map(hundredOf))];
  const writes = await inParallel(hundreds, PARALLEL_READS, async (hundred) => {
    const key = dictmapKeys.flagged(mailboxId, hundred);
    const row = await rows.get(key);
    const members = new Set(row === undefined ? [] : textSet(row, 'uids'));
    const before = [...members];
    for (const uid of remove) if (hundredOf(uid) === hundred) members.delete(memberOf(uid));
    for (const uid of add) if (hundredOf(uid) === hundred) members.add(memberOf(uid));
    const isSame = before.length === members.size && before.every((uid) => members.has(uid));
    return toWrites(key, row, members, isSame);
  });
  return writes.flat();
}

function toWrites(
  key: Write['key'],
  row: Row | undefined,
  uids: ReadonlySet<string>,
  isSame: boolean,
): Write[] {
  const attributes = { v: ROW_VERSION, type: 'flagged', uids };
  if (row === undefined) {
    if (uids.size === 0) return [];
    return [
      { kind: 'put', key, guard: { row: 'absent' }, attributes: { ...attributes, revision: 1 } },
    ];
  }
  const revision = number(row, 'revision');
  const guard = { row: 'present', equals: { revision } } as const;
  if (uids.size === 0) return [{ kind: 'remove', key, guard }];
  if (isSame) return [{ kind: 'check', key, guard }];
  return [{ kind: 'put', key, guard, attributes: { ...attributes, revision: revision + 1 } }];
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
