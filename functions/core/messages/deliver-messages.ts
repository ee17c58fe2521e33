/**
 * Delivery. Bodies go to S3 first, then one transaction creates the rows together with the mailbox
 * row that guards them: UIDs appear in order, counters are exact, and a fence on the mailbox row
 * stops every late writer (X3). A body whose transaction never came is an orphan that erasure and
 * audit find by its prefix; no request handler deletes an object.
 */
import { createHash } from 'node:crypto';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { mailKey } from '../../contract/key-layout.ts';
import { DELIVERY_MESSAGES, INLINE_BODY_BYTES, UPLOAD_BYTES_MAX } from '../../contract/limits.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, requireActiveAccount } from '../accounts/accounts.ts';
import { dueAfterAdding, dueGuard } from '../autoexpunge/due.ts';
import { InvalidInputError, LetheError } from '../errors.ts';
import { INBOX, parseMailboxPath } from '../mailboxes/mailbox-path.ts';
import { checkUids, requireUidValidity, uidConflict } from '../mailboxes/mailbox-uids.ts';
import { type Mailbox, readMailbox, requireMailbox } from '../mailboxes/mailboxes.ts';
import { IdempotentRequest } from '../operations/idempotency.ts';
import type { Ports } from '../ports/ports.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import { readEnvelope } from './envelope.ts';
import { parseFlags, parseKeywords } from './flags.ts';
import { type Message, toAttributes } from './message.ts';
import { linkedWrite, requireUploaded, requireWaiting, unknownUpload } from './uploads.ts';

/** PUTs in flight for one request: 98 bodies in about 7 turns of some 30 ms. */
const PARALLEL_PUTS = 16;

const GUID_BYTES = 16;
const BLOB_ID_BYTES = 16;

/** Half a SHA-256: no two messages of 10^12 have the same by chance. */
const DIGEST_BYTES = 16;

/** Either the message itself or the id of its upload. */
type Content =
  | { readonly raw: Uint8Array; readonly uploadId?: never }
  | { readonly uploadId: string; readonly raw?: never };

export type NewMessage = Content & {
  /** Kept from another store; the next one of the mailbox when missing. */
  readonly uid?: number;
  /** Epoch milliseconds; the time of delivery when missing. */
  readonly internalDate?: number;
  readonly flags?: readonly string[];
  readonly keywords?: readonly string[];
};

export interface Delivery {
  readonly user: string;
  /** `INBOX` when missing. */
  readonly mailbox?: string;
  /** The mailbox must have this one. */
  readonly uidValidity?: number;
  readonly messages: readonly NewMessage[];
  readonly idempotency?: { readonly key: string; readonly requestHash: string };
}

export interface Delivered {
  readonly mailbox: string;
  readonly uidValidity: number;
  /** In the order of the request. */
  readonly uids: readonly number[];
}

type DeliverPorts = Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;
type Stored = Omit<Message, 'uid'>;

/** A message whose bytes are where its row will point to. */
interface StoredMessage {
  readonly stored: Stored;
  readonly uploadId?: string;
}

/**
 * Stores one or many messages in a mailbox: all of them or none (W2).
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, MessageTooLargeError, UnknownUserError, UnknownMailboxError,
 *   UnknownUploadError, UidConflictError, AccountNotActiveError, IdempotencyKeyReusedError,
 *   StoreBusyError
 */
export async function deliverMessages(
  ports: DeliverPorts,
  delivery: Delivery,
  deadline: number,
): Promise<Delivered> {
  const path = parseMailboxPath('mailbox', delivery.mailbox ?? INBOX);
  const checked = checkMessages(delivery.messages);
  const uids = checkUids(delivery.messages);
  const account = await requireActiveAccount(ports.rows, delivery.user);
  const request =
    delivery.idempotency && new IdempotentRequest(account.accountId, delivery.idempotency);
  const earlier = await request?.answer<Delivered>(ports.rows);
  if (earlier !== undefined) return earlier;
  const mailbox = await requireMailbox(ports.rows, account.accountId, path);
  // Looked at again when the rows are written; here it saves storing bytes in vain.
  const { uidValidity } = delivery;
  requireUidValidity(mailbox, uidValidity);
  requireFree(mailbox, uids);
  const messages = await inParallel(checked, PARALLEL_PUTS, (message) =>
    storeBody(ports, account, message),
  );
  const { mailboxId } = mailbox;
  const link = { account, mailboxId, uidValidity, uids, messages, request };
  return await untilWon(ports, deadline, () => linkBodies(ports, link));
}

type CheckedMessage = Content &
  Pick<NewMessage, 'internalDate'> &
  Pick<Message, 'flags' | 'keywords'>;

function checkMessages(messages: readonly NewMessage[]): CheckedMessage[] {
  const uploads = messages.filter(({ uploadId }) => uploadId !== undefined);
  if (messages.length < 1 || messages.length + uploads.length > DELIVERY_MESSAGES) {
    throw InvalidInputError.of(
      'messages',
      `got ${messages.length}, allowed are 1 to ${DELIVERY_MESSAGES}, uploaded ones counting twice`,
    );
  }
  const repeated = uploads.find(
    ({ uploadId }, index) => uploads.findIndex((other) => other.uploadId === uploadId) < index,
  );
  if (repeated !== undefined) {
    throw InvalidInputError.of('messages', `upload ${repeated.uploadId} is named twice`);
  }
  const bytes = messages.reduce((sum, { raw }) => sum + (raw?.length ?? 0), 0);
  if (bytes > INLINE_BODY_BYTES) {
    throw new LetheError(
      ERROR_NAMES.messageTooLarge,
      `the messages of one request have ${bytes} bytes, allowed are ${INLINE_BODY_BYTES}`,
      'Send fewer messages in one request, and a large one by an upload.',
    );
  }
  return messages.map((message, index) => {
    const field = `messages[${index}]`;
    if (message.raw?.length === 0) throw InvalidInputError.of(`${field}.raw`, 'it is empty');
    return {
      ...message,
      flags: parseFlags(`${field}.flags`, message.flags ?? []),
      keywords: parseKeywords(`${field}.keywords`, message.keywords ?? []),
    };
  });
}

