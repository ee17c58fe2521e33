/**
 * The emptying of a mailbox that is being deleted: what it held when that began is expunged, and
 * what comes meanwhile is left alone (L6).
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { INBOX } from '../../contract/mailbox-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { LetheError, quoted } from '../errors.ts';
import { raiseFirstLive } from '../mailboxes/first-live.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireActiveMailbox, unknownMailbox } from '../mailboxes/mailboxes.ts';
import type { MailOutcomes } from '../messages/aftermath.ts';
import { type Entry, EVERYTHING_SHOWN, readMailboxPage } from '../messages/entries.ts';
import {
  type ExpungedMessage,
  type ExpungeOptions,
  expungeMessages,
} from '../messages/expunge-messages.ts';
import type { ChunkPorts, MailContext, Rider } from '../messages/in-chunks.ts';
import type { Write } from '../ports/row-store.ts';
import { storedIn } from '../quota/quota.ts';

const PAGE_ENTRIES = 500;

/** Between two looks at an index that is late; most are over within a second. */
const INDEX_WAIT_MS = 500;

export interface ImmediateDeletion {
  /** As it was found; read anew. */
  readonly mailbox: Mailbox;
  /** For good at once, past the storage; administrators only. */
  readonly bypassStorage?: boolean;
  /** Account id of a user who deletes somebody else's mailbox. */
  readonly expungedBy?: string;
  /** Takes in what becomes of the messages. */
  readonly outcomes?: MailOutcomes;
  /** Refuses a mailbox that holds mail. */
  readonly requireEmpty?: boolean;
}

/** It was to be empty, or mail came while it was deleted. */
export function mailboxNotEmpty(path: string): LetheError {
  return new LetheError(
    ERROR_NAMES.mailboxNotEmpty,
    `mailbox ${quoted(path)} is not empty`,
    'It stays, with the mail that is in it. Look at that, then delete the mailbox again.',
  );
}

/** Expunging all that was there when the deletion began. */
export class MailboxEmptying {
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
      requireSame(
        mailbox,
        await requireActiveMailbox(rows, this.#context.account, mailbox.mailboxId),
      );
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
      if (afterUid === undefined || clock.now() <= this.#deadline) continue;
      // The next request goes on here, even if all that it met so far had ended before.
      await raiseFirstLive(rows, mailbox, afterUid + 1);
      return false;
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
      { ports: this.#ports, context: this.#context, deadline: this.#deadline },
      mailbox,
      uids,
      options,
    );
    const gone = done.results.filter(({ uid }) => !hidden.has(uid));
    this.#deletion.outcomes?.addAll(gone);
    this.#messages += gone.length;
    this.#bytes += gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return done.complete;
  }

  /** Mail goes only while its mailbox has the name that was to be deleted. */
  #rider(): Rider<ExpungedMessage> {
    const { account } = this.#context;
    const { mailboxId, path } = this.#deletion.mailbox;
    const named: Write = {
      kind: 'check',
      key: dictmapKeys.path(account.accountId, path),
      guard: { row: 'present', equals: { mailboxId } },
    };
    return {
      writes: () => [named],
      refused: async () => unknownMailbox(path),
    };
  }
}

export const isExpired = ({ expunged }: Entry, now: number): boolean =>
  expunged?.expiresAt !== undefined && expunged.expiresAt <= now;

/**
 * @param began as it was when the deletion began
 * @throws UnknownMailboxError, MailboxNotEmptyError
 */
export function requireSame(began: Mailbox, now: Mailbox): void {
  if (now.path !== began.path) throw unknownMailbox(began.path);
  // The INBOX stays: what comes meanwhile is simply in it.
  if (now.path === INBOX) return;
  if (now.uidNext !== began.uidNext || now.messages > 0) throw mailboxNotEmpty(began.path);
}
