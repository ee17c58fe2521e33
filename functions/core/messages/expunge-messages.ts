/**
 * Expunging. With lazy expunge a message turns from a live row of its mailbox into one that the
 * expunge storage shows, or that no mailbox shows when it is expunged in place: one change of one
 * row, so no crash loses or duplicates it (W3). Without it, or inside the storage, it goes for
 * good; S3 follows by the stream. Nothing here deletes an object.
 */
import {
  bucketOf,
  lazyPartition,
  linkOf,
  TTL_ATTRIBUTE,
  uidKey,
} from '../../contract/row-layout.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireActiveMailbox } from '../mailboxes/mailboxes.ts';
import { ensureStorage } from '../mailboxes/storage-mailbox.ts';
import { expiresAt, rowEnd, tombstoneEnd } from '../policies/expiry.ts';
import { boundOf, type MailOutcome } from './aftermath.ts';
import type { BlobDraft } from './blob.ts';
import type { Chunk } from './chunk.ts';
import type { Entry } from './entries.ts';
import {
  type Chunked,
  type ChunkPorts,
  inChunks,
  type MailContext,
  type MailWork,
  NotChosenError,
  type Rider,
} from './in-chunks.ts';
import { OtherInstances } from './other-instances.ts';
import type { PassOver } from './pass-over.ts';

/**
 * Rows that one expunge needs, at most: its own, that of its blob, a new day's count, and that of
 * the storage, which only the first instance to be kept brings in.
 */
const EXPUNGE_ROWS = 4;

export interface ExpungeOptions {
  /** For good at once, past the storage; administrators only. */
  readonly bypassStorage?: boolean;
  /** Account id of a user who expunges in somebody else's mailbox. */
  readonly expungedBy?: string;
  /** Also mail that the storage hides because it has expired: its bytes go early. */
  readonly expired?: boolean;
  readonly rider?: Rider<ExpungedMessage>;
  /** The name by which a query chose the mailbox: under another one it is not meant. */
  readonly chosenPath?: string;
  /** Told of messages that stay because of their rows; missing: such a fault is thrown. */
  readonly passOver?: PassOver;
  /**
   * Whether a query still means it, by what is read for the transaction itself: flags may have
   * changed since it was chosen (W8).
   */
  readonly isMeant?: (entry: Entry) => boolean;
}

export interface ExpungedMessage {
  readonly uid: number;
  readonly sizeBytes: number;
  /** Its UID in the storage; missing when none shows it. */
  readonly storedUid?: number;
  readonly outcome: MailOutcome;
}

/**
 * Expunges the messages with these UIDs, in UID order; several instances of one message count
 * together, the last is kept (L4).
 * @throws UnknownMailboxError when it is gone, AccountHeldError (W6), ExpungeStorageError,
 *   StoreBusyError
 */
export async function expungeMessages(
  work: MailWork<ChunkPorts>,
  mailbox: Mailbox,
  uids: readonly number[],
  options: ExpungeOptions,
): Promise<Chunked<ExpungedMessage>> {
  const { ports, context, deadline } = work;
  const { account } = context;
  requireUnheld(account);
  return await inChunks(ports, {
    account,
    uids,
    deadline,
    expired: options.expired === true,
    rider: options.rider,
    passOver: options.passOver,
    prepare: async () => {
      const source = await requireActiveMailbox(ports.rows, account, mailbox.mailboxId);
      requireChosen(source, options);
      const storage = await storageFor(work, source, options);
      return {
        source,
        storage,
        options,
        others: new OtherInstances(ports.rows, account.accountId),
      };
    },
    take: async (chunk, entry, mailboxes) => {
      if (options.isMeant?.(entry) === false) return 'gone';
      if (!chunk.fits(EXPUNGE_ROWS, entry)) return 'full';
      // TTL has taken the row of links already: S3's own clock has the bytes.
      if (isExpungeForgotten(chunk, entry)) return 'gone';
      if (options.chosenPath !== undefined) chunk.touchNamed(mailboxes.source);
      const { uid, sizeBytes } = entry.message;
      return { uid, sizeBytes, ...(await expungeEntry(chunk, context, entry, mailboxes)) };
    },
  });
}

/** @throws NotChosenError when it has another name than the one by which it was chosen */
export function requireChosen({ path }: Mailbox, { chosenPath = path }: ExpungeOptions): void {
  if (path !== chosenPath) throw new NotChosenError();
}

/** Whether its row of links is gone already, as that of what has expired may be. */
export function isExpungeForgotten(chunk: Chunk, { copied, expunged, message }: Entry): boolean {
  const expired = expunged?.expiresAt !== undefined && expunged.expiresAt <= chunk.now;
  return expired && copied && !chunk.knows(message.blobId);
}

/** Where expunged mail stays: a storage, or its own mailbox, which then does not show it. */
export type Keeper = Mailbox | 'in-place';

/** What keeps mail that is expunged from this mailbox; undefined when it goes for good (L5). */
export async function storageFor(
  { ports, context, deadline }: MailWork<ChunkPorts>,
  source: Mailbox,
  options: ExpungeOptions,
): Promise<Keeper | undefined> {
  const { settings } = context;
  if (options.bypassStorage === true || source.role === 'storage') return undefined;
  if (settings.expunge.mode === 'off') return undefined;
  if (settings.isExcluded(source.path, source.specialUse)) return undefined;
  if (settings.expunge.mode === 'in-place') return 'in-place';
  return await ensureStorage(ports, context, source.path, deadline);
}

