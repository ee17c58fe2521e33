/**
 * Immediate deletion of one mailbox: its messages pass through lazy expunge, then its name goes
 * and its row becomes a shell (L6). Mail that comes meanwhile makes it fail, and nothing is lost:
 * what was expunged is in the storage, what came is in the mailbox.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { INBOX } from '../../contract/mailbox-names.ts';
import { dictmapKeys, registryKeys } from '../../contract/row-layout.ts';
import {
  type Account,
  accountHeld,
  notActive,
  readAccount,
  whyProtected,
} from '../accounts/accounts.ts';
import { movesAround } from '../accounts/folder-moves.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import { LetheError, quoted, StoreBusyError } from '../errors.ts';
import { requireSettled } from '../mailboxes/create-mailbox.ts';
import { isThere } from '../mailboxes/every-mailbox.ts';
import { type Mailbox, requireActive, unknownMailbox } from '../mailboxes/mailboxes.ts';
import { type Entry, EVERYTHING_SHOWN, readMailboxPage } from '../messages/entries.ts';
import {
  type ExpungedMessage,
  type ExpungeOptions,
  expungeMessages,
} from '../messages/expunge-messages.ts';
import type { ChunkPorts, MailContext, Rider } from '../messages/in-chunks.ts';
import type { Change, Write } from '../ports/row-store.ts';
import { storedIn } from '../quota/quota.ts';
import { untilWon } from '../rows/contention.ts';
import { sameNames } from '../settings/settings-store.ts';
import { clearCounts } from './clear-counts.ts';
import { finishMoves } from './finish-move.ts';
import { leaveShell } from './leave-shell.ts';

const PAGE_ENTRIES = 500;

/** Between two looks at an index that is late; most are over within a second. */
const INDEX_WAIT_MS = 500;

export interface ImmediateDeletion {
  /** As it was found; read anew. */
  readonly mailbox: Mailbox;
  /** For good at once, past the storage; administrators only. */
  readonly bypassStorage?: boolean;
  /** Address of a user who deletes somebody else's mailbox. */
  readonly expungedBy?: string;
  /** Refuses a mailbox that holds mail. */
  readonly requireEmpty?: boolean;
}

export interface DeletedNow {
  readonly messages: number;
  readonly bytes: number;
  /** False when time ran out: the same request again does the rest. */
  readonly complete: boolean;
}

/** It was to be empty, or mail came while it was deleted. */
export function mailboxNotEmpty(path: string): LetheError {
  return new LetheError(
    ERROR_NAMES.mailboxNotEmpty,
    `mailbox ${quoted(path)} is not empty`,
    'It stays, with the mail that is in it. Look at that, then delete the mailbox again.',
  );
}

/**
 * Deletes one mailbox; what is below it stays. The INBOX is emptied and stays. What a storage
 * shows goes for good.
 * @param deadline epoch milliseconds after which no new try begins
 * @throws UnknownMailboxError, MailboxNotEmptyError, ExpungeStorageError, AccountHeldError,
 *   AccountNotActiveError; StoreBusyError when nothing at all could be done in time
 */
export async function deleteNow(
  ports: ChunkPorts,
  context: MailContext,
  deletion: ImmediateDeletion,
  deadline: number,
): Promise<DeletedNow> {
  const mailbox = await requireDeletable(ports, context, deletion.mailbox, deadline);
  const emptying = new Emptying(ports, context, { ...deletion, mailbox }, deadline);
  try {
    if (!(await emptying.run())) return { ...emptying.sum, complete: false };
    if (mailbox.path !== INBOX) {
      if (mailbox.role === 'storage') await clearCounts(ports.rows, mailbox.mailboxId);
      await untilWon(ports, deadline, () => end(ports, context.account, mailbox));
    }
  } catch (error) {
    if (!(error instanceof StoreBusyError) || emptying.sum.messages === 0) throw error;
    return { ...emptying.sum, complete: false };
  }
  return { ...emptying.sum, complete: true };
}

/** Read anew, once no tree of folders around it is on the move. */
async function requireDeletable(
  ports: ChunkPorts,
  { account, settings }: MailContext,
  { mailboxId, path }: Mailbox,
  deadline: number,
): Promise<Mailbox> {
  const before = await requireUnheld(ports, account);
  const around = movesAround(before, path);
  if (around.length > 0) await finishMoves(ports, before, settings, deadline, around);
  const current = around.length > 0 ? await requireUnheld(ports, account) : before;
  const mailbox = await requireActive(ports.rows, account, mailboxId);
  if (mailbox.path !== path || !isThere(current, mailbox)) throw unknownMailbox(path);
  return mailbox;
}

/** @throws AccountHeldError (W6), AccountNotActiveError */
async function requireUnheld({ rows }: ChunkPorts, account: Account): Promise<Account> {
  const current = await readAccount(rows, account.accountId);
  if (current?.state !== 'active') throw notActive(current ?? account);
  if (current.held) throw accountHeld(account.accountId);
  return current;
}

/** Expunging all that was there when the deletion began. */
class Emptying {
  readonly #ports: ChunkPorts;
  readonly #context: MailContext;
  readonly #deletion: ImmediateDeletion;
  readonly #deadline: number;
  #messages = 0;
  #bytes = 0;

  constructor(
    ports: ChunkPorts,
    context: MailContext,
    deletion: ImmediateDeletion,
    deadline: number,
  ) {
    this.#ports = ports;
    this.#context = context;
    this.#deletion = deletion;
    this.#deadline = deadline;
  }

