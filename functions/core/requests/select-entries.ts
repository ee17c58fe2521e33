/** What a query looks into: mailboxes of one account, as the index and the rows show them. */
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailboxPage } from '../messages/entries.ts';
import type { PassOver } from '../messages/pass-over.ts';
import { storageReach } from '../queries/choose-mailboxes.ts';
import type { MailQuery } from '../queries/query.ts';
import type { Selecting, ShownMessage } from '../queries/select-messages.ts';
import type { MailRequest } from './mail-access.ts';

/** @param passOver what is told of rows that cannot be read; missing: such a fault is thrown */
export function selecting(
  { ports, access }: MailRequest,
  query: MailQuery,
  passOver?: (mailbox: Mailbox) => PassOver,
): Selecting {
  const { rows, clock } = ports;
  return {
    rows,
    account: access.account,
    query,
    readPage: async (mailbox, page) => {
      const wanted = { ...page, passOver: passOver?.(mailbox) };
      const { entries, nextAfterUid } = await readMailboxPage(rows, mailbox, wanted, clock.now());
      const messages = entries.map(
        ({ message, expunged }): ShownMessage => ({
          ...message,
          ...(expunged && { origin: expunged.origin, expungedAt: expunged.expungedAt }),
        }),
      );
      return nextAfterUid === undefined ? { messages } : { messages, nextAfterUid };
    },
    storages: storageReach(access.settings.expunge),
  };
}
