/**
 * One transaction of a message operation: message rows together with the mailboxes that count
 * them, the links of their blobs and the day on which they end. Changes of one row are merged;
 * a chunk is full when DynamoDB takes no more items.
 */
import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { dictmapKeys, linkOf } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { DamagedRowError } from '../errors.ts';
import type { Listing } from '../mailboxes/bucket-directory.ts';
import { DEAD_WRITES, deadWrites } from '../mailboxes/dead-writes.ts';
import { dropEmptyBuckets } from '../mailboxes/empty-buckets.ts';
import { flaggedRows, flaggedWrites } from '../mailboxes/flagged-uids.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireUid } from '../mailboxes/mailbox-uids.ts';
import { expiryKey } from '../policies/expiry.ts';
import type { Change, Refusal, RowStore, Write, WriteResult } from '../ports/row-store.ts';
import { AccountGuard, endsMail } from './account-guard.ts';
import { agreesWith, type Blob, BlobDraft } from './blob.ts';
import type { Entry } from './entries.ts';
import { type ExpiryDraft, expiryWrite } from './expiry-count.ts';
import { DELETED, flagCountsOf, plus } from './flag-counts.ts';
import {
  draftOf,
  type KeptMarks,
  type MailboxDraft,
  mailboxWrite,
  registrationsOf,
} from './mailbox-draft.ts';
import type { Message } from './message.ts';
import { messageRowPut } from './message-rows.ts';

type CountedMessage = Pick<Message, 'uid' | 'sizeBytes' | 'flags'>;

/**
 * Rows that one entry more may bring in: buckets of a target, of a storage's view and that which it
 * leaves; and of `\Deleted`, where it leaves and where it comes.
 */
const SPARE_ITEMS = 2 + DEAD_WRITES + 2;

/** The row of the account, checked when mail ends or trees count: which is known only afterwards. */
const ACCOUNT_ITEMS = 1;

/**
 * Flags and keywords of a transaction, at most: what else a hundred rows hold is below 1 MB (2 KB of
 * a message, 5 KB of links, 40 KB of a mailbox with a full ACL), of the 4 MB that DynamoDB takes.
 */
const MARK_BYTES_MAX = 3 * 1024 * 1024;

export class Chunk {
  readonly now: number;
  keptMarks: KeptMarks = (_, message) => message;
  readonly #accountId: string;
  readonly #blobs: ReadonlyMap<string, Blob>;
  readonly #reserved: number;
  readonly #mailboxes = new Map<string, MailboxDraft>();
  readonly #expiries = new Map<string, ExpiryDraft>();
  readonly #drafts = new Map<string, BlobDraft>();
  readonly #messages: Write[] = [];
  #bytes = 0;
  /** UIDs that leave life, by their partition. */
  readonly #dead = new Map<string, Entry['home'][]>();
  readonly #account: AccountGuard;

  /**
   * @param blobs rows of the blobs that entries marked as copied share, as just read
   * @param reserved items of the transaction that are kept for others
   */
  constructor(accountId: string, blobs: ReadonlyMap<string, Blob>, now: number, reserved = 0) {
    this.#accountId = accountId;
    this.#account = new AccountGuard(accountId);
    this.#reserved = reserved;
    this.#blobs = blobs;
    this.now = now;
  }

