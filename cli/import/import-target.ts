/** Where an import goes, as the importer sees it. */

import { UID_STEP_MAX } from '../../functions/contract/limits.ts';
import type { DeliverRequest } from '../../functions/contract/requests/deliveries.ts';
import type { LetheClient } from '../api/lethe-client.ts';
import { ProblemError } from '../errors.ts';
import { type FolderUids, mailboxPath } from './mail-source.ts';

export interface TargetMailbox extends FolderUids {
  readonly path: string;
}

interface TargetMessage {
  readonly uid: number;
  readonly size: number;
  readonly digest: string;
}

export interface ImportTarget {
  readonly accountId: string;
  /** Whether messages are to be stored that the quota has no room for. */
  readonly overQuota?: boolean;
  /** The mailbox of that path as it is now, if there is one. */
  find(path: string): Promise<TargetMailbox | undefined>;
  create(path: string, uidValidity?: number): Promise<TargetMailbox>;
  change(path: string, change: Partial<FolderUids>): Promise<TargetMailbox>;
  /** In the order of their UIDs, page by page. */
  messages(path: string): AsyncIterable<readonly TargetMessage[]>;
  /** Stores a batch: same key and same body are stored once. @returns the UIDs given */
  deliver(body: string, key: string): Promise<readonly number[]>;
  /** Sends a message that is too large for a request. @returns the id to deliver it by */
  upload(raw: Uint8Array): Promise<string>;
  subscriptions(): Promise<ReadonlySet<string>>;
  subscribe(path: string): Promise<void>;
}

/** The account of a user, through the API. */
export interface TargetOptions {
  readonly signal: AbortSignal;
  /** Also brings what the quota has no room for: for administrators. */
  readonly overQuota?: boolean;
}

export async function openTarget(
  client: LetheClient,
  user: string,
  { signal, overQuota = false }: TargetOptions,
): Promise<ImportTarget> {
  const { accountId } = await client.account(user);
  const known = new Map<string, TargetMailbox>();
  for await (const page of client.mailboxes(user)) {
    for (const mailbox of page) known.set(mailboxPath(mailbox.path.split('/')), mailbox);
  }
  return {
    accountId,
    overQuota,
    find: async (path) => known.get(path),
    async create(path, uidValidity) {
      const request = { path, ...(uidValidity === undefined ? {} : { uidValidity }) };
      try {
        return await client.createMailbox(user, request);
      } catch (error) {
        // Somebody else created it in the meantime.
        if (!isProblem(error, 'urn:lethe:mailbox-exists')) throw error;
        for await (const page of client.mailboxes(user)) {
          const found = page.find((mailbox) => mailbox.path === path);
          if (found !== undefined) return found;
        }
        throw error;
      }
    },
    async change(path, { uidNext = 1, ...rest }) {
      // One request raises UIDNEXT by a step at most.
      const first = { path, ...rest, uidNext: Math.min(uidNext, UID_STEP_MAX) };
      let mailbox = await client.changeMailbox(user, uidNext === 1 ? { path, ...rest } : first);
      while (mailbox.uidNext < uidNext) {
        const step = Math.min(uidNext, mailbox.uidNext + UID_STEP_MAX);
        mailbox = await client.changeMailbox(user, { path, uidNext: step });
      }
      return mailbox;
    },
    messages: (path) => client.messages(user, path),
    deliver: async (body, key) =>
      (await client.deliver(user, body, key, { signal, asAdmin: overQuota })).uids,
    upload: (raw) => client.upload(user, raw, signal),
    async subscriptions() {
      const paths = new Set<string>();
      for await (const page of client.subscriptions(user)) {
        for (const { path } of page) paths.add(path);
      }
      return paths;
    },
    subscribe: (path) => client.subscribe(user, { path }),
  };
}

/** UIDs, or a UIDVALIDITY, that the mailbox cannot take any more. */
export const isUidConflict = (error: unknown): boolean =>
  isProblem(error, 'urn:lethe:uid-conflict');

const isProblem = (error: unknown, type: string): boolean =>
  error instanceof ProblemError && error.problem.type === type;

/** Takes everything and keeps nothing: to see what an import would find in its source. */
export function nowhere(): ImportTarget {
  const mailboxes = new Map<string, TargetMailbox>();
  const put = (mailbox: TargetMailbox): TargetMailbox => {
    mailboxes.set(mailbox.path, mailbox);
    return mailbox;
  };
  const get = (path: string): TargetMailbox =>
    mailboxes.get(path) ?? { path, uidValidity: 1, uidNext: 1 };
  return {
    accountId: 'nowhere',
    find: async (path) => mailboxes.get(path),
    create: async (path, uidValidity = 1) => put({ path, uidValidity, uidNext: 1 }),
    change: async (path, change) => put({ ...get(path), ...change }),
    async *messages() {},
    async deliver(body) {
      const { mailbox = '', messages } = JSON.parse(body) as DeliverRequest;
      const { uidNext } = get(mailbox);
      const uids = messages.map(({ uid }, index) => uid ?? uidNext + index);
      put({ ...get(mailbox), uidNext: (uids.at(-1) ?? 0) + 1 });
      return uids;
    },
    upload: async () => '0'.repeat(32),
    subscriptions: async () => new Set(),
    subscribe: async () => {},
  };
}
