/**
 * Restoring from the expunge storage: to the folder that a message came from, or to one that is
 * named. The mailbox that its row lies in is that folder, whatever it is called today.
 */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import { LetheError, quoted, StoreBusyError } from '../errors.ts';
import { createMailbox } from '../mailboxes/create-mailbox.ts';
import { isThere } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireUids } from '../mailboxes/mailbox-uids.ts';
import {
  findMailbox,
  readMailbox,
  requireActiveMailbox,
  requireMailbox,
} from '../mailboxes/mailboxes.ts';
import { meansStorage, notAllowed, requireStillTarget } from '../mailboxes/rights.ts';
import { settingsFor } from '../policies/policy-attributes.ts';
import { ByteCopies } from './byte-copies.ts';
import { addMessage } from './copy-messages.ts';
import { type Entry, readEntries } from './entries.ts';
import {
  type Chunked,
  inChunks,
  type MailContext,
  type MailWork,
  type MessagePorts,
  type Rider,
} from './in-chunks.ts';
import { moveStored } from './move-messages.ts';

/** Rows that one restore needs, at most: new, old, links of its blob, a day's count. */
const RESTORE_ROWS = 4;

/** UIDs looked at together: those of one target are restored in chunks of some 48. */
const LOOK_AHEAD = 500;

export interface RestoreOptions {
  /** Path of the mailbox to restore to, which must exist; the origin folder when missing. */
  readonly to?: string;
  /** The storage keeps its copy, whose time runs on. */
  readonly keep?: boolean;
  readonly rider?: Rider<RestoredMessage>;
  /** Refuses a folder of origin, by throwing; its name alone when it is to be made. */
  readonly allows?: (place: Mailbox | string) => void | Promise<void>;
}

export interface RestoredMessage {
  /** In the storage. */
  readonly uid: number;
  readonly to: string;
  readonly newUid: number;
  readonly sizeBytes: number;
}

/**
 * Restores the messages with these UIDs of a storage mailbox. `\Deleted` is cleared, or the next
 * EXPUNGE would take them again; everything else is kept but UID and save date (L3).
 * @throws UnknownMailboxError, AccountNotActiveError, StoreBusyError; AccountHeldError without
 *   `keep`, because the rows in the storage end (W6)
 */
export async function restoreMessages(
  work: MailWork,
  storage: Mailbox,
  uids: readonly number[],
  options: RestoreOptions,
): Promise<Chunked<RestoredMessage>> {
  const { ports, context } = work;
  requireStorage(storage);
  if (options.keep !== true) requireUnheld(context.account);
  const results: RestoredMessage[] = [];
  const wanted = uids.toSorted((one, other) => one - other);
  for (let at = 0; at < wanted.length; at += LOOK_AHEAD) {
    const some = wanted.slice(at, at + LOOK_AHEAD);
    const entries = await readEntries(ports.rows, storage, { uids: some }, ports.clock.now());
    const targets = await targetsOf(ports, context, entries, options).catch((error: unknown) => {
      if (results.length === 0) throw error;
      return undefined;
    });
    // Asked again for the rest, it says what is wrong with it.
    if (targets === undefined) return { results, complete: false };
    for (const [target, members] of targets) {
      try {
        const part = await restoreTo(work, storage, members, { ...options, target });
        results.push(...part.results);
        if (!part.complete) return { results, complete: false };
      } catch (error) {
        // What went to other folders is done, and the answer has to say so.
        if (!(error instanceof StoreBusyError) || results.length === 0) throw error;
        return { results, complete: false };
      }
    }
  }
  return { results, complete: true };
}

async function restoreTo(
  { ports, context, deadline }: MailWork,
  storage: Mailbox,
  uids: readonly number[],
  { target: to, keep = false, rider }: RestoreOptions & { readonly target: Mailbox },
): Promise<Chunked<RestoredMessage>> {
  requireUids(to, uids.length);
  const { account } = context;
  const copies = new ByteCopies(ports, account);
  return await inChunks(ports, {
    account,
    uids,
    deadline,
    keptMarks: context.keptMarks,
    prepare: async () => ({
      source: storage,
      target: requireStillTarget(await requireActiveMailbox(ports.rows, account, to.mailboxId)),
    }),
    rider,
    before: (entries) => copies.makeForStored(entries),
    take: async (chunk, entry, { target }) => {
      if (entry.expunged === undefined) return 'gone';
      if (!chunk.fits(RESTORE_ROWS + 1, entry)) return 'full';
      const cleared = withoutDeleted(entry);
      const { uid, sizeBytes } = entry.message;
      if (!keep) {
        const newUid = await moveStored(copies, chunk, cleared, target);
        return newUid === undefined ? 'gone' : { uid, to: target.path, newUid, sizeBytes };
      }
      const bytes = await copies.of(cleared);
      if (bytes === undefined) return 'gone';
      chunk.check(entry);
      const newUid = addMessage(chunk, target, cleared, { way: 'restore', bytes });
      return { uid, to: target.path, newUid, sizeBytes };
    },
  });
}

function withoutDeleted(entry: Entry): Entry {
  const flags = new Set([...entry.message.flags].filter((flag) => flag !== '\\Deleted'));
  return { ...entry, message: { ...entry.message, flags } };
}

/** UIDs by the mailbox that they go to, in UID order. */
async function targetsOf(
  ports: MessagePorts,
  context: MailContext,
  entries: readonly Entry[],
  options: RestoreOptions,
): Promise<[Mailbox, number[]][]> {
  const { to } = options;
  const groups = Map.groupBy(entries, ({ home, expunged }) =>
    to === undefined ? `${home.mailboxId} ${expunged?.origin ?? ''}` : '',
  );
  const targets: [Mailbox, number[]][] = [];
  for (const members of groups.values()) {
    const [first] = members;
    if (first === undefined) continue;
    const target = await targetOf(ports, context, first, options);
    targets.push([target, members.map(({ message }) => message.uid)]);
  }
  return targets;
}

async function targetOf(
  ports: MessagePorts,
  { account, settings }: MailContext,
  { home, expunged }: Entry,
  { to, allows = () => undefined }: RestoreOptions,
): Promise<Mailbox> {
  if (to !== undefined) return await requireMailbox(ports.rows, account, to);
  const allowed = async (target: Mailbox): Promise<Mailbox> => {
    if (meansStorage(settings, target.path, target)) throw isStorageName(target.path);
    await allows(target);
    return target;
  };
  const origin = await readMailbox(ports.rows, home.mailboxId);
  if (origin !== undefined && isThere(account, origin)) return await allowed(origin);
  // The folder is gone: one of its name takes its place.
  const path = expunged?.origin ?? '';
  const there = await findMailbox(ports.rows, account, path);
  if (there !== undefined) return await allowed(there);
  if (settings.isProtected(path)) throw isStorageName(path);
  await allows(path);
  return await createMailbox(ports, account, path, settingsFor(settings, path));
}

const isStorageName = (path: string): LetheError =>
  notAllowed(
    `the folder of origin, ${quoted(path)}, has the name of the expunge storage by now`,
    'Nothing was restored there. Name another mailbox with `to`.',
  );

function requireStorage(mailbox: Mailbox): void {
  if (mailbox.role === 'storage') return;
  throw new LetheError(
    ERROR_NAMES.notAllowed,
    `mailbox ${mailbox.mailboxId} is no expunge storage: nothing in it was expunged`,
    'Name the expunge storage, or copy the messages.',
  );
}