  /** Whether so many more items fit, of which those of the entry itself have its bytes. */
  fits(items: number, { message }: Pick<Entry, 'message'>): boolean {
    // Its row as it is, and perhaps another one like it.
    const bytes = 2 * markBytes(message);
    if (this.#messages.length > 0 && this.#bytes + bytes > MARK_BYTES_MAX) return false;
    const rows = this.#messages.length + this.#mailboxes.size;
    const others = this.#expiries.size + this.#drafts.size + this.#reserved;
    const buckets = [...this.#mailboxes.values()].flatMap((draft) =>
      registrationsOf(draft, this.now),
    );
    const came = buckets.reduce((sum, { puts }) => sum + puts.length, 0);
    const flagged = [...this.#mailboxes.values()].reduce(
      (sum, draft) => sum + flaggedRows(draft.flagged),
      0,
    );
    const directory = came + this.#dead.size * DEAD_WRITES + flagged + SPARE_ITEMS;
    const fits = rows + others + ACCOUNT_ITEMS + directory + items <= TRANSACTION_ITEMS;
    if (fits) this.#bytes += bytes;
    return fits;
  }

  /** Takes a mailbox in; whatever else happens to it, its state must be that when this is written. */
  touch(mailbox: Mailbox): MailboxDraft {
    const { mailboxId } = mailbox;
    const known = this.#mailboxes.get(mailboxId);
    if (known !== undefined) return known;
    const draft = draftOf(mailbox);
    this.#mailboxes.set(mailboxId, draft);
    return draft;
  }

  /** Takes a mailbox in that was chosen by its name: it must still have it. */
  touchNamed(mailbox: Mailbox): void {
    this.touch(mailbox).named = true;
  }

  /** @param account it is written only if no tree of folders has moved since this was read */
  guardTrees(account: Account): void {
    this.#account.guardTrees(account);
  }

  /** In which states of the account mail may start its clock; only `active` otherwise. */
  allowClocksIn(states: readonly string[]): void {
    this.#account.allow(states);
  }

  /** Whether it was refused for that reason: then the same may be tried anew. */
  sawTreesMove(refusals: readonly Refusal[]): boolean {
    return this.#account.sawTreesMove(refusals);
  }

  /** Whether it was refused because mail of the account may not end now: it is held (W6), or going. */
  sawProtection(refusals: readonly Refusal[]): boolean {
    return this.#account.sawProtection(refusals);
  }

  /**
   * Gives the next UID of a mailbox, for a row or for a place in the storage's view.
   * @throws UidsExhaustedError
   */
  nextUid(mailbox: Mailbox, listing: Listing = 'bucket'): number {
    const draft = this.touch(mailbox);
    const uid = requireUid(mailbox, draft.uidNext);
    draft.uidNext += 1;
    draft.added += 1;
    draft.given[listing].push(uid);
    return uid;
  }

  /** A message leaves (or, with 1, enters) what a mailbox counts as live. */
  count(mailbox: Mailbox, messages: 1 | -1, { uid, sizeBytes, flags }: CountedMessage): void {
    const draft = this.touch(mailbox);
    draft.messages += messages;
    draft.bytes += messages * sizeBytes;
    draft.flags = plus(draft.flags, flagCountsOf(flags), messages);
    if (flags.has(DELETED)) draft.flagged[messages === 1 ? 'add' : 'remove'].push(uid);
  }

  /** The same for a storage: on the day on which the message ends. */
  countExpiry(
    storageId: string,
    endsAt: number | undefined,
    messages: 1 | -1,
    sizeBytes: number,
  ): void {
    const key = expiryKey(storageId, endsAt).sk;
    const draft = this.#expiries.get(key) ?? { storageId, endsAt, messages: 0, bytes: 0 };
    draft.messages += messages;
    draft.bytes += messages * sizeBytes;
    this.#expiries.set(key, draft);
  }

  /** Whether the row of links was there, of a blob that has one. */
  knows(blobId: string): boolean {
    return this.#blobs.has(blobId);
  }

  /**
   * The links of an entry's blob.
   * @throws DamagedRowError when the row says it was copied and the row of links does not: damaged data
   */
  links(entry: Entry): BlobDraft {
    const { blobId } = entry.message;
    const known = this.#drafts.get(blobId);
    if (known !== undefined) return known;
    const before = this.#blobs.get(blobId);
    if (!agreesWith(this.#blobs, entry)) {
      throw new DamagedRowError(
        `damaged data: blob ${blobId} has no row of links that names its message`,
      );
    }
    const sole = linkOf(entry.home.mailboxId, entry.home.uid);
    const soleLink = entry.copied ? undefined : sole;
    const draft = new BlobDraft(entry.message, before, this.now, soleLink);
    this.#drafts.set(blobId, draft);
    return draft;
  }

  /**
   * Changes an entry's row, which must still be what was read, flags included. One that ends the
   * message, or starts its clock, is written only while the account may lose mail (W6).
   */
  change(entry: Entry, change: Change): void {
    const { expunged, copied, home, changes } = entry;
    if (endsMail(change)) this.#account.guardMail();
    const state = change.set?.['state'];
    if (expunged === undefined && state !== undefined && state !== 'live') this.#bury(home);
    this.#messages.push({
      kind: 'update',
      key: dictmapKeys.message(home.mailboxId, home.uid),
      guard: {
        row: 'present',
        equals: {
          state: expunged === undefined ? 'live' : 'expunged',
          ...(copied ? { copied: true } : {}),
          ...(changes === 0 ? {} : { changes }),
        },
        without: [...(copied ? [] : ['copied']), ...(changes === 0 ? ['changes'] : [])],
      },
      change,
    });
  }

