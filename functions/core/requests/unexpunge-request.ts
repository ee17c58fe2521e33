/** What administrators ask about mail that was expunged in place, and bringing it back. */

import type { UnexpungeRequest } from '../../contract/requests/unexpunge.ts';
import type { UnexpungeAnswer } from '../../contract/unexpunge-api.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import { InvalidInputError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Entry, EntryPage } from '../messages/entries.ts';
import { parseKeywords } from '../messages/flags.ts';
import { findInPlace, readInPlace } from '../messages/in-place-entries.ts';
import { type UnexpungeOptions, unexpungeMessages } from '../messages/unexpunge-messages.ts';
import { admitOverQuota } from '../quota/quota.ts';
import { openPlace, type Place } from './deleted-request.ts';
import {
  checkRequestedUids,
  type MailRequest,
  openMailbox,
  requireAdmin,
  UIDS_MAX,
} from './mail-access.ts';

/**
 * One page of what `unexpunge` could bring back, in UID order.
 * @throws InvalidInputError, PermissionDeniedError, UnknownMailboxError
 */
export async function requestExpunged(
  request: MailRequest,
  place: Place,
  page: { readonly afterUid: number; readonly limit: number },
): Promise<EntryPage> {
  requireAdmin(request, 'what was expunged in place');
  return await listInPlace(request, await openPlace(request, place), page);
}

/** The same of a mailbox that is open already. */
async function listInPlace(
  { ports, deadline }: MailRequest,
  mailbox: Mailbox,
  page: { readonly afterUid: number; readonly limit: number },
): Promise<EntryPage> {
  return await findInPlace(ports, mailbox, { ...page, deadline, asOf: ports.clock.now() });
}

export interface Unexpunged extends Omit<UnexpungeAnswer, 'next'> {
  /** UID after which the rest begins. */
  readonly nextAfterUid?: number;
}

/**
 * Nothing comes back when not all of it would fit into the quota; with `overQuota` it does (L7),
 * and the answer says so.
 * @param afterUid only what had a higher UID; 0 for all
 * @throws InvalidInputError, PermissionDeniedError, UnknownMailboxError, QuotaExceededError,
 *   StoreBusyError
 */
export async function requestUnexpunge(
  request: MailRequest,
  body: Omit<UnexpungeRequest, 'cursor'>,
  afterUid = 0,
): Promise<Unexpunged> {
  requireAdmin(request, 'unexpunge');
  const options = optionsOf(body);
  checkSelection(body, afterUid);
  const mailbox = await openMailbox(request, 'mailbox', body.mailbox);
  const { entries, nextAfterUid } = await find(request, mailbox, body, afterUid);
  const over = await admitUnexpunged(request, mailbox, entries, body);
  const rest = {
    ...(over ? { overQuota: true as const } : {}),
    ...(entries.length === 0 ? whyNothing(request, mailbox) : {}),
    ...upTo(nextAfterUid),
  };
  if (body.dryRun === true) {
    requireUnheld(request.access.account);
    const restored = entries.map(({ message }) => [message.uid] as const);
    const bytes = bytesOf(entries);
    return { dryRun: true, restored, count: restored.length, bytes, ...rest };
  }
  const { ports, access, deadline } = request;
  const uids = entries.map(({ message }) => message.uid);
  const done = await unexpungeMessages(
    { ports, context: access, deadline },
    mailbox,
    uids,
    options,
  );
  const restored = done.results.map(({ uid, newUid }) => [uid, newUid] as const);
  const bytes = done.results.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const answer = { restored, count: restored.length, bytes, ...rest };
  if (done.complete) return answer;
  const { nextAfterUid: _, ...began } = answer;
  // UIDs that are named are sent again; else it goes on behind the last one that came back.
  const next = done.results.at(-1)?.uid ?? afterUid;
  return { ...began, complete: false, ...(body.uids === undefined ? { nextAfterUid: next } : {}) };
}

function whyNothing(
  { access: { settings } }: MailRequest,
  { path, specialUse }: Mailbox,
): Pick<UnexpungeAnswer, 'lazyExpunge' | 'excluded'> {
  const { mode } = settings.expunge;
  if (mode === 'off') return { lazyExpunge: mode };
  return {
    ...(mode === 'in-place' ? {} : { lazyExpunge: 'storage' as const }),
    ...(settings.isExcluded(path, specialUse) ? { excluded: [path] } : {}),
  };
}

const upTo = (nextAfterUid: number | undefined) =>
  nextAfterUid === undefined ? { complete: true } : { complete: false, nextAfterUid };

const bytesOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { message }) => sum + message.sizeBytes, 0);

function optionsOf({ clearDeleted = true, addKeyword }: UnexpungeRequest): UnexpungeOptions {
  if (addKeyword === undefined) return { clearDeleted };
  parseKeywords('addKeyword', [addKeyword]);
  return { clearDeleted, addKeyword };
}

function checkSelection(
  { uids, all, expungedWithinSeconds: within }: UnexpungeRequest,
  afterUid: number,
): void {
  if ([uids, all, within].filter((one) => one !== undefined).length !== 1) {
    throw InvalidInputError.of('uids', 'allowed is one of uids, all and expungedWithinSeconds');
  }
  if (uids === undefined) return;
  checkRequestedUids('uids', uids);
  if (afterUid > 0)
    throw InvalidInputError.of('cursor', 'none with uids: send those that are left');
}

async function find(
  { ports, deadline }: MailRequest,
  mailbox: Mailbox,
  { uids, expungedWithinSeconds: within }: UnexpungeRequest,
  afterUid: number,
): Promise<EntryPage> {
  const { rows, clock } = ports;
  const asOf = clock.now();
  if (uids !== undefined) return { entries: await readInPlace(rows, mailbox, { uids }, asOf) };
  const since = within === undefined ? 0 : asOf - within * 1000;
  return await findInPlace(ports, mailbox, {
    afterUid,
    limit: UIDS_MAX,
    // The other half of the time is for bringing back what was found.
    deadline: asOf + (deadline - asOf) / 2,
    asOf,
    wants: ({ expunged }) => expunged !== undefined && expunged.expungedAt >= since,
  });
}

/** @returns whether it does not fit, and is let in */
async function admitUnexpunged(
  { ports, access }: MailRequest,
  { path }: Mailbox,
  entries: readonly Entry[],
  options: Pick<UnexpungeRequest, 'overQuota' | 'dryRun'>,
): Promise<boolean> {
  if (entries.length === 0) return false;
  return await admitOverQuota(ports, access, { path, bytes: bytesOf(entries) }, options);
}
