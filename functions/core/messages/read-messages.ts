/** Listing and fetching what a mailbox shows: live mail, or what the expunge storage keeps. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { mailKey } from '../../contract/key-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { LetheError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import type { Ports } from '../ports/ports.ts';
import { readEntries, readMailboxPage } from './entries.ts';
import type { Message } from './message.ts';

export interface MessagePage {
  readonly messages: readonly Message[];
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
  const messages = entries.map(({ message }) => message);
  return nextAfterUid === undefined ? { messages } : { messages, nextAfterUid };
}

/** @throws UnknownMessageError */
export async function fetchMessage(
  ports: Pick<Ports, 'rows' | 'objects' | 'clock'>,
  account: Account,
  mailbox: Mailbox,
  uid: number,
): Promise<{ readonly message: Message; readonly body: Uint8Array }> {
  const [entry] = await readEntries(ports.rows, mailbox, [uid], ports.clock.now());
  if (entry === undefined) {
    throw new LetheError(
      ERROR_NAMES.unknownMessage,
      `mailbox ${mailbox.mailboxId} has no message with UID ${uid}`,
      'List the mailbox to see which UIDs it has.',
    );
  }
  const { message } = entry;
  const key = mailKey(message.retentionClass, account.accountId, message.blobId);
  const stored = await ports.objects.get(key, message.versionId);
  if (stored === undefined) {
    throw new Error(`object of message ${message.guid} is missing: the audit must look at it`);
  }
  return { message, body: stored.body };
}