  /** A row that leaves life never comes back: its bucket says so from the same moment on. */
  #bury(home: Entry['home']): void {
    const { pk } = dictmapKeys.message(home.mailboxId, home.uid);
    const members = this.#dead.get(pk);
    if (members === undefined) this.#dead.set(pk, [home]);
    else members.push(home);
  }

  /** The entry's row must still be what was read; nothing about it changes. */
  check(entry: Entry): void {
    const { home, expunged } = entry;
    this.#messages.push({
      kind: 'check',
      key: dictmapKeys.message(home.mailboxId, home.uid),
      guard: { row: 'present', equals: { state: expunged === undefined ? 'live' : 'expunged' } },
    });
  }

  /** Writes a new live row. @param options `copied`: its blob has a row of links */
  put(mailbox: Mailbox, message: Message, options: { readonly copied?: boolean } = {}): void {
    this.#messages.push(messageRowPut(mailbox.mailboxId, message, options));
    this.count(mailbox, 1, message);
  }

  /**
   * @param others what is written along, before all else
   * @throws StoreBusyError
   */
  async commit(rows: RowStore, others: readonly Write[] = []): Promise<WriteResult> {
    const expiries = [];
    for (const draft of this.#expiries.values()) expiries.push(...(await expiryWrite(rows, draft)));
    await this.#dropEmptyBuckets(rows);
    const flagged: Write[][] = [];
    for (const { mailbox, flagged: change } of this.#mailboxes.values()) {
      flagged.push(await flaggedWrites(rows, mailbox.mailboxId, change));
    }
    const buckets: Write[] = [];
    for (const members of this.#dead.values()) {
      const uids = members.map(({ uid }) => ({ from: uid, to: uid }));
      buckets.push(...(await deadWrites(rows, members[0]?.mailboxId ?? '', uids)));
    }
    return await rows.transact([
      ...this.#account.addTo(others),
      ...[...this.#mailboxes.values()].map((draft) => mailboxWrite(draft, this.now)),
      ...this.#messages,
      ...[...this.#drafts.values()].map((draft) => draft.write(this.#accountId)),
      ...[...this.#mailboxes.values()].flatMap((draft) => {
        return registrationsOf(draft, this.now).flatMap(({ puts }) => puts);
      }),
      ...buckets,
      ...flagged.flat(),
      ...expiries,
    ]);
  }

  /** Where a bucket comes into use: once in 10,000 UIDs. */
  async #dropEmptyBuckets(rows: RowStore): Promise<void> {
    for (const draft of this.#mailboxes.values()) {
      for (const { listing, puts } of registrationsOf(draft, this.now)) {
        if (puts.length > 0) await dropEmptyBuckets(rows, draft.mailbox, listing, this.now);
      }
    }
  }
}

/** All else in a message's row has a bound of its own, well below 2 KB. */
const markBytes = ({ flags, keywords }: Message): number =>
  [...flags, ...keywords].reduce((sum, mark) => sum + Buffer.byteLength(mark, 'utf8'), 0);
