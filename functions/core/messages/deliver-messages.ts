/**
 * Delivery. Bodies go to S3 first, then one transaction creates the rows together with the mailbox
 * row that guards them: UIDs appear in order, counters are exact, and a fence on the mailbox row
 * stops every late writer (X3). A body whose transaction never came is an orphan that erasure and
 * audit find by its prefix; of one that lost to another delivery a row says that it has to go. No
 * request handler deletes an object.
 */
import { createHash } from 'node:crypto';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { mailKey } from '../../contract/key-layout.ts';
import { BLOB_ID_BYTES, DIGEST_BYTES, UPLOAD_BYTES_MAX } from '../../contract/limits.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import {
  type Account,
  notActive,
  readAccount,
  requireActiveAccount,
} from '../accounts/accounts.ts';
import { type Actor, OWNER } from '../accounts/actor.ts';
import { LetheError, StoreBusyError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import {
  checkUids,
  requireUid,
  requireUidStep,
  requireUids,
  requireUidsSetter,
  requireUidValidity,
} from '../mailboxes/mailbox-uids.ts';
import { readMailbox, whyNotActive } from '../mailboxes/mailboxes.ts';
import {
  type Access,
  forAdministrators,
  permittedMarks,
  requireStillTarget,
  requireTarget,
} from '../mailboxes/rights.ts';
import { uidConflict } from '../mailboxes/uid-conflict.ts';
import { INBOX, parseMailboxPath } from '../names/mailbox-path.ts';
import { IdempotentRequest } from '../operations/idempotency.ts';
import type { Ports } from '../ports/ports.ts';
import { admitOverQuota } from '../quota/quota.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import { readSettings } from '../settings/settings-store.ts';
import { readEnvelope } from './envelope.ts';
import { discardBodies } from './lost-bodies.ts';
import type { Message } from './message.ts';
import { type CheckedMessage, checkMessages, type NewMessage } from './new-messages.ts';
import { linkedWrite, requireUploaded, requireWaiting, unknownUpload } from './uploads.ts';
import { writeDelivery } from './write-delivery.ts';

/** PUTs in flight for one request: 98 bodies in about 7 turns of some 30 ms. */
const PARALLEL_PUTS = 16;

const GUID_BYTES = 16;
export interface Delivery {
  readonly user: string;
  /** The owner when missing. */
  readonly actor?: Actor;
  /** Settings of the deployment; none when missing. */
  readonly deployment?: MailSettings;
  /** `INBOX` when missing. */
  readonly mailbox?: string;
  /** The mailbox must have this one. */
  readonly uidValidity?: number;
  readonly messages: readonly NewMessage[];
  /** Also what the quota has no room for (L7). */
  readonly overQuota?: boolean;
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
 *   UnknownUploadError, UidConflictError, UidsExhaustedError, PermissionDeniedError, NotAllowedError,
 *   QuotaExceededError, AccountNotActiveError, IdempotencyKeyReusedError, StoreBusyError
 */
export async function deliverMessages(
  ports: DeliverPorts,
  delivery: Delivery,
  deadline: number,
): Promise<Delivered> {
  const path = parseMailboxPath('mailbox', delivery.mailbox ?? INBOX);
  const checked = checkMessages(delivery.messages);
  const uids = checkUids(delivery.messages);
  const { actor = OWNER, overQuota } = delivery;
  if (uids !== undefined) requireUidsSetter(actor);
  if (overQuota === true && actor.kind !== 'admin') throw forAdministrators('overQuota');
  const account = await requireActiveAccount(ports.rows, delivery.user);
  const request =
    delivery.idempotency &&
    new IdempotentRequest(
      (keyHash) => registryKeys.idempotency(account.accountId, keyHash),
      delivery.idempotency,
    );
  const settings = await readSettings(ports.rows, delivery.deployment ?? {}, account);
  const access = { account, actor, settings };
  const mailbox = await requireTarget(ports.rows, access, path);
  const { mailboxId } = mailbox;
  const earlier = await request?.answer<Delivered>(ports.rows, mailboxId);
  if (earlier !== undefined) return earlier;
  // Looked at again when the rows are written; here it saves storing bytes in vain.
  const { uidValidity } = delivery;
  requireUidValidity(mailbox, uidValidity);
  requireFree(mailbox, uids);
  if (uids !== undefined) requireUidStep('messages', mailbox, (uids.at(-1) ?? 0) + 1);
  else requireUids(mailbox, checked.length);
  const coming = { path: mailbox.path, messages: checked, overQuota };
  await requireRoomForDelivery(ports, access, coming);
  const messages = await inParallel(checked, PARALLEL_PUTS, (message) =>
    storeBody(ports, account, permittedMarks(access, mailbox, message)),
  );
  const link = { account, mailboxId, uidValidity, uids, messages, request };
  try {
    const { delivered, isRepeated } = await untilWon(ports, deadline, () =>
      linkBodies(ports, link),
    );
    if (isRepeated) await discard(ports, link, delivered.uids);
    return delivered;
  } catch (error) {
    const lost = error instanceof LetheError && error.name === ERROR_NAMES.uidConflict;
    if (lost && uids !== undefined) await discard(ports, link, uids);
    throw error;
  }
}

/** Whatever comes of it: what is left then is named by the audit. */
async function discard(
  { rows }: DeliverPorts,
  { account: { accountId }, mailboxId, messages }: Link,
  uids: readonly number[],
): Promise<void> {
  const bodies = messages.map(({ stored }) => stored);
  await discardBodies(rows, { accountId, mailboxId, uids }, bodies).catch((error: unknown) => {
    if (!(error instanceof StoreBusyError)) throw error;
  });
}

interface ComingMessages {
  readonly path: string;
  readonly messages: readonly CheckedMessage[];
  readonly overQuota: boolean | undefined;
}

/** @throws QuotaExceededError before anything is stored */
async function requireRoomForDelivery(
  ports: DeliverPorts,
  { account, settings }: Access,
  { path, messages, overQuota }: ComingMessages,
): Promise<void> {
  if (settings.quotaBytes === undefined || settings.isExempt(path)) return;
  const sizes = await inParallel(messages, PARALLEL_PUTS, async ({ raw, uploadId }) => {
    if (uploadId === undefined) return raw.length;
    return (await requireWaiting(ports.rows, account.accountId, uploadId)).sizeBytes;
  });
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  await admitOverQuota(ports, { account, settings }, { path, bytes }, { overQuota });
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

/** `isRepeated`: an earlier request has that answer, and this one has stored bytes in vain. */
interface Linked {
  readonly delivered: Delivered;
  readonly isRepeated: boolean;
}

/** One try of the transaction; `lost` when the mailbox moved on meanwhile. */
async function linkBodies(ports: DeliverPorts, link: Link): Promise<Linked | 'lost'> {
  const mailbox = await readMailbox(ports.rows, link.mailboxId);
  if (mailbox?.state !== 'active') throw await whyUndeliverable(ports, link, mailbox);
  requireStillTarget(mailbox);
  requireUidValidity(mailbox, link.uidValidity);
  requireFree(mailbox, link.uids);
  const { accountId } = link.account;
  const now = ports.clock.now();
  const messages = link.messages.map(({ stored }, index) => ({
    ...stored,
    uid: requireUid(mailbox, link.uids?.[index] ?? mailbox.uidNext + index),
  }));
  const uids = messages.map(({ uid }) => uid);
  const delivered: Delivered = { mailbox: mailbox.path, uidValidity: mailbox.uidValidity, uids };
  const uploadIds = link.messages.flatMap(({ uploadId }) => uploadId ?? []);
  const others = [
    ...uploadIds.map((uploadId) => linkedWrite(accountId, uploadId, now)),
    ...(link.request === undefined ? [] : [link.request.write(delivered, link.mailboxId, now)]),
  ];
  const result = await writeDelivery(ports.rows, mailbox, { messages, others }, now);
  if (result.outcome === 'written') return { delivered, isRepeated: false };
  // Whatever was refused is read again: a repeated request by its answer, the mailbox by its row.
  const earlier = await link.request?.answer<Delivered>(ports.rows, link.mailboxId);
  if (earlier !== undefined) return { delivered: earlier, isRepeated: true };
  for (const uploadId of uploadIds) await requireWaiting(ports.rows, accountId, uploadId);
  return 'lost';
}

/** The row of a mailbox whose account is being erased may be gone already. */
async function whyUndeliverable(
  { rows }: DeliverPorts,
  { account }: Link,
  mailbox: Mailbox | undefined,
): Promise<Error> {
  const now = await readAccount(rows, account.accountId);
  return now?.state === 'active' ? whyNotActive(account, mailbox) : notActive(now ?? account);
}
