/** What a query looks into: mailboxes of one account, as the index and the rows show them. */
import { readMailboxPage } from '../messages/entries.ts';
import type { Query } from '../queries/query.ts';
import type { Selecting, ShownMessage } from '../queries/select-messages.ts';
import type { MailRequest } from './mail-access.ts';

export function selecting({ ports, access }: MailRequest, query: Query): Selecting {
  const { rows, clock } = ports;
  const { expunge } = access.settings;
  return {
    rows,
    account: access.account,
    query,
    readPage: async (mailbox, page) => {
      const { entries, nextAfterUid } = await readMailboxPage(rows, mailbox, page, clock.now());
      const messages = entries.map(
        ({ message, expunged }): ShownMessage => ({
          ...message,
          ...(expunged && { origin: expunged.origin, expungedAt: expunged.expungedAt }),
        }),
      );
      return nextAfterUid === undefined ? { messages } : { messages, nextAfterUid };
    },
    ...(expunge.mode === 'namespace' ? { hiddenNamespace: expunge.prefix.slice(0, -1) } : {}),
  };
}
