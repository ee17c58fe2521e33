/** Who may do what in a mailbox (RFC 4314). */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import { RIGHTS } from '../../contract/mailbox-names.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Actor } from '../accounts/actor.ts';
import { LetheError, quoted } from '../errors.ts';
import type { RowStore } from '../ports/row-store.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import type { Mailbox } from './mailbox.ts';
import { findMailbox, requireMailbox, unknownMailbox } from './mailboxes.ts';

/** A letter of RFC 4314, 2.1. */
export type Right = 'l' | 'r' | 's' | 'w' | 'i' | 'p' | 'k' | 'x' | 't' | 'e' | 'a';

/** Everything that says what a request may do in an account. */
export interface Access {
  readonly account: Account;
  readonly actor: Actor;
  readonly settings: ResolvedSettings;
}

/** A mailbox, or a name that none need have: there, other users have no rights. */
type NameOrMailbox = Pick<Mailbox, 'path' | 'acl' | 'role'> | string;

/** The identifier that stands for every user. */
export const ANYONE = 'anyone';

/**
 * The rights of an actor, in the order of RFC 4314. The owner has all, or those that the settings
 * fix, which no ACL overrides; other users those of the ACL, of `anyone` and their own together;
 * administrators all.
 */
export function rightsOf(actor: Actor, settings: ResolvedSettings, place: NameOrMailbox): string {
  if (actor.kind === 'admin') return RIGHTS;
  if (actor.kind === 'owner') return ownerRights(settings, place);
  const { acl = {} } = typeof place === 'string' ? {} : place;
  const given = [ANYONE, actor.accountId].map((name) =>
    Object.hasOwn(acl, name) ? acl[name] : '',
  );
  return [...RIGHTS].filter((letter) => given.join('').includes(letter)).join('');
}

/** A mailbox is a storage by its role: it stays one under other settings, and mail of old is none. */
function ownerRights(settings: ResolvedSettings, place: NameOrMailbox): string {
  const path = typeof place === 'string' ? place : place.path;
  const isStorage = typeof place === 'string' ? settings.isStorage(path) : place.role === 'storage';
  return settings.ownerRightsOf(path) ?? (isStorage ? settings.storageRights : RIGHTS);
}

export function hasRight(
  actor: Actor,
  settings: ResolvedSettings,
  place: NameOrMailbox,
  right: Right,
): boolean {
  return rightsOf(actor, settings, place).includes(right);
}

/**
 * @throws PermissionDeniedError without the right; UnknownMailboxError for those without any, who
 *   are not told that the mailbox exists (DEV-05)
 */
export function requireRight(
  actor: Actor,
  settings: ResolvedSettings,
  place: NameOrMailbox,
  right: Right,
): void {
  requireAnyRight(actor, settings, place);
  if (hasRight(actor, settings, place, right)) return;
  throw permissionDenied(right, typeof place === 'string' ? place : place.path);
}

/** @throws UnknownMailboxError for those without any right */
export function requireAnyRight(
  actor: Actor,
  settings: ResolvedSettings,
  place: NameOrMailbox,
): void {
  if (rightsOf(actor, settings, place) !== '') return;
  throw unknownMailbox(typeof place === 'string' ? place : place.path);
}

/**
 * A mailbox that exists and on which the actor has a right; any will do when none is named.
 * @throws UnknownMailboxError, PermissionDeniedError
 */
export async function requireMailboxWith(
  rows: RowStore,
  access: Access,
  path: string,
  right?: Right,
): Promise<Mailbox> {
  const { account, actor, settings } = access;
  const mailbox = await requireMailbox(rows, account, path);
  if (right === undefined) requireAnyRight(actor, settings, mailbox);
  else requireRight(actor, settings, mailbox, right);
  return mailbox;
}

/**
 * A mailbox that mail can be put into. Mail enters the expunge storage by being expunged, in no
 * other way, whether or not the storage is there yet (DEV-04).
 * @throws UnknownMailboxError, PermissionDeniedError, NotAllowedError
 */
export async function requireTarget(
  rows: RowStore,
  access: Access,
  path: string,
): Promise<Mailbox> {
  return checkTarget(access, path, await findMailbox(rows, access.account, path));
}

/** As requireTarget, of a mailbox that has been read. @param target undefined: it is not there */
export function checkTarget(
  { actor, settings }: Access,
  path: string,
  target: Mailbox | undefined,
): Mailbox {
  const isStorage = meansStorage(settings, path, target);
  if (target === undefined && !isStorage) throw unknownMailbox(path);
  requireRight(actor, settings, target ?? path, 'i');
  if (target !== undefined && !isStorage) return target;
  throw notAllowed(
    `${quoted(path)} is the expunge storage: only an expunge puts mail there`,
    'Expunge it, or choose another mailbox.',
  );
}

/**
 * Whether a path is that of an expunge storage, present or to come. A mailbox that holds mail does not
 * become one because the settings came to name it.
 */
export const meansStorage = (
  settings: ResolvedSettings,
  path: string,
  mailbox: Mailbox | undefined,
): boolean =>
  mailbox?.role === 'storage' || (settings.isStorage(path) && (mailbox?.messages ?? 0) === 0);

/**
 * Of marks that a message would bring along, those that the actor may set there: `t` is for
 * `\\Deleted`, `s` for `\\Seen`, `w` for everything else (RFC 4314, 4).
 */
export function permittedMarks<M extends Marks>(
  { actor, settings }: Pick<Access, 'actor' | 'settings'>,
  mailbox: Mailbox,
  marked: M,
): M {
  const rights = rightsOf(actor, settings, mailbox);
  const flags = [...marked.flags].filter((flag) => rights.includes(rightToSet(flag)));
  const keywords = rights.includes('w') ? marked.keywords : new Set<string>();
  return { ...marked, flags: new Set(flags), keywords };
}

interface Marks {
  readonly flags: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
}

function rightToSet(flag: string): Right {
  if (flag === '\\Deleted') return 't';
  return flag === '\\Seen' ? 's' : 'w';
}

export function permissionDenied(right: Right, path: string): LetheError {
  return new LetheError(
    ERROR_NAMES.permissionDenied,
    `the right ${right} on the mailbox ${quoted(path)} is missing`,
    'Ask for the right, or let an administrator do it.',
  );
}

export function forAdministrators(what: string): LetheError {
  return new LetheError(
    ERROR_NAMES.permissionDenied,
    `${what} is for administrators`,
    'Ask an administrator, who has a door of their own.',
  );
}

/** Whatever the rights: the mailbox is protected, or the operation makes no sense on it. */
export function notAllowed(message: string, next: string): LetheError {
  return new LetheError(ERROR_NAMES.notAllowed, message, next);
}

/** Of a mailbox that was none when the request began. */
const becameStorage = (path: string): LetheError =>
  notAllowed(
    `${quoted(path)} has become the expunge storage: only an expunge puts mail there`,
    'Choose another mailbox.',
  );

/**
 * A target as it is now: it may have become the storage since the rights were looked at (DEV-04).
 * @throws NotAllowedError
 */
export function requireStillTarget<M extends Pick<Mailbox, 'role' | 'path'>>(target: M): M {
  if (target.role === 'storage') throw becameStorage(target.path);
  return target;
}
