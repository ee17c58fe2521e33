/** Deleting the mailboxes that an expunge by query has left empty (`doveadm expunge -d`). */
import { ERROR_NAMES, type ErrorName } from '../../contract/error-names.ts';
import { LetheError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { findInPlace } from '../messages/in-place-entries.ts';
import { INBOX } from '../names/mailbox-path.ts';
import { deleteMailbox } from './delete-request.ts';
import { isStorage, type MailRequest } from './mail-access.ts';

/** It holds something, or has children, or somebody else was first: then it is not deleted. */
const SPARED: readonly ErrorName[] = [
  ERROR_NAMES.mailboxNotEmpty,
  ERROR_NAMES.hasChildren,
  ERROR_NAMES.unknownMailbox,
];

export interface Emptied {
  /** Paths, in the order in which they went. */
  readonly deleted: readonly string[];
  readonly complete: boolean;
}

/**
 * The INBOX and expunge storages stay, and so do mailboxes that keep expunged mail in place: nobody
 * could bring it back once they are gone.
 * @param matched mailboxes that the query looked into
 * @throws AccountHeldError, AccountNotActiveError, StoreBusyError
 */
export async function deleteEmptied(
  request: MailRequest,
  matched: readonly Mailbox[],
  requestedBy: string,
): Promise<Emptied> {
  const deleted: string[] = [];
  // Children first: a parent has none then.
  const last = matched.toSorted((one, other) => (one.path < other.path ? 1 : -1));
  for (const mailbox of last.filter((one) => mayGo(request, one))) {
    if (request.ports.clock.now() > request.deadline) return { deleted, complete: false };
    const { path } = mailbox;
    if (await keepsMail(request, mailbox)) continue;
    const options = { requireEmpty: true };
    const done = await deleteMailbox(request, path, options, requestedBy).catch(unlessSpared);
    if (done !== undefined) deleted.push(path);
  }
  return { deleted, complete: true };
}

/** Whether mail that was expunged in place can come back there. */
async function keepsMail({ ports, deadline }: MailRequest, mailbox: Mailbox): Promise<boolean> {
  for (let afterUid: number | undefined = mailbox.keptAfterUid ?? 0; afterUid !== undefined; ) {
    const window = { afterUid, limit: 1, deadline, asOf: ports.clock.now() };
    const page: Awaited<ReturnType<typeof findInPlace>> = await findInPlace(ports, mailbox, window);
    // One that cannot be looked at to its end in time stays.
    if (page.entries.length > 0 || ports.clock.now() > deadline) return true;
    afterUid = page.nextAfterUid;
  }
  return false;
}

/** Those that would hold nothing more, by their counters. @param expunged what the query means */
export function wouldBeEmptied(
  request: MailRequest,
  matched: readonly Mailbox[],
  expunged: readonly { readonly mailbox: string }[],
): string[] {
  const counts = Map.groupBy(expunged, ({ mailbox }) => mailbox);
  return matched
    .filter((one) => mayGo(request, one))
    .filter((one) => !keepsInPlace(request, one) || one.messages === 0)
    .filter(({ path, messages }) => messages === (counts.get(path)?.length ?? 0))
    .map(({ path }) => path);
}

/** Whether an expunge leaves mail there that can come back. */
const keepsInPlace = ({ access: { settings } }: MailRequest, { path, specialUse }: Mailbox) =>
  settings.expunge.mode === 'in-place' && !settings.isExcluded(path, specialUse);

const mayGo = ({ access }: MailRequest, mailbox: Mailbox): boolean =>
  mailbox.path !== INBOX && !isStorage(access, mailbox);

function unlessSpared(error: unknown): undefined {
  const spared = error instanceof LetheError && SPARED.some((name) => name === error.name);
  if (!spared) throw error;
}
