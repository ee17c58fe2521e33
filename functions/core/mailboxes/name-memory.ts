/**
 * What a name has shown. Clients keep mail by name, UIDVALIDITY and UID (RFC 9051, 2.3.1.1), so the
 * three must never name two messages: a name remembers which mailbox gave UIDs under which
 * UIDVALIDITY when that mailbox leaves it, and what takes the name later shows none of these. The
 * very mailbox that comes back keeps its own, because its UIDs only rise.
 */
import { UID_VALIDITY_MAX } from '../../contract/limits.ts';
import { dictmapKeys, ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { activeCheck } from '../accounts/while-active.ts';
import type { Attributes, RowStore, Write } from '../ports/row-store.ts';
import { number, texts } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';
import type { Mailbox } from './mailbox.ts';
import { uidConflict } from './uid-conflict.ts';

/** A UIDVALIDITY with its mailbox has some 60 bytes: the row stays below 3 KB. */
const SEEN_MAX = 40;

const PARALLEL_READS = 16;

export interface NameMemory {
  readonly path: string;
  /** UIDVALIDITY to the id of the mailbox that gave UIDs under it. */
  readonly seen: Readonly<Record<string, string>>;
  /** Forgotten: whatever is not above it counts as given by another mailbox. */
  readonly floor: number;
  /** Missing: the name has no row. */
  readonly revision?: number;
}

/** What names remember, by name, strongly consistent. */
export async function readNameMemories(
  rows: RowStore,
  accountId: string,
  paths: readonly string[],
): Promise<(path: string) => NameMemory> {
  const found = await inParallel(paths, PARALLEL_READS, async (path): Promise<NameMemory> => {
    const row = await rows.get(dictmapKeys.name(accountId, path));
    if (row === undefined) return { path, seen: {}, floor: 0 };
    const [floor, revision] = [number(row, 'floor'), number(row, 'revision')];
    return { path, seen: texts(row, 'seen'), floor, revision };
  });
  const memories = new Map(found.map((memory) => [memory.path, memory]));
  return (path) => memories.get(path) ?? { path, seen: {}, floor: 0 };
}

/** Whether a mailbox that gave UIDs has had the name, and left it. */
export const wasGiven = ({ revision }: NameMemory): boolean => revision !== undefined;

/** Whether its name has to remember it: when it never gave a UID, nobody has seen any. */
export const isRemembered = ({ uidNext }: Pick<Mailbox, 'uidNext'>): boolean => uidNext > 1;

/**
 * What is written when a mailbox leaves its name: nothing when it never gave a UID, or is remembered.
 * It goes into the transaction that takes the name away.
 */
export function leavingWrites(accountId: string, memory: NameMemory, mailbox: Mailbox): Write[] {
  const { path, revision, seen } = memory;
  const { mailboxId, uidValidity } = mailbox;
  if (!isRemembered(mailbox) || seen[uidValidity] === mailboxId) return [];
  const all: [string, string][] = Object.entries({ ...seen, [uidValidity]: mailboxId });
  const sorted = all.toSorted(([one], [other]) => Number(one) - Number(other));
  const forgotten = sorted.slice(0, Math.max(sorted.length - SEEN_MAX, 0));
  const floor = Math.max(memory.floor, ...forgotten.map(([one]) => Number(one)));
  const left: Record<string, string> = Object.fromEntries(sorted.slice(forgotten.length));
  const kept: Attributes = { seen: left, floor };
  const key = dictmapKeys.name(accountId, path);
  if (revision === undefined) {
    const attributes = { v: ROW_VERSION, type: 'name', revision: 1, ...kept };
    return [{ kind: 'put', key, guard: { row: 'absent' }, attributes }];
  }
  return [
    {
      kind: 'update',
      key,
      guard: { row: 'present', equals: { revision } },
      change: { set: { ...kept, revision: revision + 1 } },
    },
  ];
}

/** Holds while the name remembers what was read: for transactions that no name's change waits for. */
export function sameMemory(accountId: string, { path, revision }: NameMemory): Write {
  const guard =
    revision === undefined
      ? ({ row: 'absent' } as const)
      : ({ row: 'present', equals: { revision } } as const);
  return { kind: 'check', key: dictmapKeys.name(accountId, path), guard };
}

/** Whether a mailbox may show its UIDVALIDITY under the name. */
function mayShow(
  { seen, floor }: NameMemory,
  { mailboxId, uidValidity }: Pick<Mailbox, 'uidValidity'> & Partial<Pick<Mailbox, 'mailboxId'>>,
): boolean {
  const by = seen[uidValidity];
  return by === undefined ? uidValidity > floor : by === mailboxId;
}

/**
 * @throws UidConflictError when another mailbox has given UIDs under this name and UIDVALIDITY
 */
export function requireUnseen(
  memory: NameMemory,
  mailbox: Pick<Mailbox, 'uidValidity'> & Partial<Pick<Mailbox, 'mailboxId'>>,
): void {
  if (mayShow(memory, mailbox)) return;
  throw uidConflict(
    `UIDVALIDITY ${mailbox.uidValidity} was that of another mailbox of this name, which gave UIDs under it`,
  );
}

/** Gives each mailbox of a transaction a UIDVALIDITY that its name has not shown. */
export class UidValidities {
  readonly #before: number | undefined;
  readonly #seconds: number;
  #last: number | undefined;

  /**
   * @param account as it was read: the transaction must be guarded by what it says
   * @param now epoch milliseconds
   */
  constructor({ lastUidValidity }: Pick<Account, 'lastUidValidity'>, now: number) {
    this.#before = lastUidValidity;
    // Seconds since the epoch, as RFC 3501 (2.3.1.1) suggests; 32 bits last until 2106.
    this.#seconds = Math.floor(now / 1000);
  }

  /**
   * @param above what the name shows until now, besides what it remembers
   * @throws UidConflictError when the name has used up the 32 bits
   */
  next({ seen, floor }: Pick<NameMemory, 'seen' | 'floor'>, above = 0): number {
    const last = Math.max(this.#seconds, (this.#last ?? this.#before ?? 0) + 1);
    // What one name has shown is no measure for the others.
    this.#last = last;
    const uidValidity = Math.max(last, floor + 1, above + 1, ...Object.keys(seen).map(beyond));
    if (uidValidity <= UID_VALIDITY_MAX) return uidValidity;
    throw uidConflict('no UIDVALIDITY is left for this name: another mailbox had the highest one');
  }

  /** The one that a mailbox keeps under its new name, or a new one. */
  keptBy(mailbox: Mailbox, memory: NameMemory): number {
    return mayShow(memory, mailbox) ? mailbox.uidValidity : this.next(memory);
  }

  /** What the account's row is to say then. */
  get set(): { readonly lastUidValidity?: number } {
    return this.#last === undefined ? {} : { lastUidValidity: this.#last };
  }

  /** For transactions that change nothing else of the account: it is active, and as it was read. */
  accountWrite(accountId: string): Write {
    const last = this.#before;
    if (this.#last === undefined) return activeCheck(accountId);
    const guard =
      last === undefined
        ? ({ row: 'present', equals: { state: 'active' }, without: ['lastUidValidity'] } as const)
        : ({ row: 'present', equals: { state: 'active', lastUidValidity: last } } as const);
    return {
      kind: 'update',
      key: registryKeys.account(accountId),
      guard,
      change: { set: this.set },
    };
  }
}

const beyond = (uidValidity: string): number => Number(uidValidity) + 1;
