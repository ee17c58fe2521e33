/**
 * One walk over the message rows of an account, page by page, its place on the operation: what
 * protects, verifies and restarts is said by whoever walks.
 */
import type { OperationContext } from '../../contract/payloads.ts';
import { messagePartition } from '../../contract/row-layout.ts';
import { bulkCountWrite } from '../bulk/bulk-operation.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Chunk } from '../messages/chunk.ts';
import { type Entry, EVERYTHING_SHOWN, readUids, toEntry } from '../messages/entries.ts';
import { inChunks } from '../messages/in-chunks.ts';
import { isRowFault } from '../messages/pass-over.ts';
import { requireRunning } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row } from '../ports/row-store.ts';
import { CLOCK_ROWS } from './clock-changes.ts';
import { messagePages } from './expunged-pages.ts';
import { type HoldState, moveHoldOn } from './hold-operation.ts';
import { type HeldAccount, unchangedCheck } from './holds.ts';

export type ClockPorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;

/** Of a page: how many messages are not as they must be, and of how many something is missing. */
interface PageReport {
  readonly troubled: number;
  readonly missing: number;
  /** What a dry run has counted. */
  readonly counted?: { readonly messages: number; readonly bytes: number };
}

export interface HoldWalk {
  readonly ports: ClockPorts;
  readonly context: OperationContext;
  /** Epoch milliseconds after which no further page is begun. */
  readonly until: number;
}

/** A page with where it lies. */
export interface WalkedPage {
  readonly mailboxId: string;
  readonly bucket: number;
  readonly rows: readonly Row[];
}

/** Holds have changed between reading and writing: the page is to be taken anew. */
export class HoldsChangedError extends Error {
  override readonly name = 'HoldsChangedError';
}

/**
 * Walks on from where the operation is.
 * @returns the state at the end of the account; `again` when time is over, or another delivery of
 *   the step is at it
 */
export async function walkAccount(
  { ports, context, until }: HoldWalk,
  begun: HoldState,
  visit: (page: WalkedPage) => Promise<PageReport>,
): Promise<HoldState | 'again'> {
  let state = begun;
  for await (const page of messagePages(ports.rows, context.accountId, begun.place)) {
    const { troubled, missing, counted } = await visit(page);
    const next = {
      place: page.next,
      troubled: state.troubled + troubled,
      missing: state.missing + missing,
      counted,
    };
    const moved = await moveHoldOn(ports, context, state, next);
    if (moved === 'lost') return 'again';
    state = moved;
    if (ports.clock.now() > until) return 'again';
  }
  return state;
}

export interface ClockChange {
  /** Of which messages the clock is changed: expunged ones, by their rows as they are read last. */
  readonly picks: (row: Row) => Entry | undefined;
  readonly change: (chunk: Chunk, entry: Entry) => void | Promise<void>;
}

/**
 * Changes the clocks of a page, each chunk in one transaction with the count of what it did, while
 * the holds of the account are as they were read.
 * @returns of how many something is missing: their rows cannot be read, or lack that of the links
 * @throws HoldsChangedError, SupersededError, StoreBusyError
 */
export async function changeClocks(
  { ports, context, until }: HoldWalk,
  held: HeldAccount,
  { mailboxId, bucket, rows }: WalkedPage,
  { picks, change }: ClockChange,
): Promise<number> {
  const found = pickedFrom(rows, picks);
  const uids = found.picked.map(({ home }) => home.uid);
  if (uids.length === 0) return found.damaged;
  const { clock } = ports;
  const passed = new Set<number>();
  const pk = messagePartition(mailboxId, bucket);
  // What is read is the base rows; the mailbox that shows them is no matter.
  const source = { mailboxId } as Mailbox;
  const { complete } = await inChunks(ports, {
    account: held,
    uids,
    // At least one try, however late it is: else nothing would ever move.
    deadline: Math.max(until, clock.now()),
    prepare: async () => ({ source }),
    read: async (store, _, { uids: wanted }) => {
      const read = await readUids(store, { table: 'dictmap', pk }, wanted);
      const asked = new Set(wanted);
      return pickedFrom(read, picks).picked.filter(({ home }) => asked.has(home.uid));
    },
    passOver: (uid) => void passed.add(uid),
    rider: {
      writes: (taken: readonly { readonly sizeBytes: number }[]) => [
        unchangedCheck(held),
        bulkCountWrite(context, taken, clock.now()),
      ],
      refused: async () => {
        await requireRunning(ports.rows, context);
        return new HoldsChangedError();
      },
    },
    take: async (chunk, entry) => {
      if (!chunk.fits(CLOCK_ROWS, entry)) return 'full';
      await change(chunk, entry);
      return { sizeBytes: entry.message.sizeBytes };
    },
  });
  if (!complete) throw new HoldsChangedError();
  return found.damaged + passed.size;
}

/** Under the UIDs of their own rows, whatever shows them. */
export function pickedFrom(
  rows: readonly Row[],
  picks: ClockChange['picks'],
): { readonly picked: readonly Entry[]; readonly damaged: number } {
  let damaged = 0;
  const picked = rows.flatMap((row) => {
    try {
      const entry = picks(row);
      if (entry?.expunged === undefined) return [];
      return [{ ...entry, message: { ...entry.message, uid: entry.home.uid } }];
    } catch (fault) {
      if (!isRowFault(fault)) throw fault;
      damaged += 1;
      return [];
    }
  });
  return { picked, damaged };
}

/**
 * An expunged message that a hold has to protect: it had not expired when the account came to be
 * held, and its clock still runs.
 * @param since epoch milliseconds
 */
export const endingAfter =
  (since: number) =>
  (row: Row): Entry | undefined => {
    if (row.attributes['state'] !== 'expunged') return undefined;
    const entry = toEntry(row, since);
    return entry?.expunged?.expiresAt === undefined ? undefined : entry;
  };

/** An expunged message whose clock a hold has stopped. */
export function keptByHold(row: Row): Entry | undefined {
  const { state, protectedAt } = row.attributes;
  if (state !== 'expunged' || protectedAt === undefined) return undefined;
  return toEntry(row, EVERYTHING_SHOWN);
}
