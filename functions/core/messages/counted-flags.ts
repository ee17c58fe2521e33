/**
 * Changes of `\Seen` and `\Deleted` of live messages: the mailbox row counts them, so they are one
 * transaction with it, of many messages at a time. Each row must be as it was read, or the count
 * would be of another change.
 */
import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { flaggedWrites } from '../mailboxes/flagged-uids.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import type { Change, Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { type Entry, readEntries } from './entries.ts';
import {
  DELETED,
  type FlagCounts,
  flagCounting,
  flagCountsOf,
  NO_FLAGS,
  plus,
} from './flag-counts.ts';
import type { ChunkPorts } from './in-chunks.ts';

/**
 * Messages in one transaction: with the mailbox row and, at worst, a row of `\Deleted` for each of
 * them 99 items.
 */
const COUNTED_AT_ONCE = Math.floor((TRANSACTION_ITEMS - 1) / 2);

/** How long others may keep changing the same messages. */
const DEADLINE_MS = 20_000;

/** A change of one message's row, and its flags afterwards; undefined when nothing changes. */
export type Changing = (
  entry: Entry,
) => { readonly change: Change; readonly flags: ReadonlySet<string> } | undefined;

/**
 * @returns UIDs of those that are there, in order
 * @throws StoreBusyError, what `changing` throws
 */
export async function changeCounted(
  ports: ChunkPorts,
  { mailboxId }: Mailbox,
  uids: readonly number[],
  changing: Changing,
): Promise<number[]> {
  const changed: number[] = [];
  const deadline = ports.clock.now() + DEADLINE_MS;
  for (let at = 0; at < uids.length; at += COUNTED_AT_ONCE) {
    const some = uids.slice(at, at + COUNTED_AT_ONCE);
    changed.push(
      ...(await untilWon(ports, deadline, () => changeChunk(ports, mailboxId, some, changing))),
    );
  }
  return changed;
}

async function changeChunk(
  { rows, clock }: ChunkPorts,
  mailboxId: string,
  uids: readonly number[],
  changing: Changing,
): Promise<number[] | 'lost'> {
  const mailbox = await readMailbox(rows, mailboxId);
  // Gone, with its messages, or on its way out.
  if (mailbox === undefined || mailbox.state === 'erasing') return [];
  const entries = await readEntries(rows, mailbox, { uids }, clock.now());
  const live = entries.filter(({ expunged }) => expunged === undefined);
  const writes: Write[] = [];
  let counts: FlagCounts = NO_FLAGS;
  const flagged = { add: [] as number[], remove: [] as number[] };
  for (const entry of live) {
    const { uid, flags: before } = entry.message;
    const wanted = changing(entry);
    if (wanted === undefined) continue;
    const { change, flags } = wanted;
    counts = plus(plus(counts, flagCountsOf(before), -1), flagCountsOf(flags), 1);
    if (flags.has(DELETED)) flagged.add.push(uid);
    else if (before.has(DELETED)) flagged.remove.push(uid);
    writes.push(messagePut(entry, change));
  }
  const there = live.map(({ message }) => message.uid);
  if (writes.length === 0) return there;
  const { add, without } = flagCounting(mailbox, counts);
  const result = await rows.transact([
    {
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present', equals: { state: mailbox.state }, without },
      change: { add: { ...add, flagChanges: 1 } },
    },
    ...writes,
    ...(await flaggedWrites(rows, mailboxId, flagged)),
  ]);
  return result.outcome === 'written' ? there : 'lost';
}

function messagePut({ home, changes }: Entry, change: Change): Write {
  const asRead = changes === 0 ? {} : { changes };
  return {
    kind: 'update',
    key: dictmapKeys.message(home.mailboxId, home.uid),
    guard: {
      row: 'present',
      equals: { state: 'live', ...asRead },
      without: changes === 0 ? ['changes'] : [],
    },
    change: { ...change, add: { changes: 1 } },
  };
}
