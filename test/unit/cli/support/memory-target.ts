/** An account that only remembers what an import brought, as `ImportTarget`. */

import type { ImportTarget, TargetMailbox } from '../../../../cli/import/import-target.ts';
import { digestOf } from '../../../../cli/import/parity.ts';
import type { DeliverRequest } from '../../../../functions/contract/requests/deliveries.ts';

export interface MemoryTarget extends ImportTarget {
  /** Bodies by mailbox, in the order of their UIDs. */
  bodies(): Readonly<Record<string, readonly string[]>>;
}

interface Stored {
  readonly uid: number;
  readonly body: Buffer;
}

export function memoryTarget(): MemoryTarget {
  const mailboxes = new Map<string, { mailbox: TargetMailbox; messages: Stored[] }>();
  const get = (path: string) => {
    const found = mailboxes.get(path) ?? {
      mailbox: { path, uidValidity: 1, uidNext: 1 },
      messages: [],
    };
    mailboxes.set(path, found);
    return found;
  };
  return {
    accountId: 'memory',
    find: async (path) => mailboxes.get(path)?.mailbox,
    async create(path, uidValidity = 1) {
      const found = get(path);
      found.mailbox = { path, uidValidity, uidNext: 1 };
      return found.mailbox;
    },
    async change(path, change) {
      const found = get(path);
      found.mailbox = { ...found.mailbox, ...change };
      return found.mailbox;
    },
    async *messages(path) {
      yield get(path).messages.map(({ uid, body }) => ({
        uid,
        size: body.length,
        digest: digestOf(body),
      }));
    },
    async deliver(request) {
      const { mailbox = 'INBOX', messages } = JSON.parse(request) as DeliverRequest;
      const found = get(mailbox);
      const uids = messages.map(({ uid, ...content }) => {
        const given = uid ?? found.mailbox.uidNext;
        if (given < found.mailbox.uidNext) throw new Error(`UID ${given} does not rise`);
        const raw = 'raw' in content ? content.raw : '';
        found.messages.push({ uid: given, body: Buffer.from(raw, 'base64') });
        found.mailbox = { ...found.mailbox, uidNext: given + 1 };
        return given;
      });
      return uids;
    },
    upload: async () => '0'.repeat(32),
    subscriptions: async () => new Set(),
    subscribe: async () => {},
    bodies: () =>
      Object.fromEntries(
        [...mailboxes].map(([path, { messages }]) => [
          path,
          messages.map(({ body }) => body.toString('latin1')),
        ]),
      ),
  };
}
