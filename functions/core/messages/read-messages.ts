/** Listing and fetching. Only live rows are visible. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { mailKey } from '../../contract/key-layout.ts';
import { BUCKET_UIDS } from '../../contract/limits.ts';
import { bucketOf, dictmapKeys, messagePartition, uidKey } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { LetheError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import { isLive, type Message, toMessage } from './message.ts';

export interface MessagePage {
  readonly messages: readonly Message[];
  /** UID after which the next page begins; missing on the last. */
  readonly nextAfterUid?: number;
}

/**
 * One page of a mailbox in UID order. May hold fewer messages than asked for, even none, and yet
 * have a successor: buckets of expunged mail are passed over one at a time, so work is bounded.
 */
export async function listMessages(
  rows: RowStore,
  mailbox: Mailbox,
  page: { readonly afterUid: number; readonly limit: number },
): Promise<MessagePage> {
  const firstUid = page.afterUid + 1;
  const bucket = bucketOf(firstUid);
  const { rows: found, next } = await rows.query({
    table: 'dictmap',
    pk: messagePartition(mailbox.mailboxId, bucket),
    sk: { from: uidKey(firstUid) },
    limit: page.limit,
  });
  const messages = found.filter(isLive).map(toMessage);
  const lastUid = found.at(-1)?.key.sk;
  if (next !== undefined && lastUid !== undefined) {
    return { messages, nextAfterUid: Number(lastUid) };
  }
  if (bucket >= bucketOf(mailbox.uidNext - 1)) return { messages };
  return { messages, nextAfterUid: (bucket + 1) * BUCKET_UIDS - 1 };
}

/** @throws UnknownMessageError */
export async function fetchMessage(
  ports: Pick<Ports, 'rows' | 'objects'>,
  account: Account,
  mailbox: Mailbox,
  uid: number,
): Promise<{ readonly message: Message; readonly body: Uint8Array }> {
  const row = await ports.rows.get(dictmapKeys.message(mailbox.mailboxId, uid));
  if (row === undefined || !isLive(row)) {
    throw new LetheError(
      ERROR_NAMES.unknownMessage,
      `mailbox ${mailbox.mailboxId} has no message with UID ${uid}`,
      'List the mailbox to see which UIDs it has.',
    );
  }
  const message = toMessage(row);
  const key = mailKey(message.retentionClass, account.accountId, message.blobId);
  const stored = await ports.objects.get(key, message.versionId);
  if (stored === undefined) {
    throw new Error(`object of message ${message.guid} is missing: the audit must look at it`);
  }
  return { message, body: stored.body };
}
