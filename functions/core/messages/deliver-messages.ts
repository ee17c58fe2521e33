/**
 * Delivery. Bodies go to S3 first, then one transaction creates the rows together with the mailbox
 * row that guards them: UIDs appear in order, counters are exact, and a fence on the mailbox row
 * stops every late writer (X3). A body whose transaction never came is an orphan that erasure and
 * audit find by its prefix; no request handler deletes an object.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { mailKey } from '../../contract/key-layout.ts';
import { DELIVERY_MESSAGES, INLINE_BODY_BYTES } from '../../contract/limits.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, requireActiveAccount } from '../accounts/accounts.ts';
import { InvalidInputError, LetheError } from '../errors.ts';
import { INBOX, parseMailboxPath } from '../mailboxes/mailbox-path.ts';
import { type Mailbox, readMailbox, requireMailbox } from '../mailboxes/mailboxes.ts';
import { IdempotentRequest } from '../operations/idempotency.ts';
import type { Ports } from '../ports/ports.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import { readEnvelope } from './envelope.ts';
import { parseFlags, parseKeywords } from './flags.ts';
import { type Message, toAttributes } from './message.ts';

/** PUTs in flight for one request: 98 bodies in about 7 turns of some 30 ms. */
const PARALLEL_PUTS = 16;

const GUID_BYTES = 16;
const BLOB_ID_BYTES = 16;

export interface NewMessage {
  readonly raw: Uint8Array;
  /** Epoch milliseconds; the time of delivery when missing. */
  readonly internalDate?: number;
  readonly flags?: readonly string[];
  readonly keywords?: readonly string[];
}

export interface Delivery {
  readonly user: string;
  /** `INBOX` when missing. */
  readonly mailbox?: string;
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

/**
 * Stores one or many messages in a mailbox: all of them or none (W2).
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, MessageTooLargeError, UnknownUserError, UnknownMailboxError,
 *   AccountNotActiveError, IdempotencyKeyReusedError, StoreBusyError
 */
export async function deliverMessages(
  ports: DeliverPorts,
  delivery: Delivery,
  deadline: number,
): Promise<Delivered> {
  const path = parseMailboxPath('mailbox', delivery.mailbox ?? INBOX);
  const checked = checkMessages(delivery.messages);
  const account = await requireActiveAccount(ports.rows, delivery.user);
  const request =
    delivery.idempotency && new IdempotentRequest(account.accountId, delivery.idempotency);
  const earlier = await request?.answer<Delivered>(ports.rows);
  if (earlier !== undefined) return earlier;
  const mailbox = await requireMailbox(ports.rows, account.accountId, path);
  const stored = await inParallel(checked, PARALLEL_PUTS, (message) =>
    storeBody(ports, account, message),
  );
  return await untilWon(ports, deadline, () =>
    linkBodies(ports, { account, mailboxId: mailbox.mailboxId, stored, request }),
  );
}

type CheckedMessage = Pick<NewMessage, 'raw' | 'internalDate'> &
  Pick<Message, 'flags' | 'keywords'>;

function checkMessages(messages: readonly NewMessage[]): CheckedMessage[] {
  if (messages.length < 1 || messages.length > DELIVERY_MESSAGES) {
    throw InvalidInputError.of(
      'messages',
      `got ${messages.length}, allowed are 1 to ${DELIVERY_MESSAGES}`,
    );
  }
  const bytes = messages.reduce((sum, { raw }) => sum + raw.length, 0);
  if (bytes > INLINE_BODY_BYTES) {
    throw new LetheError(
      ERROR_NAMES.messageTooLarge,
      `the messages of one request have ${bytes} bytes, allowed are ${INLINE_BODY_BYTES}`,
      'Send fewer messages in one request.',
    );
  }
  return messages.map((message, index) => {
    const field = `messages[${index}]`;
    if (message.raw.length === 0) throw InvalidInputError.of(`${field}.raw`, 'it is empty');
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
): Promise<Stored> {
  const now = ports.clock.now();
  const blobId = ports.ids.hex(BLOB_ID_BYTES);
  const envelope = await readEnvelope(message.raw);
  const key = mailKey(account.retentionClass, account.accountId, blobId);
  const { versionId } = await ports.objects.put(key, message.raw);
  return {
    guid: ports.ids.hex(GUID_BYTES),
    blobId,
    retentionClass: account.retentionClass,
    versionId,
    sizeBytes: message.raw.length,
    internalDate: message.internalDate ?? now,
    saveDate: now,
    flags: message.flags,
    keywords: message.keywords,
    envelope,
  };
}

interface Link {
  readonly account: Account;
  readonly mailboxId: string;
  readonly stored: readonly Stored[];
  readonly request: IdempotentRequest | undefined;
}

/** One try of the transaction; `lost` when the mailbox moved on meanwhile. */
async function linkBodies(ports: DeliverPorts, link: Link): Promise<Delivered | 'lost'> {
  const mailbox = await readMailbox(ports.rows, link.mailboxId);
  if (mailbox?.state !== 'active') throw notActive(link.account);
  const delivered: Delivered = {
    mailbox: mailbox.path,
    uidValidity: mailbox.uidValidity,
    uids: link.stored.map((_, index) => mailbox.uidNext + index),
  };
  const writes = [
    guardWrite(mailbox, link.stored),
    ...link.stored.map((stored, index) => messageWrite(mailbox, stored, index)),
    ...(link.request === undefined ? [] : [link.request.write(delivered, ports.clock.now())]),
  ];
  const result = await ports.rows.transact(writes);
  if (result.outcome === 'written') return delivered;
  // Whatever was refused is read again: a repeated request by its answer, the mailbox by its row.
  return (await link.request?.answer<Delivered>(ports.rows)) ?? 'lost';
}

function guardWrite(mailbox: Mailbox, stored: readonly Stored[]): Write {
  const bytes = stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    kind: 'update',
    key: dictmapKeys.mailbox(mailbox.mailboxId),
    guard: { row: 'present', equals: { state: 'active', uidNext: mailbox.uidNext } },
    change: {
      set: { uidNext: mailbox.uidNext + stored.length },
      add: { messages: stored.length, bytes },
    },
  };
}

function messageWrite(mailbox: Mailbox, stored: Stored, index: number): Write {
  const uid = mailbox.uidNext + index;
  return {
    kind: 'put',
    key: dictmapKeys.message(mailbox.mailboxId, uid),
    guard: { row: 'absent' },
    attributes: toAttributes({ ...stored, uid }),
  };
}