  get sum(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#messages, bytes: this.#bytes };
  }

  /**
   * @returns false when time ran out
   * @throws MailboxNotEmptyError
   */
  async run(): Promise<boolean> {
    const { rows, clock } = this.#ports;
    const { mailbox } = this.#deletion;
    for (;;) {
      if (!(await this.#pass())) return false;
      requireSame(mailbox, await requireActive(rows, this.#context.account, mailbox.mailboxId));
      // An index that is late shows less than there is: what it hides now would never be found.
      const left = await storedIn(rows, mailbox, clock.now());
      if (left.messages === 0) return true;
      if (clock.now() + INDEX_WAIT_MS > this.#deadline) return false;
      await clock.sleep(INDEX_WAIT_MS);
    }
  }

  /** One walk; of an ordinary mailbox, through its base table, nothing is left after it. */
  async #pass(): Promise<boolean> {
    const { rows, clock } = this.#ports;
    const { mailbox, requireEmpty = false } = this.#deletion;
    let afterUid: number | undefined = 0;
    while (afterUid !== undefined) {
      // Also what a storage hides because it has expired: nobody finds it once the storage is gone.
      const page: Awaited<ReturnType<typeof readMailboxPage>> = await readMailboxPage(
        rows,
        mailbox,
        { afterUid, limit: PAGE_ENTRIES },
        EVERYTHING_SHOWN,
      );
      const there = page.entries.filter(({ message }) => message.uid < mailbox.uidNext);
      if (requireEmpty && there.some((entry) => !isExpired(entry, clock.now()))) {
        throw mailboxNotEmpty(mailbox.path);
      }
      if (there.length > 0 && !(await this.#take(there))) return false;
      afterUid = page.nextAfterUid;
      if (afterUid !== undefined && clock.now() > this.#deadline) return false;
    }
    return true;
  }

  /** @returns whether all of them went */
  async #take(entries: readonly Entry[]): Promise<boolean> {
    const { mailbox, bypassStorage, expungedBy } = this.#deletion;
    const now = this.#ports.clock.now();
    const hidden = new Set(
      entries.filter((entry) => isExpired(entry, now)).map(({ message }) => message.uid),
    );
    const options: ExpungeOptions = {
      expired: true,
      rider: this.#rider(),
      ...(bypassStorage === undefined ? {} : { bypassStorage }),
      ...(expungedBy === undefined ? {} : { expungedBy }),
    };
    const uids = entries.map(({ message }) => message.uid);
    const done = await expungeMessages(
      this.#ports,
      this.#context,
      mailbox,
      uids,
      options,
      this.#deadline,
    );
    const gone = done.results.filter(({ uid }) => !hidden.has(uid));
    this.#messages += gone.length;
    this.#bytes += gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return done.complete;
  }

  /** Mail goes only while its mailbox has the name that was to be deleted, and no hold stands. */
  #rider(): Rider<ExpungedMessage> {
    const { rows } = this.#ports;
    const { account } = this.#context;
    const { mailboxId, path } = this.#deletion.mailbox;
    const named: Write = {
      kind: 'check',
      key: dictmapKeys.path(account.accountId, path),
      guard: { row: 'present', equals: { mailboxId } },
    };
    return {
      writes: () => [sweepableCheck(account.accountId), named],
      refused: async () => {
        const now = await readAccount(rows, account.accountId);
        const isFree = now?.state === 'active' && !now.held;
        return isFree ? unknownMailbox(path) : await whyProtected(rows, account);
      },
    };
  }
}

const isExpired = ({ expunged }: Entry, now: number): boolean =>
  expunged?.expiresAt !== undefined && expunged.expiresAt <= now;

/**
 * @param began as it was when the deletion began
 * @throws UnknownMailboxError, MailboxNotEmptyError
 */
function requireSame(began: Mailbox, now: Mailbox): void {
  if (now.path !== began.path) throw unknownMailbox(began.path);
  // The INBOX stays: what comes meanwhile is simply in it.
  if (now.path === INBOX) return;
  if (now.uidNext !== began.uidNext || now.messages > 0) throw mailboxNotEmpty(began.path);
}

/**
 * A storage is made again by the next expunge, perhaps within the second: under another
 * UIDVALIDITY, because its UIDs begin anew.
 */
function lastOf(
  { lastUidValidity = 0 }: Account,
  { role, uidValidity }: Mailbox,
): Pick<Change, 'set'> {
  if (role !== 'storage' || uidValidity <= lastUidValidity) return {};
  return { set: { lastUidValidity: uidValidity } };
}

/** One transaction: the name goes, and with it the mailbox. */
async function end(
  ports: ChunkPorts,
  account: Account,
  mailbox: Mailbox,
): Promise<'deleted' | 'lost'> {
  const { accountId } = account;
  const { mailboxId, path } = mailbox;
  const current = await requireUnheld(ports, account);
  requireSettled(current, path);
  const now = await requireActive(ports.rows, account, mailboxId);
  requireSame(mailbox, now);
  const same = sameNames(current);
  const result = await ports.rows.transact([
    {
      kind: 'update',
      key: registryKeys.account(accountId),
      guard: { ...same, without: [...(same.without ?? []), 'hold'] },
      change: { add: { treeRevision: 1 }, ...lastOf(current, now) },
    },
    {
      kind: 'remove',
      key: dictmapKeys.path(accountId, path),
      guard: { row: 'present', equals: { mailboxId } },
    },
    leaveShell(now, ports.clock.now()),
  ]);
  return result.outcome === 'written' ? 'deleted' : 'lost';
}
