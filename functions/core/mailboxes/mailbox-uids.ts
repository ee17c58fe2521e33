/**
 * UIDs that come along from another store. Clients cache mail by UIDVALIDITY and UID (RFC 9051,
 * 2.3.1.1), so a mailbox that moves house keeps both, and never gives a UID that the old store had
 * given before.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { UID_MAX, UID_STEP_MAX, UID_VALIDITY_MAX } from '../../contract/limits.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Actor } from '../accounts/actor.ts';
import { InvalidInputError, LetheError, quoted } from '../errors.ts';
import { untilWon } from '../rows/contention.ts';
import { bothMarks, markOf } from './bucket-directory.ts';
import { deadWrites } from './dead-writes.ts';
import type { Mailbox } from './mailbox.ts';
import { type MailboxPorts, readMailbox, whyNotActive } from './mailboxes.ts';
import { readNameMemories, requireUnseen } from './name-memory.ts';
import { passedInTop } from './passed-over.ts';
import { uidConflict } from './uid-conflict.ts';

/** @throws InvalidInputError naming the field */
export function checkUidValidity(field: string, value: number): number {
  return checkWhole(field, value, UID_VALIDITY_MAX);
}

function checkWhole(field: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw InvalidInputError.of(
    field,
    `got ${quoted(value)}, allowed is a whole number from 1 to ${most}`,
  );
}

/**
 * The UIDs asked for; undefined when none are.
 * @throws InvalidInputError when only some messages have one, or they do not rise
 */
export function checkUids(
  messages: readonly { readonly uid?: number }[],
): readonly number[] | undefined {
  const uids = messages.flatMap(({ uid }) => (uid === undefined ? [] : [uid]));
  if (uids.length === 0) return undefined;
  if (uids.length < messages.length) {
    throw InvalidInputError.of('messages', 'some have a uid; allowed are all of them or none');
  }
  for (const [index, uid] of uids.entries()) {
    const field = `messages[${index}].uid`;
    checkWhole(field, uid, UID_MAX);
    const before = uids[index - 1] ?? 0;
    if (uid > before) continue;
    throw InvalidInputError.of(field, `got ${uid} after ${before}, allowed are rising UIDs`);
  }
  return uids;
}

/**
 * Every place that gives a UID asks here first.
 * @throws UidsExhaustedError beyond the last of 32 bits: what it named could never be read
 */
export function requireUid(mailbox: Mailbox, uid: number): number {
  if (uid <= UID_MAX) return uid;
  throw new LetheError(
    ERROR_NAMES.uidsExhausted,
    `mailbox ${mailbox.mailboxId} has given all UIDs up to ${UID_MAX}`,
    'Make another mailbox, which begins anew, and move the mail there.',
  );
}

/**
 * Before the first of so many messages gets one, so that all of them do or none.
 * @throws UidsExhaustedError
 */
export const requireUids = (mailbox: Mailbox, count: number): number =>
  requireUid(mailbox, mailbox.uidNext + count - 1);

/**
 * UIDs that are passed over are lost for good, so one request passes over a part of them only.
 * @param field of the request
 * @param uidNext what UIDNEXT would become
 * @throws InvalidInputError
 */
export function requireUidStep(field: string, mailbox: Mailbox, uidNext: number): void {
  const most = Math.min(mailbox.uidNext + UID_STEP_MAX, UID_MAX + 1);
  if (uidNext <= most) return;
  throw InvalidInputError.of(
    field,
    `got ${quoted(uidNext)} as the next UIDNEXT, allowed is at most ${most}: one request raises it by ${UID_STEP_MAX}`,
  );
}

/**
 * What other clients have in their caches hangs on UIDs: whoever may insert mail may not set them.
 * @throws PermissionDeniedError for other users than the owner
 */
export function requireUidsSetter(actor: Actor): void {
  if (actor.kind !== 'user') return;
  throw new LetheError(
    ERROR_NAMES.permissionDenied,
    "UIDs, UIDNEXT and UIDVALIDITY are the owner's or an administrator's to set",
    'Leave them out: the mailbox gives the next.',
  );
}

/** @throws UidConflictError when the mailbox is not the one that the UIDs belong to */
export function requireUidValidity(mailbox: Mailbox, uidValidity: number | undefined): void {
  if (uidValidity === undefined || uidValidity === mailbox.uidValidity) return;
  throw uidConflict(
    `mailbox ${mailbox.mailboxId} has UIDVALIDITY ${mailbox.uidValidity}, not ${uidValidity}`,
  );
}

/**
 * Gives an unused mailbox the UIDVALIDITY of another store, or raises UIDNEXT to what that store
 * would have given next. Raising is repeatable; nothing is ever lowered.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UidConflictError, AccountNotActiveError, StoreBusyError
 */
// biome-ignore lint/complexity/useMaxParams: callers outside of this repository use this form
export async function changeUids(
  ports: MailboxPorts,
  account: Account,
  mailboxId: string,
  change: { readonly uidValidity?: number; readonly uidNext?: number },
  deadline: number,
): Promise<Mailbox> {
  if (change.uidValidity !== undefined) checkUidValidity('uidValidity', change.uidValidity);
  if (change.uidNext !== undefined) checkWhole('uidNext', change.uidNext, UID_MAX + 1);
  return await untilWon(ports, deadline, async () => {
    const mailbox = await readMailbox(ports.rows, mailboxId);
    if (mailbox?.state !== 'active') throw whyNotActive(account, mailbox);
    const wanted = changed(mailbox, change);
    const { uidValidity, uidNext } = wanted;
    if (uidValidity === mailbox.uidValidity && uidNext === mailbox.uidNext) return mailbox;
    if (uidValidity !== mailbox.uidValidity) {
      // While it has the name, no other mailbox leaves it: what is read here stays true.
      const { path } = mailbox;
      requireUnseen((await readNameMemories(ports.rows, account.accountId, [path]))(path), wanted);
    }
    const passed = passedInTop(mailbox, markOf(mailbox).top, [uidNext]);
    const result = await ports.rows.transact([
      {
        kind: 'update',
        key: dictmapKeys.mailbox(mailboxId),
        guard: {
          row: 'present',
          equals: {
            state: 'active',
            uidValidity: mailbox.uidValidity,
            uidNext: mailbox.uidNext,
            path: mailbox.path,
          },
        },
        change: { set: { uidValidity, uidNext, ...bothMarks(mailbox) } },
      },
      ...(await deadWrites(ports.rows, mailboxId, passed)),
    ]);
    return result.outcome === 'written' ? wanted : 'lost';
  });
}

function changed(
  mailbox: Mailbox,
  change: { readonly uidValidity?: number; readonly uidNext?: number },
): Mailbox {
  const { uidValidity = mailbox.uidValidity, uidNext = 1 } = change;
  if (uidValidity !== mailbox.uidValidity && mailbox.uidNext > 1) {
    throw uidConflict(
      `mailbox ${mailbox.mailboxId} has given UIDs below ${mailbox.uidNext} under UIDVALIDITY ${mailbox.uidValidity}: it stays`,
    );
  }
  return { ...mailbox, uidValidity, uidNext: Math.max(mailbox.uidNext, uidNext) };
}
