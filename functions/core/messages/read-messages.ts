/** Listing and fetching what a mailbox shows: live mail, or what the expunge storage keeps. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { mailKey } from '../../contract/key-layout.ts';
import { FETCH_URL_SECONDS, INLINE_BODY_BYTES } from '../../contract/limits.ts';
import type { Account } from '../accounts/accounts.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Ports } from '../ports/ports.ts';
import { type Entry, readEntries, readMailboxPage } from './entries.ts';
import type { Message } from './message.ts';

/** In a storage, with what became of it. */
export type ListedMessage = Message & Pick<Entry, 'expunged'>;

export interface MessagePage {
  readonly messages: readonly ListedMessage[];
  /** UID after which the next page begins; missing on the last. */
  readonly nextAfterUid?: number;
}

/** One page of what a mailbox shows, in UID order; see `readMailboxPage`. */
export async function listMessages(
  { rows, clock }: Pick<Ports, 'rows' | 'clock'>,
  mailbox: Mailbox,
  page: { readonly afterUid: number; readonly limit: number },
): Promise<MessagePage> {
  const { entries, nextAfterUid } = await readMailboxPage(rows, mailbox, page, clock.now());
  const messages = entries.map(({ message, expunged }) =>
    expunged === undefined ? message : { ...message, expunged },
  );
  return nextAfterUid === undefined ? { messages } : { messages, nextAfterUid };
}

/** A message, by its bytes or, when those are too many for an answer, by a URL that leads to them. */
export type Fetched = { readonly body: Uint8Array } | { readonly url: string };

/**
 * @throws UnknownMessageError
 */
export async function openMessage(
  ports: Pick<Ports, 'rows' | 'objects' | 'clock'>,
  account: Account,
  mailbox: Mailbox,
  uid: number,
): Promise<Fetched> {
  const { message, expunged } = await requireEntry(ports, mailbox, uid);
  if (message.sizeBytes <= INLINE_BODY_BYTES) return await readBody(ports, account, message);
  // What ends sooner than the URL would is readable to its last second, and no longer (X1).
  const leftMs = (expunged?.expiresAt ?? Number.POSITIVE_INFINITY) - ports.clock.now();
  const seconds = Math.max(1, Math.min(FETCH_URL_SECONDS, Math.floor(leftMs / 1000)));
  return { url: await ports.objects.presignGet(versionOf(account, message), seconds) };
}

/** The bytes of a message, however many. @throws UnknownMessageError */
export async function fetchMessage(
  ports: Pick<Ports, 'rows' | 'objects' | 'clock'>,
  account: Account,
  mailbox: Mailbox,
  uid: number,
): Promise<{ readonly message: Message; readonly body: Uint8Array }> {
  const { message } = await requireEntry(ports, mailbox, uid);
  return { message, ...(await readBody(ports, account, message)) };
}

async function requireEntry(
  { rows, clock }: Pick<Ports, 'rows' | 'clock'>,
  mailbox: Mailbox,
  uid: number,
): Promise<Entry> {
  const [entry] = await readEntries(rows, mailbox, { uids: [uid] }, clock.now());
  if (entry !== undefined) return entry;
  throw new LetheError(
    ERROR_NAMES.unknownMessage,
    `mailbox ${quoted(mailbox.path)} has no message with UID ${uid}`,
    'List the mailbox to see which UIDs it has.',
  );
}

const versionOf = (account: Account, { retentionClass, blobId, versionId }: Message) => ({
  key: mailKey(retentionClass, account.accountId, blobId),
  versionId,
});

async function readBody(
  { objects }: Pick<Ports, 'objects'>,
  account: Account,
  message: Message,
): Promise<{ readonly body: Uint8Array }> {
  const { key, versionId } = versionOf(account, message);
  const stored = await objects.get(key, versionId);
  if (stored !== undefined) return { body: stored.body };
  throw new Error(`object of message ${message.guid} is missing: the audit must look at it`);
}