async function storeBody(
  ports: DeliverPorts,
  account: Account,
  message: CheckedMessage,
): Promise<StoredMessage> {
  const now = ports.clock.now();
  const blobId = ports.ids.hex(BLOB_ID_BYTES);
  const key = mailKey(account.retentionClass, account.accountId, blobId);
  const { raw, versionId } = await putBody(ports, account.accountId, message, key);
  const stored = {
    guid: ports.ids.hex(GUID_BYTES),
    blobId,
    retentionClass: account.retentionClass,
    versionId,
    sizeBytes: raw.length,
    digest: createHash('sha256').update(raw).digest().subarray(0, DIGEST_BYTES).toString('hex'),
    internalDate: message.internalDate ?? now,
    saveDate: now,
    flags: message.flags,
    keywords: message.keywords,
    envelope: await readEnvelope(raw),
  };
  return message.uploadId === undefined ? { stored } : { stored, uploadId: message.uploadId };
}

/** Brings the bytes under their key; an upload is copied, in the very version that was read. */
async function putBody(
  ports: DeliverPorts,
  accountId: string,
  message: CheckedMessage,
  key: string,
): Promise<{ readonly raw: Uint8Array; readonly versionId: string }> {
  if (message.uploadId === undefined) {
    return { raw: message.raw, ...(await ports.objects.put(key, message.raw)) };
  }
  const uploaded = await requireUploaded(ports, accountId, message.uploadId);
  if (uploaded.body.length > UPLOAD_BYTES_MAX) {
    throw unknownUpload(`upload ${message.uploadId} has more than ${UPLOAD_BYTES_MAX} bytes`);
  }
  const copied = await ports.objects.copy(uploaded, key);
  if (copied === undefined) throw unknownUpload(`upload ${message.uploadId} has expired`);
  return { raw: uploaded.body, ...copied };
}

function requireFree(mailbox: Mailbox, uids: readonly number[] | undefined): void {
  const [first] = uids ?? [];
  if (first === undefined || first >= mailbox.uidNext) return;
  throw uidConflict(
    `UID ${first} cannot be given: mailbox ${mailbox.mailboxId} has UIDNEXT ${mailbox.uidNext}`,
  );
}

interface Link {
  readonly account: Account;
  readonly mailboxId: string;
  readonly uidValidity: number | undefined;
  /** Those asked for, if any. */
  readonly uids: readonly number[] | undefined;
  readonly messages: readonly StoredMessage[];
  readonly request: IdempotentRequest | undefined;
}

/** One try of the transaction; `lost` when the mailbox moved on meanwhile. */
async function linkBodies(ports: DeliverPorts, link: Link): Promise<Delivered | 'lost'> {
  const mailbox = await readMailbox(ports.rows, link.mailboxId);
  if (mailbox?.state !== 'active') throw notActive(link.account);
  requireUidValidity(mailbox, link.uidValidity);
  requireFree(mailbox, link.uids);
  const { accountId } = link.account;
  const now = ports.clock.now();
  const messages = link.messages.map(({ stored }, index) => ({
    ...stored,
    uid: link.uids?.[index] ?? mailbox.uidNext + index,
  }));
  const uids = messages.map(({ uid }) => uid);
  const delivered: Delivered = { mailbox: mailbox.path, uidValidity: mailbox.uidValidity, uids };
  const uploadIds = link.messages.flatMap(({ uploadId }) => uploadId ?? []);
  const writes = [
    guardWrite(mailbox, messages, now),
    ...messages.map((message) => messageWrite(mailbox, message)),
    ...uploadIds.map((uploadId) => linkedWrite(accountId, uploadId, now)),
    ...(link.request === undefined ? [] : [link.request.write(delivered, now)]),
  ];
  const result = await ports.rows.transact(writes);
  if (result.outcome === 'written') return delivered;
  // Whatever was refused is read again: a repeated request by its answer, the mailbox by its row.
  const earlier = await link.request?.answer<Delivered>(ports.rows);
  if (earlier !== undefined) return earlier;
  for (const uploadId of uploadIds) await requireWaiting(ports.rows, accountId, uploadId);
  return 'lost';
}

function guardWrite(mailbox: Mailbox, messages: readonly Message[], now: number): Write {
  const bytes = messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const last = messages.at(-1)?.uid ?? 0;
  const { uidValidity, uidNext } = mailbox;
  const { equals, without } = dueGuard(mailbox);
  return {
    kind: 'update',
    key: dictmapKeys.mailbox(mailbox.mailboxId),
    guard: {
      row: 'present',
      equals: { state: 'active', uidValidity, uidNext, ...equals },
      without,
    },
    change: {
      set: { uidNext: last + 1, ...dueAfterAdding(mailbox, messages.length, now) },
      add: { messages: messages.length, bytes },
    },
  };
}

function messageWrite(mailbox: Mailbox, message: Message): Write {
  return {
    kind: 'put',
    key: dictmapKeys.message(mailbox.mailboxId, message.uid),
    guard: { row: 'absent' },
    attributes: toAttributes(message),
  };
}
