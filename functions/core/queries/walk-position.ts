/**
 * Where a walk through mailboxes stopped, so that the next request goes on there. To callers it is
 * opaque; it holds a path, an id and a UID, which their own answers tell them, too.
 */
import { InvalidInputError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { walkOrder } from './choose-mailboxes.ts';

export interface WalkPosition {
  readonly path: string;
  readonly mailboxId: string;
  /** Everything up to this UID is behind the walk. */
  readonly afterUid: number;
}

export const positionIn = (
  { path, mailboxId }: Pick<Mailbox, 'path' | 'mailboxId'>,
  afterUid: number,
): WalkPosition => ({ path, mailboxId, afterUid });

export const encodePosition = ({ path, mailboxId, afterUid }: WalkPosition): string =>
  Buffer.from(JSON.stringify([path, mailboxId, afterUid])).toString('base64url');

/** @throws InvalidInputError */
export function parsePosition(cursor: string): WalkPosition {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw wrongPosition(cursor);
  }
  const [path, mailboxId, afterUid] = Array.isArray(parts) ? parts : [];
  if (typeof path !== 'string' || typeof mailboxId !== 'string') throw wrongPosition(cursor);
  if (!Number.isSafeInteger(afterUid) || afterUid < 0) throw wrongPosition(cursor);
  return { path, mailboxId, afterUid };
}

const wrongPosition = (cursor: string): InvalidInputError =>
  InvalidInputError.of('cursor', `got ${quoted(cursor)}, allowed is the \`next\` of an answer`);

/**
 * The mailboxes that are still to be walked, and from where. A mailbox that is gone is passed; one
 * that has taken its name is walked from its start.
 * @param mailboxes in the order of the walk
 */
export function mailboxesLeft(
  mailboxes: readonly Mailbox[],
  position: WalkPosition | undefined,
): readonly { readonly mailbox: Mailbox; readonly afterUid: number }[] {
  if (position === undefined) return mailboxes.map((mailbox) => ({ mailbox, afterUid: 0 }));
  const { path, mailboxId, afterUid } = position;
  return mailboxes
    .filter((mailbox) => mailbox.mailboxId === mailboxId || walkOrder(mailbox.path, path) >= 0)
    .map((mailbox) => ({ mailbox, afterUid: mailbox.mailboxId === mailboxId ? afterUid : 0 }));
}
