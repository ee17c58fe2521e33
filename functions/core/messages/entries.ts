/**
 * What a mailbox shows. An ordinary one shows its live rows; the expunge storage shows expunged
 * rows of other mailboxes, by the index `lazy`, under UIDs of its own. Index reads may be late:
 * whoever changes an entry guards on its row.
 */
import { bucketOf, lazyPartition, messagePartition, uidKey } from '../../contract/row-layout.ts';
import type { Listing } from '../mailboxes/bucket-directory.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Row, RowQuery, RowStore } from '../ports/row-store.ts';
import { number, optionalNumber, optionalText, text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import { readPart, uidIn } from './bucket-pages.ts';
import { isLive, type Message, messageState, toMessage } from './message.ts';
import { type PassOver, unlessPassedOver } from './pass-over.ts';

/** UIDs asked for one by one rather than as a range, when they lie further apart than this. */
const SPREAD_MAX = 4;

const PARALLEL_READS = 16;

/** As of the epoch nothing has expired: for those who clear away what is hidden. */
export const EVERYTHING_SHOWN = 0;
const RANGE_PAGE_ROWS = 500;

export interface Entry {
  /** UID and save date are those that the mailbox shows, or showed what was expunged in place. */
  readonly message: Message;
  /** Where its row is. */
  readonly home: { readonly mailboxId: string; readonly uid: number };
  /** Its blob has a row of links. */
  readonly copied: boolean;
  /** How often its flags have been changed: a guard against losing a change. */
  readonly changes: number;
  readonly expunged?: Expunged;
}

interface Expunged {
  /** The storage that shows it; missing: it was expunged in place, and no mailbox shows it. */
  readonly storageId?: string;
  /** Epoch milliseconds. */
  readonly expungedAt: number;
  /** Missing: never. */
  readonly expiresAt?: number;
  /** Path of the mailbox that it was expunged from. */
  readonly origin: string;
  /** Address of the user who expunged it in somebody else's mailbox. */
  readonly expungedBy?: string;
}

/**
 * The entry that a row is, or undefined when there is nothing to see: a tombstone, or mail past
 * its retention, which is hidden from that very millisecond on (X1).
 */
export function toEntry(row: Row, now: number): Entry | undefined {
  const state = messageState(row);
  if (state !== 'live' && state !== 'expunged') return undefined;
  const message = toMessage(row);
  const home = { mailboxId: row.key.pk.split('#')[1] ?? '', uid: message.uid };
  const copied = row.attributes['copied'] === true;
  const changes = optionalNumber(row, 'changes') ?? 0;
  if (state === 'live') return { message, home, copied, changes };
  const expunged = toExpunged(row);
  if (expunged.expiresAt !== undefined && expunged.expiresAt <= now) return undefined;
  const lazyUid = optionalText(row, 'lazySk');
  if (lazyUid === undefined) return { message, home, copied, changes, expunged };
  const shown = { ...message, uid: Number(lazyUid), saveDate: expunged.expungedAt };
  return { message: shown, home, copied, changes, expunged };
}

function toExpunged(row: Row): Expunged {
  const endsAt = optionalNumber(row, 'expiresAt');
  const expungedBy = optionalText(row, 'expungedBy');
  const storageId = optionalText(row, 'lazyPk')?.split('#')[1];
  return {
    ...(storageId === undefined ? {} : { storageId }),
    expungedAt: number(row, 'expungedAt'),
    origin: text(row, 'origin'),
    ...(endsAt === undefined ? {} : { expiresAt: endsAt }),
    ...(expungedBy === undefined ? {} : { expungedBy }),
  };
}

export interface PageWanted {
  readonly afterUid: number;
  readonly limit: number;
  /** Told of rows that cannot be read; missing: such a fault is thrown. */
  readonly passOver?: PassOver | undefined;
}

export interface EntryPage {
  readonly entries: readonly Entry[];
  /** UID after which the next page begins; missing on the last. */
  readonly nextAfterUid?: number;
}

/**
 * One page in UID order. May hold fewer entries than asked for, even none, and yet have a
 * successor: the queries for one page are bounded.
 */
export async function readMailboxPage(
  rows: RowStore,
  mailbox: Mailbox,
  page: PageWanted,
  now: number,
): Promise<EntryPage> {
  const firstUid = Math.max(page.afterUid + 1, firstPossible(mailbox));
  const { limit } = page;
  const parts = await inParallel(listingsOf(mailbox), PARALLEL_READS, async (listing) => {
    const shows = (row: Row) => shownIn(mailbox, [row], now, () => {}).length > 0;
    const part = await readPart(rows, mailbox, { listing, firstUid, limit, shows });
    return { ...part, seen: part.rows.map((row) => uidIn(listing, row)) };
  });
  // A part that has more to show bounds the page: what lies beyond its end comes later.
  const upTo = Math.min(...parts.map((part) => part.upTo ?? Number.POSITIVE_INFINITY));
  const found = parts.flatMap((part) => part.rows);
  const entries = shownIn(mailbox, found, now, page.passOver)
    .filter(({ message }) => message.uid <= upTo)
    .slice(0, limit);
  const cut = entries.length === limit ? entries.at(-1)?.message.uid : undefined;
  const isCut = cut !== undefined && parts.some(({ seen }) => seen.some((uid) => uid > cut));
  if (isCut) return { entries, nextAfterUid: cut };
  return Number.isFinite(upTo) ? { entries, nextAfterUid: upTo } : { entries };
}

/** Every entry, page by page, up to a UID: what is there now, not what comes while one reads. */
export async function* everyEntry(
  rows: RowStore,
  mailbox: Mailbox,
  clock: { readonly now: () => number },
  { pageEntries, passOver }: { readonly pageEntries: number; readonly passOver?: PassOver },
): AsyncGenerator<readonly Entry[]> {
  let afterUid: number | undefined = 0;
  while (afterUid !== undefined) {
    const page: EntryPage = await readMailboxPage(
      rows,
      mailbox,
      { afterUid, limit: pageEntries, passOver },
      clock.now(),
    );
    if (page.entries.length > 0) yield page.entries;
    afterUid = page.nextAfterUid;
  }
}

interface WantedUids {
  readonly uids: readonly number[];
  /** Told of rows that cannot be read; missing: such a fault is thrown. */
  readonly passOver?: PassOver | undefined;
}

/**
 * The entries of these UIDs that there are, in UID order.
 * @throws DamagedRowError
 */
export async function readEntries(
  rows: RowStore,
  mailbox: Mailbox,
  { uids, passOver }: WantedUids,
  now: number,
): Promise<Entry[]> {
  const wanted = new Set(uids);
  const found: Row[] = [];
  for (const [bucket, members] of Map.groupBy([...wanted], bucketOf)) {
    const sources = entrySources(mailbox, bucket);
    for (const source of sources) {
      const read = await readUids(rows, source, members);
      const listing = source.index === undefined ? 'bucket' : 'lazy';
      found.push(...read.filter((row) => wanted.has(uidIn(listing, row))));
    }
  }
  return shownIn(mailbox, found, now, passOver);
}

/**
 * Those of the entries whose rows still say the same, strongly consistent: what the index shows
 * may have been restored or ended a moment ago.
 */
export async function stillThere(rows: RowStore, entries: readonly Entry[]): Promise<Entry[]> {
  const byPartition = Map.groupBy(entries, ({ home }) =>
    messagePartition(home.mailboxId, bucketOf(home.uid)),
  );
  const states = new Map<string, unknown>();
  for (const [pk, members] of byPartition) {
    const uids = members.map(({ home }) => home.uid);
    for (const { key, attributes } of await readUids(rows, { table: 'dictmap', pk }, uids)) {
      states.set(`${pk} ${key.sk}`, attributes['state']);
    }
  }
  return entries.filter(({ home: { mailboxId, uid }, expunged }) => {
    const state = states.get(`${messagePartition(mailboxId, bucketOf(uid))} ${uidKey(uid)}`);
    return state === (expunged === undefined ? 'live' : 'expunged');
  });
}

/** UIDs close together come as one range: cheaper by far than a read for each. */
export async function readUids(
  rows: RowStore,
  source: Omit<RowQuery, 'limit'>,
  uids: readonly number[],
): Promise<Row[]> {
  const first = Math.min(...uids);
  const last = Math.max(...uids);
  const ranges =
    last - first < uids.length * SPREAD_MAX
      ? [{ from: uidKey(first), to: uidKey(last) }]
      : uids.map((uid) => ({ from: uidKey(uid), to: uidKey(uid) }));
  const parts = await inParallel(ranges, PARALLEL_READS, async (sk) => {
    const found: Row[] = [];
    const query = { ...source, sk, limit: RANGE_PAGE_ROWS };
    for await (const row of everyRow(rows, query)) found.push(row);
    return found;
  });
  return parts.flat();
}

function shownIn(
  mailbox: Mailbox,
  found: readonly Row[],
  now: number,
  passOver: PassOver | undefined,
): Entry[] {
  const isStorage = mailbox.role === 'storage';
  const entries = found.flatMap((row) => {
    const read = () => (isStorage || isLive(row) ? toEntry(row, now) : undefined);
    return unlessPassedOver(passOver, shownUid(row, isStorage), read) ?? [];
  });
  const own = entries.filter(({ expunged, home }) =>
    expunged === undefined
      ? home.mailboxId === mailbox.mailboxId
      : expunged.storageId === mailbox.mailboxId,
  );
  return own.toSorted((one, other) => one.message.uid - other.message.uid);
}

/** A storage may also hold live rows: those it had before it became one. */
function listingsOf(mailbox: Mailbox): readonly Listing[] {
  if (mailbox.role !== 'storage') return ['bucket'];
  return mailbox.messages > 0 ? ['bucket', 'lazy'] : ['lazy'];
}

function entrySources(mailbox: Mailbox, bucket: number): Omit<RowQuery, 'limit'>[] {
  const { mailboxId } = mailbox;
  const live = { table: 'dictmap', pk: messagePartition(mailboxId, bucket) } as const;
  if (mailbox.role !== 'storage') return [live];
  const view = { table: 'dictmap', index: 'lazy', pk: lazyPartition(mailboxId, bucket) } as const;
  return mailbox.messages > 0 ? [live, view] : [view];
}

function firstPossible(mailbox: Mailbox): number {
  return mailbox.role === 'storage' ? 1 : (mailbox.firstLiveUid ?? 1);
}

/** The UID under which a row is shown, whatever else is wrong with it. */
function shownUid({ key, attributes }: Row, isStorage: boolean): number {
  const { lazySk } = attributes;
  return Number(isStorage && typeof lazySk === 'string' ? lazySk : key.sk);
}
