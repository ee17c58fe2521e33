/** Ending early what was expunged in place, as administrators ask for it. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { PurgeExpungedRequest } from '../../contract/requests/unexpunge.ts';
import { DAY_MS } from '../../contract/times.ts';
import type { PurgeExpungedAnswer } from '../../contract/unexpunge-api.ts';
import { accountHeld } from '../accounts/accounts.ts';
import { LetheError, StoreBusyError } from '../errors.ts';
import { everyMailboxRow } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Entry } from '../messages/entries.ts';
import { EVERYTHING_SHOWN } from '../messages/entries.ts';
import { findInPlace } from '../messages/in-place-entries.ts';
import { holdsExpunged, purgeInPlace } from '../messages/unexpunge-messages.ts';
import { type MailRequest, openMailbox, requireAdmin } from './mail-access.ts';

/** Some five transactions: what was found is gone before more is looked for. */
const PAGE_ENTRIES = 500;

/** Where a purge goes on. */
export interface PurgePlace {
  readonly mailboxId: string;
  readonly afterUid: number;
}

export interface PurgedExpunged extends Omit<PurgeExpungedAnswer, 'next'> {
  readonly next?: PurgePlace;
}

/**
 * Ends what was expunged in place at least so long ago, mailbox by mailbox in the order of their
 * ids. A held account loses nothing (W6). What is done stays done, whatever comes after it.
 * @throws PermissionDeniedError, UnknownMailboxError, AccountHeldError, AccountNotActiveError,
 *   StoreBusyError
 */
export async function requestPurgeExpunged(
  request: MailRequest,
  { olderThanDays, mailbox: path, dryRun = false }: Omit<PurgeExpungedRequest, 'cursor'>,
  from?: PurgePlace,
): Promise<PurgedExpunged> {
  requireAdmin(request, 'purging what was expunged in place');
  const { account } = request.access;
  const only = path === undefined ? undefined : await openMailbox(request, 'mailbox', path);
  if (account.held) throw accountHeld(account.accountId);
  const until = request.ports.clock.now() - olderThanDays * DAY_MS;
  const purge = new Purge(request, until, dryRun);
  const next = await purge.run(only, from);
  const { removed, bytes } = purge;
  return {
    ...(dryRun ? { dryRun } : {}),
    removed,
    bytes,
    ...(removed === 0 ? {} : { goneForGood: removed }),
    ...(next === undefined ? { complete: true } : { complete: false, next }),
  };
}

class Purge {
  readonly #request: MailRequest;
  readonly #until: number;
  readonly #dryRun: boolean;
  removed = 0;
  bytes = 0;

  /** @param until epoch milliseconds: what was expunged by then goes */
  constructor(request: MailRequest, until: number, dryRun: boolean) {
    this.#request = request;
    this.#until = until;
    this.#dryRun = dryRun;
  }

  /** @returns where it has to go on */
  async run(only: Mailbox | undefined, from?: PurgePlace): Promise<PurgePlace | undefined> {
    const { ports, access, deadline } = this.#request;
    let begun = false;
    // Also in deleted folders, and where a folder was that is gone.
    for await (const mailbox of everyMailboxRow(ports.rows, access.account.accountId)) {
      const { mailboxId } = mailbox;
      const isMeant = only === undefined ? holdsExpunged(mailbox) : only.mailboxId === mailboxId;
      if (!isMeant || mailboxId < (from?.mailboxId ?? '')) continue;
      const start = from?.mailboxId === mailboxId ? from.afterUid : 0;
      // At least one page, however late it is: else no request would ever get further.
      if (begun && ports.clock.now() > deadline) return { mailboxId, afterUid: start };
      begun = true;
      const next = await this.#mailbox(mailbox, start);
      if (next !== undefined) return { mailboxId, afterUid: next };
    }
    return undefined;
  }

  /** @returns the UID after which the mailbox has to be gone on with */
  async #mailbox(mailbox: Mailbox, start: number): Promise<number | undefined> {
    const { ports, deadline } = this.#request;
    let afterUid = start;
    for (;;) {
      const page = await findInPlace(ports, mailbox, {
        afterUid,
        limit: PAGE_ENTRIES,
        deadline,
        asOf: EVERYTHING_SHOWN,
        wants: ({ expunged }) => expunged !== undefined && expunged.expungedAt <= this.#until,
      });
      const reached = await this.#take(mailbox, page.entries);
      if (reached !== 'all') return reached ?? afterUid;
      if (page.nextAfterUid === undefined) return undefined;
      afterUid = page.nextAfterUid;
      if (ports.clock.now() > deadline) return afterUid;
    }
  }

  /** @returns the last UID that went when not all of them did */
  async #take(mailbox: Mailbox, entries: readonly Entry[]): Promise<'all' | number | undefined> {
    const { ports, access, deadline } = this.#request;
    if (this.#dryRun) {
      this.#count(entries.map(({ message }) => message));
      return 'all';
    }
    const uids = entries.map(({ message }) => message.uid);
    try {
      const done = await purgeInPlace({ ports, context: access, deadline }, mailbox, uids);
      this.#count(done.results);
      return done.complete ? 'all' : done.results.at(-1)?.uid;
    } catch (error) {
      if (isUnknown(error)) return 'all';
      if (!(error instanceof StoreBusyError) || this.removed === 0) throw error;
      return undefined;
    }
  }

  #count(gone: readonly { readonly sizeBytes: number }[]): void {
    this.removed += gone.length;
    this.bytes += gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
}

/** The mailbox has gone meanwhile, and its mail with it. */
const isUnknown = (error: unknown): boolean =>
  error instanceof LetheError && error.name === ERROR_NAMES.unknownMailbox;