interface ExpungeFrom {
  readonly source: Mailbox;
  readonly storage: Keeper | undefined;
  readonly others: OtherInstances;
  readonly options: ExpungeOptions;
}

async function expungeEntry(
  chunk: Chunk,
  context: MailContext,
  entry: Entry,
  { source, storage, others, options }: ExpungeFrom,
): Promise<Pick<ExpungedMessage, 'storedUid' | 'outcome'>> {
  const link = linkOf(entry.home.mailboxId, entry.home.uid);
  const links = entry.copied ? chunk.links(entry) : undefined;
  if (entry.expunged !== undefined) {
    endStored(chunk, entry, links, link);
    return { outcome: { kept: 'gone' } };
  }
  chunk.count(source, -1, entry.message);
  const { onlyLastInstance } = context.settings;
  const asks = storage !== undefined && onlyLastInstance && links !== undefined;
  const isElsewhere = asks && (await others.has(chunk, links, link));
  if (storage === undefined || isElsewhere) {
    endRow(chunk, entry, links, link);
    return { outcome: { kept: isElsewhere ? 'elsewhere' : 'gone' } };
  }
  const kept = { links, link, origin: source.path, ...options };
  return store(chunk, context, entry, { ...kept, keeper: storage });
}

interface Stored extends Pick<ExpungeOptions, 'expungedBy'> {
  readonly keeper: Keeper;
  readonly links: BlobDraft | undefined;
  readonly link: string;
  readonly origin: string;
}

/**
 * Turns a live row into an expunged one; answers when it ends, and its UID in the storage that shows it. Expunged in
 * place it keeps `\Deleted`, with which it was last seen, and counts nowhere.
 */
export function store(
  chunk: Chunk,
  { retentionDays }: MailContext,
  entry: Entry,
  { keeper, links, link, origin, expungedBy }: Stored,
): Pick<ExpungedMessage, 'storedUid' | 'outcome'> {
  const { retentionClass, sizeBytes } = entry.message;
  const inPlace = keeper === 'in-place';
  const endsAt = expiresAt(retentionDays, retentionClass, inPlace ? {} : keeper, chunk.now);
  const outcome: MailOutcome = {
    kept: inPlace ? 'in-place' : 'storage',
    ...(endsAt === undefined ? {} : { endsAt }),
    ...boundOf(inPlace ? {} : keeper),
  };
  links?.expunge(link, endsAt);
  const set = {
    state: 'expunged',
    expungedAt: chunk.now,
    origin,
    ...(endsAt === undefined ? {} : { expiresAt: endsAt, [TTL_ATTRIBUTE]: rowEnd(endsAt) }),
    ...(expungedBy === undefined ? {} : { expungedBy }),
    ...(links === undefined ? {} : { copied: true }),
  };
  if (inPlace) {
    chunk.change(entry, { set });
    return { outcome };
  }
  const lazyUid = chunk.nextUid(keeper, 'lazy');
  chunk.countExpiry(keeper.mailboxId, endsAt, 1, sizeBytes);
  const lazyPk = lazyPartition(keeper.mailboxId, bucketOf(lazyUid));
  chunk.change(entry, {
    set: { ...set, lazyPk, lazySk: uidKey(lazyUid) },
    ...(entry.message.flags.has('\\Deleted') ? { removeFromSet: { flags: ['\\Deleted'] } } : {}),
  });
  return { storedUid: lazyUid, outcome };
}

/** A live row goes for good; bytes that it shares go when the row of their links says so. */
export function endRow(
  chunk: Chunk,
  entry: Entry,
  links: BlobDraft | undefined,
  link: string,
): void {
  links?.end(link);
  const set =
    links === undefined
      ? { state: 'purging' }
      : { state: 'ended', [TTL_ATTRIBUTE]: tombstoneEnd(chunk.now) };
  chunk.change(entry, { set, unset: droppedAtEnd(entry) });
}

/**
 * What nobody asks about a message that is gone, and all of which it is not known what it tells of
 * the message; its blob is still named, for walks and audit.
 */
export const droppedAtEnd = ({ message: { others = {} } }: Entry): readonly string[] => [
  'flags',
  'keywords',
  'envelope',
  ...Object.keys(others),
];

const STORED = [
  'lazyPk',
  'lazySk',
  'expungedAt',
  'expiresAt',
  'origin',
  'expungedBy',
  'protectedAt',
] as const;

/** An expunged row goes for good. */
export function endStored(
  chunk: Chunk,
  entry: Entry,
  links: BlobDraft | undefined,
  link: string,
): void {
  const { expunged, message } = entry;
  if (expunged === undefined) throw new TypeError('not an expunged entry');
  const { storageId, expiresAt: endsAt } = expunged;
  if (storageId !== undefined) chunk.countExpiry(storageId, endsAt, -1, message.sizeBytes);
  links?.end(link);
  if (links === undefined) {
    const unset = [...STORED, ...droppedAtEnd(entry), TTL_ATTRIBUTE];
    chunk.change(entry, { set: { state: 'purging' }, unset });
    return;
  }
  const set = { state: 'ended', [TTL_ATTRIBUTE]: tombstoneEnd(chunk.now) };
  chunk.change(entry, { set, unset: [...STORED, ...droppedAtEnd(entry)] });
}
