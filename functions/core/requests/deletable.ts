/** What goes with a mailbox, and whether whoever asks may delete that. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError, quoted } from '../errors.ts';
import { mailboxesAtOnce } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { unknownMailbox } from '../mailboxes/mailboxes.ts';
import {
  hasRight,
  notAllowed,
  permissionDenied,
  requireRight,
  rightsOf,
} from '../mailboxes/rights.ts';
import { everyEntry } from '../messages/entries.ts';
import { INBOX, isAtOrBelow } from '../names/mailbox-path.ts';
import { isStorage, type MailAccess, type MailRequest } from './mail-access.ts';

/** Children that an error names. */
const NAMED_MAX = 20;

export interface Doomed {
  /** Parents first. */
  readonly mailboxes: readonly Mailbox[];
  /** Expunge storages among them, which go for good in every mode. */
  readonly storages: readonly Mailbox[];
}

/**
 * The mailboxes that go when a path is deleted. What nobody may see is not told of.
 * @param keepsParents a mailbox with children goes alone, and its name stays for them
 * @throws UnknownMailboxError, PermissionDeniedError, NotAllowedError, HasChildrenError
 */
export async function whatGoes(
  { ports, access }: MailRequest,
  path: string,
  { recursive, keepsParents }: { readonly recursive: boolean; readonly keepsParents: boolean },
): Promise<Doomed> {
  const there = (await mailboxesAtOnce(ports.rows, access.account))
    .filter((mailbox) => isAtOrBelow(mailbox.path, path))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  const itself = there.find((mailbox) => mailbox.path === path);
  const below = there.filter((mailbox) => mailbox !== itself);
  const shown = below.filter((mailbox) => isSeen(access, mailbox));
  if (itself !== undefined) requireRight(access.actor, access.settings, itself, 'x');
  else if (shown.length === 0) throw unknownMailbox(path);
  requireOwnDeletable(access, path);
  if (itself === undefined || !(keepsParents || isStorage(access, itself))) {
    if (shown.length > 0 && !recursive) throw hasChildren(path, shown);
  }
  const going = recursive || itself === undefined ? there : [itself];
  for (const mailbox of going) requireDeletableMailbox(access, path, mailbox);
  return { mailboxes: going, storages: going.filter((mailbox) => isStorage(access, mailbox)) };
}

const isSeen = ({ actor, settings }: MailAccess, mailbox: Mailbox): boolean =>
  rightsOf(actor, settings, mailbox) !== '';

/** @throws PermissionDeniedError, NotAllowedError */
export function requireDeletableMailbox(access: MailAccess, path: string, mailbox: Mailbox): void {
  const { actor, settings } = access;
  const named = isSeen(access, mailbox) ? mailbox.path : path;
  if (!hasRight(actor, settings, mailbox, 'x')) throw permissionDenied('x', named);
  if (actor.kind !== 'admin' && isStorage(access, mailbox)) throw protectedStorage(named);
}

/** Told by names alone, whether or not there is anything (DEV-03). */
function requireOwnDeletable({ actor, settings }: MailAccess, path: string): void {
  if (actor.kind === 'admin') return;
  if (path === INBOX) {
    throw notAllowed('INBOX cannot be deleted', 'Expunge its messages, or ask an administrator.');
  }
  const { storageName } = settings;
  const holds = storageName !== undefined && isAtOrBelow(storageName, path);
  if (holds || settings.isProtected(path)) throw protectedStorage(path);
}

function protectedStorage(path: string): LetheError {
  return notAllowed(
    `${quoted(path)} is the expunge storage or holds it: only administrators delete it`,
    'Choose another mailbox.',
  );
}

function hasChildren(path: string, children: readonly Mailbox[]): LetheError {
  const names = children.slice(0, NAMED_MAX).map((child) => quoted(child.path));
  const more = children.length - names.length;
  const rest = more === 0 ? '' : ` and ${more} more`;
  return new LetheError(
    ERROR_NAMES.hasChildren,
    `${quoted(path)} has mailboxes below it: ${names.join(', ')}${rest}`,
    'Delete those first, or ask again with recursive, which deletes them too.',
  );
}

/** Whether there is any message: counters may be off, so none is believed that says so (W8). */
export async function holdsMail({ ports }: MailRequest, mailbox: Mailbox): Promise<boolean> {
  if (mailbox.messages > 0) return true;
  for await (const _ of everyEntry(ports.rows, mailbox, ports.clock, { pageEntries: 1 }))
    return true;
  return false;
}
