/** What tells the bulk verbs apart. */
import type { BulkVerb } from '../../contract/machines.ts';
import { quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireMailbox } from '../mailboxes/mailboxes.ts';
import { meansStorage, notAllowed } from '../mailboxes/rights.ts';
import type { Entry } from '../messages/entries.ts';
import { expungeMessages } from '../messages/expunge-messages.ts';
import type {
  Chunked,
  ChunkPorts,
  MailContext,
  MessagePorts,
  Rider,
} from '../messages/in-chunks.ts';
import type { PassOver } from '../messages/pass-over.ts';
import { restoreMessages } from '../messages/restore-messages.ts';
import { isCounted } from '../quota/quota.ts';
import type { BulkRequest } from './bulk-request.ts';

interface Taken {
  readonly sizeBytes: number;
}

interface BulkTask {
  readonly context: MailContext;
  readonly request: BulkRequest;
  readonly mailbox: Mailbox;
  readonly uids: readonly number[];
  readonly rider: Rider<Taken>;
  readonly passOver: PassOver;
  readonly isMeant: (entry: Entry) => boolean;
  /** Epoch milliseconds after which no new try begins. */
  readonly deadline: number;
}

export interface BulkKind<P extends ChunkPorts> {
  readonly verb: BulkVerb;
  /** Mailboxes that are looked into at all; all when missing. */
  readonly looksInto?: (mailbox: Mailbox) => boolean;
  /** Whether an entry can be meant. */
  takes(entry: Entry): boolean;
  /** Bytes that count for the quota once an entry has come back. */
  quotaBytes(context: MailContext, request: BulkRequest, source: Mailbox, entry: Entry): number;
  /** What must be there and allowed before anything is planned. */
  check(ports: P, context: MailContext, request: BulkRequest): Promise<void>;
  act(ports: P, task: BulkTask): Promise<Chunked<Taken>>;
}

export const BULK_EXPUNGE: BulkKind<ChunkPorts> = {
  verb: 'expunge-messages',
  takes: () => true,
  quotaBytes: () => 0,
  check: async () => undefined,
  act: (ports, { context, request, mailbox, uids, rider, passOver, isMeant, deadline }) => {
    const bypassStorage = request.bypassExpungeStorage === true;
    const options = { bypassStorage, rider, passOver, isMeant, chosenPath: mailbox.path };
    return expungeMessages({ ports, context, deadline }, mailbox, uids, options);
  },
};

export const BULK_RESTORE: BulkKind<MessagePorts> = {
  verb: 'restore-messages',
  looksInto: ({ role }) => role === 'storage',
  // What lay in the mailbox before it became the storage was never expunged.
  takes: ({ expunged }) => expunged !== undefined,
  quotaBytes: ({ settings }, { to }, source, { message, expunged }) =>
    settings.isExempt(to ?? expunged?.origin ?? '') || isCounted(settings, source)
      ? 0
      : message.sizeBytes,
  check: async (ports, { account, settings }, { to }) => {
    if (to === undefined) return;
    const target = await requireMailbox(ports.rows, account, to);
    if (!meansStorage(settings, to, target)) return;
    throw notAllowed(
      `${quoted(to)} is the expunge storage: only an expunge puts mail there`,
      'Choose another mailbox.',
    );
  },
  act: (ports, { context, request: { to }, mailbox, uids, rider, deadline }) => {
    const options = to === undefined ? { rider } : { to, rider };
    return restoreMessages({ ports, context, deadline }, mailbox, uids, options);
  },
};
