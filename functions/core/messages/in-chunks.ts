/**
 * Running a message operation chunk by chunk. Each try reads anew what it is guarded by, so
 * operations that meet on one message end as if one had come after the other; what is done when
 * time runs out stays done, and the answer says so.
 */
import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { type Account, whyProtected } from '../accounts/accounts.ts';
import { RowTooLargeError, StoreBusyError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { RetentionDays } from '../policies/expiry.ts';
import type { Ports } from '../ports/ports.ts';
import type { Refusal, Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { agreesWith, readBlobs } from './blob.ts';
import { Chunk } from './chunk.ts';
import { type Entry, EVERYTHING_SHOWN, readEntries, stillThere } from './entries.ts';
import type { KeptMarks } from './mailbox-draft.ts';
import { isRowFault, type PassOver } from './pass-over.ts';

export type MessagePorts = Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;

/** What needs no bytes, and so no access to them. */
export type ChunkPorts = Omit<MessagePorts, 'objects'>;

/** In whose mail an operation works, and by which rules. */
export interface MailContext {
  readonly account: Account;
  readonly settings: ResolvedSettings;
  readonly retentionDays: RetentionDays;
  /** Flags and keywords that whoever asks may bring into a mailbox; all of them when missing. */
  readonly keptMarks?: KeptMarks;
}

/** With what an operation on messages works. */
export interface MailWork<P extends ChunkPorts = MessagePorts> {
  readonly ports: P;
  readonly context: MailContext;
  /** Epoch milliseconds after which no new try begins. */
  readonly deadline: number;
}

/**
 * The mailbox has another name than the one by which a query chose it: what is left of it is not
 * meant. Never leaves `inChunks`.
 */
export class NotChosenError extends Error {
  override readonly name = 'NotChosenError';
}

export interface Chunked<T> {
  /** In the order in which it happened. */
  readonly results: readonly T[];
  /** False when time ran out: the same request again does the rest. */
  readonly complete: boolean;
}

/** What is written with every chunk, in its transaction: or the chunk is not written. */
export interface Rider<T> {
  /** At most `RIDER_ITEMS`, on rows that no chunk touches; a check of the account is none of them. */
  writes(taken: readonly T[]): readonly Write[];
  /** What it means that one of them was refused; is thrown. */
  refused(): Promise<Error>;
}

/** Room for riders in a chunk. */
const RIDER_ITEMS = 2;

type Taken<T> = T | 'full' | 'gone';

interface Job<C extends { readonly source: Mailbox }, T> {
  readonly account: Pick<Account, 'accountId'>;
  readonly uids: readonly number[];
  /** Epoch milliseconds after which no new try begins. */
  readonly deadline: number;
  /** Reads the mailboxes that guard the next chunk. */
  readonly prepare: () => Promise<C>;
  /** What the UIDs name; missing: what the mailbox shows. */
  readonly read?: typeof readEntries;
  /** Also takes what the storage hides because it has expired. */
  readonly expired?: boolean;
  readonly rider?: Rider<T> | undefined;
  readonly keptMarks?: KeptMarks | undefined;
  /** Told of messages that are left alone because of their rows; missing: such a fault is thrown. */
  readonly passOver?: PassOver | undefined;
  /** What has to be done outside before these entries can be taken. */
  readonly before?: (entries: readonly Entry[]) => Promise<void>;
  /**
   * Puts what happens to an entry into the chunk; `full` when it has no room for it, `gone` when
   * somebody else has ended it meanwhile.
   */
  readonly take: (chunk: Chunk, entry: Entry, context: C) => Taken<T> | Promise<Taken<T>>;
}

/**
 * Takes the messages in UID order; UIDs that are not there are passed over.
 * @throws AccountHeldError when mail would end of an account that is held (W6); StoreBusyError when
 *   not even the first chunk could be written
 */
export async function inChunks<C extends { readonly source: Mailbox }, T>(
  ports: ChunkPorts,
  job: Job<C, T>,
): Promise<Chunked<T>> {
  let left = [...new Set(job.uids)].toSorted((one, other) => one - other);
  const results: T[] = [];
  const width = new Width();
  while (left.length > 0) {
    const uids = left.slice(0, width.uids);
    try {
      const { done, taken } = await untilWon(ports, job.deadline, () => tryChunk(ports, job, uids));
      results.push(...taken);
      left = left.slice(done);
      width.widen();
    } catch (error) {
      if (error instanceof ChunkFault) {
        left = left.slice(passedBy(job, width, uids, error.fault));
        continue;
      }
      if (error instanceof NotChosenError) break;
      if (!(error instanceof StoreBusyError) || results.length === 0) throw error;
      return { results, complete: false };
    }
    if (ports.clock.now() > job.deadline && left.length > 0) return { results, complete: false };
  }
  return { results, complete: true };
}

/** How many UIDs are tried together: halved to find the row at fault, doubled once it is behind. */
class Width {
  uids = TRANSACTION_ITEMS;

  narrow(from: number): void {
    this.uids = Math.max(Math.floor(from / 2), 1);
  }

  widen(): void {
    this.uids = Math.min(this.uids * 2, TRANSACTION_ITEMS);
  }
}

/** A fault of the rows of messages, and not of those that guard them. */
class ChunkFault extends Error {
  override readonly name = 'ChunkFault';
  readonly fault: Error;

  constructor(fault: Error) {
    super(fault.message, { cause: fault });
    this.fault = fault;
  }
}

/**
 * A transaction may also be too large as a whole: fewer messages fit.
 * @returns how many of the UIDs are settled: one that is at fault alone is passed over
 * @throws the fault, when nobody wants to be told instead
 */
function passedBy(
  { passOver }: { readonly passOver?: PassOver | undefined },
  width: Width,
  uids: readonly number[],
  fault: Error,
): number {
  const [uid] = uids;
  const mayNarrow = passOver !== undefined || fault instanceof RowTooLargeError;
  if (mayNarrow && uids.length > 1) {
    width.narrow(uids.length);
    return 0;
  }
  if (passOver === undefined || uid === undefined) throw fault;
  passOver(uid, fault);
  return 1;
}

interface Tried<T> {
  /** How many of the UIDs are settled. */
  readonly done: number;
  readonly taken: readonly T[];
}

async function tryChunk<C extends { readonly source: Mailbox }, T>(
  ports: ChunkPorts,
  job: Job<C, T>,
  uids: readonly number[],
): Promise<Tried<T> | 'lost'> {
  const context = await job.prepare();
  try {
    return await tryPrepared(ports, job, context, uids);
  } catch (error) {
    throw isRowFault(error) ? new ChunkFault(error) : error;
  }
}

async function tryPrepared<C extends { readonly source: Mailbox }, T>(
  ports: ChunkPorts,
  job: Job<C, T>,
  context: C,
  uids: readonly number[],
): Promise<Tried<T> | 'lost'> {
  const { accountId } = job.account;
  const now = ports.clock.now();
  const asOf = job.expired === true ? EVERYTHING_SHOWN : now;
  const { read = readEntries } = job;
  const entries = await read(ports.rows, context.source, { uids }, asOf);
  if (entries.length === 0) return { done: uids.length, taken: [] };
  await job.before?.(entries);
  const shared = entries.filter(({ copied }) => copied).map(({ message }) => message.blobId);
  const blobs = await readBlobs(ports.rows, accountId, shared);
  const doubtful = entries.filter((entry) => !agreesWith(blobs, entry));
  // Those that are still what they were are damaged, or expired so long ago that TTL was here.
  const unchanged = await stillThere(ports.rows, doubtful);
  if (unchanged.length < doubtful.length) return 'lost';
  const chunk = new Chunk(accountId, blobs, now, job.rider === undefined ? 0 : RIDER_ITEMS);
  if (job.keptMarks !== undefined) chunk.keptMarks = job.keptMarks;
  const taken: T[] = [];
  let next: Entry | undefined;
  for (const entry of entries) {
    const result = await job.take(chunk, entry, context);
    if (result === 'full') {
      next = entry;
      break;
    }
    if (result !== 'gone') taken.push(result);
  }
  const done = next === undefined ? uids.length : uids.indexOf(next.message.uid);
  // Tried again it would not fit either: a loop without an end.
  if (next !== undefined && done === 0 && taken.length === 0) {
    throw new RangeError('a message alone takes more items than a transaction has');
  }
  if (taken.length === 0) return { done, taken };
  const riding = job.rider?.writes(taken) ?? [];
  const result = await chunk.commit(ports.rows, riding);
  if (result.outcome === 'written') return { done, taken };
  if (result.outcome === 'refused')
    await explain(ports, job, chunk, { riding: riding.length, refusals: result.refusals });
  return 'lost';
}

/** @throws what a refusal means that no further try mends: a hold (W6), or what the rider says */
async function explain<C extends { readonly source: Mailbox }, T>(
  { rows }: ChunkPorts,
  { account, rider }: Job<C, T>,
  chunk: Chunk,
  { riding, refusals }: { readonly riding: number; readonly refusals: readonly Refusal[] },
): Promise<void> {
  if (chunk.sawProtection(refusals)) throw await whyProtected(rows, account);
  if (chunk.sawTreesMove(refusals)) return;
  if (rider !== undefined && refusals.some(({ index }) => index < riding)) {
    throw await rider.refused();
  }
}
