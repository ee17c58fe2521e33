/**
 * Purging a deleted tree (F5): its live messages end by the normal transitions, mailbox by mailbox,
 * then the mailbox goes, then the tree. Nothing is removed by a prefix, and each transaction checks
 * the account (W6) and the claim. What was expunged in its folders keeps a time of its own.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { notActive, whyProtected } from '../accounts/accounts.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import { LetheError } from '../errors.ts';
import { type Mailbox, readMailbox } from '../mailboxes/mailboxes.ts';
import { type EndedMessage, endMessages } from '../messages/end-messages.ts';
import { readMailboxPage } from '../messages/entries.ts';
import type { ChunkPorts, MailContext, Rider } from '../messages/in-chunks.ts';
import type { Write } from '../ports/row-store.ts';
import { CHUNK_MESSAGES, type Pace } from '../purge/pace.ts';
import { untilWon } from '../rows/contention.ts';
import { claimTree, giveBackForgotten, releaseTree } from './claim-tree.ts';
import { leaveShell } from './leave-shell.ts';
import { countsOf, recordChange, treeUpdate } from './move-writes.ts';
import { isStored, type Member, membersOf, readTree, type Tree } from './tree.ts';

/** Whole chunks. */
const PAGE_ENTRIES = 5 * CHUNK_MESSAGES;

export interface Counted {
  readonly trees?: number;
  readonly mailboxes?: number;
  readonly messages?: number;
  readonly bytes?: number;
}

export interface TreePurge {
  /** The operation that purges. */
  readonly claim: string;
  /** When the folder that had this path may go, in epoch milliseconds; `Infinity`: never. */
  dueAt(path: string): number;
  readonly pace: Pace;
  /** What is written with a change, so that counts are exact; at most one row. */
  counting(counted: Counted): readonly Write[];
}

/**
 * - `purged`: nothing is left but a record.
 * - `rest`: what was due is gone, the rest is not due.
 * - `again`: time is over, more is left; the claim stands.
 * - `notDue`; `taken`: it is coming back, or another purge is at it; `gone`: before this began.
 */
export interface PurgedTree {
  readonly outcome: 'purged' | 'rest' | 'again' | 'notDue' | 'taken' | 'gone';
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
}

/** The members of a tree that may go now. */
export async function dueMembers(
  { rows, clock }: Pick<ChunkPorts, 'rows' | 'clock'>,
  accountId: string,
  { deletionId }: Pick<Tree, 'deletionId'>,
  dueAt: TreePurge['dueAt'],
): Promise<{ readonly due: readonly Member[]; readonly left: number }> {
  const members = await membersOf(rows, accountId, deletionId);
  const now = clock.now();
  const due = members.filter(({ path }) => dueAt(path) <= now);
  return { due, left: members.length - due.length };
}

/**
 * @param tree as it was read; claimed anew
 * @param until epoch milliseconds after which it answers `again`
 * @throws AccountHeldError, AccountNotActiveError, SupersededError when the claim was lost,
 *   StoreBusyError and faults. What was done stays done, and the tree is given back.
 */
export async function purgeTree(
  ports: ChunkPorts,
  context: MailContext,
  tree: Tree,
  purge: TreePurge,
  until: number,
): Promise<PurgedTree> {
  const { account } = context;
  const { deletionId } = tree;
  const nothing = { mailboxes: 0, messages: 0, bytes: 0 };
  const give = () => releaseTree(ports.rows, account.accountId, deletionId, purge.claim);
  const found = await dueMembers(ports, account.accountId, tree, purge.dueAt);
  if (found.due.length === 0 && found.left > 0) {
    if (tree.claim === purge.claim) await give();
    // Else nobody could bring it back before something of it is due: perhaps never.
    else await giveBackForgotten(ports, account.accountId, tree);
    return { outcome: 'notDue', ...nothing };
  }
  const deadline = Math.max(until, ports.clock.now());
  if (!(await claimTree(ports, account, deletionId, purge.claim, deadline))) {
    const now = await readTree(ports.rows, account.accountId, deletionId);
    return { outcome: now && isStored(now) ? 'taken' : 'gone', ...nothing };
  }
  // Again: only from the claim on does nobody else take or bring back any of them.
  const { due, left } = await dueMembers(ports, account.accountId, tree, purge.dueAt);
  const run = new Run(ports, context, deletionId, purge, until);
  try {
    for (const member of due) {
      if (!(await run.purgeMember(member))) return { outcome: 'again', ...run.done };
    }
    if (left > 0) await give();
    else await run.end();
    return { outcome: left > 0 ? 'rest' : 'purged', ...run.done };
  } catch (error) {
    // Whatever it was, nobody shall wait for the next purge to bring back what is left.
    await give().catch(() => undefined);
    throw error;
  }
}

/** Another delivery of the step was faster with it. */
class MemberGoneError extends Error {
  override readonly name = 'MemberGoneError';
}

class Run {
  readonly done = { mailboxes: 0, messages: 0, bytes: 0 };
  readonly #ports: ChunkPorts;
  readonly #context: MailContext;
  readonly #deletionId: string;
  readonly #purge: TreePurge;
  readonly #until: number;

  constructor(
    ports: ChunkPorts,
    context: MailContext,
    deletionId: string,
    purge: TreePurge,
    until: number,
  ) {
    this.#ports = ports;
    this.#context = context;
    this.#deletionId = deletionId;
    this.#purge = purge;
    this.#until = until;
  }

  get #accountId(): string {
    return this.#context.account.accountId;
  }

  /** At least one try, however late it is: else nothing would ever move. */
  get #deadline(): number {
    return Math.max(this.#until, this.#ports.clock.now());
  }

  /** @returns whether it is gone; false when time is over */
  async purgeMember(member: Member): Promise<boolean> {
    try {
      return await this.#purgeMember(member);
    } catch (error) {
      if (error instanceof MemberGoneError) return true;
      throw error;
    }
  }

  async #purgeMember(member: Member): Promise<boolean> {
    const { rows, clock } = this.#ports;
    const begun = await this.#readMember(member);
    let afterUid: number | undefined = 0;
    while (afterUid !== undefined) {
      const window = { afterUid, limit: PAGE_ENTRIES };
      const page = await readMailboxPage(rows, begun, window, clock.now());
      if (
        !(await this.#endAll(
          member,
          page.entries.map(({ message }) => message.uid),
        ))
      ) {
        return false;
      }
      afterUid = page.nextAfterUid;
      if (afterUid === undefined || clock.now() <= this.#until) continue;
      await this.#raiseBound(begun, afterUid + 1);
      return false;
    }
    // Strongly consistent reads have found nothing live, and nothing comes: it is no mailbox.
    await this.#leave(member);
    return true;
  }

  /**
   * A mailbox of the tree, seen as what its own rows are: a storage's view belongs to others.
   * @throws MemberGoneError; AccountNotActiveError when it is being erased; TypeError for damaged
   *   rows
   */
  async #readMember({ mailboxId, path }: Member): Promise<Mailbox> {
    const { rows } = this.#ports;
    const mailbox = await readMailbox(rows, mailboxId);
    if (mailbox?.state === 'erasing') throw notActive(this.#context.account);
    if (mailbox?.state === 'deleted' && mailbox.treeId === this.#deletionId) {
      const { role: _, ...own } = mailbox;
      return own;
    }
    await this.#requireClaim();
    const named = await rows.get(dictmapKeys.deletedPath(this.#accountId, this.#deletionId, path));
    if (named === undefined) throw new MemberGoneError(mailboxId);
    throw new TypeError(`damaged data: mailbox ${mailboxId} is not in tree ${this.#deletionId}`);
  }

  /** @returns whether all are gone; false when time is over */
  async #endAll(member: Member, uids: readonly number[]): Promise<boolean> {
    const { pace } = this.#purge;
    for (let at = 0; at < uids.length; at += pace.chunkRows) {
      const ending = {
        accountId: this.#accountId,
        source: () => this.#readMember(member),
        uids: uids.slice(at, at + pace.chunkRows),
        rider: this.#rider,
      };
      const { results, complete } = await endMessages(this.#ports, ending, this.#deadline);
      this.done.messages += results.length;
      this.done.bytes += bytesOf(results);
      await pace.spend(results.length);
      const isLast = at + pace.chunkRows >= uids.length;
      if (!complete || (this.#ports.clock.now() > this.#until && !isLast)) return false;
    }
    return true;
  }

  get #rider(): Rider<EndedMessage> {
    return {
      writes: (ended) => {
        const [messages, bytes] = [ended.length, bytesOf(ended)];
        return [
          sweepableCheck(this.#accountId),
          this.#treeWrite({ add: { messages: -messages, bytes: -bytes } }),
          ...this.#purge.counting({ messages, bytes }),
        ];
      },
      refused: () => this.#whyRefused(),
    };
  }

  #treeWrite(change: Omit<Parameters<typeof treeUpdate>[2], 'from' | 'claim'>): Write {
    const { claim } = this.#purge;
    return treeUpdate(this.#accountId, this.#deletionId, { from: 'purging', claim, ...change });
  }

  async #whyRefused(): Promise<Error> {
    const { claim } = this.#purge;
    const tree = await readTree(this.#ports.rows, this.#accountId, this.#deletionId);
    if (tree?.state === 'purging' && tree.claim === claim) {
      return await whyProtected(this.#ports.rows, this.#context.account);
    }
    return new LetheError(
      ERROR_NAMES.superseded,
      `the claim of ${claim} on deletion ${this.#deletionId} is lost`,
      'Nothing to do: another purge goes on, or the folder was brought back.',
    );
  }

  /** @throws SupersededError */
  async #requireClaim(): Promise<void> {
    const tree = await readTree(this.#ports.rows, this.#accountId, this.#deletionId);
    const isOwn = tree?.state === 'purging' && tree.claim === this.#purge.claim;
    if (!isOwn) throw await this.#whyRefused();
  }

  /** No live message has a lower UID, and none will: the next invocation need not look there. */
  async #raiseBound({ mailboxId, firstLiveUid = 1 }: Mailbox, uid: number): Promise<void> {
    if (uid <= firstLiveUid) return;
    await this.#ports.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present', equals: { state: 'deleted', treeId: this.#deletionId } },
      change: { set: { firstLiveUid: uid } },
    });
  }

  /** The mailbox is gone; a shell stays while rows with a time of their own are in it. */
  async #leave(member: Member): Promise<void> {
    const { rows, clock } = this.#ports;
    const { path, mailboxId } = member;
    await untilWon(this.#ports, this.#deadline, async () => {
      const mailbox = await this.#readMember(member);
      if (mailbox.messages !== 0 || mailbox.bytes !== 0) return await this.#correct(mailbox);
      const result = await rows.transact([
        sweepableCheck(this.#accountId),
        this.#treeWrite({ add: countsOf([mailbox], -1) }),
        {
          kind: 'remove',
          key: dictmapKeys.deletedPath(this.#accountId, this.#deletionId, path),
          guard: { row: 'present', equals: { mailboxId } },
        },
        leaveShell(mailbox, clock.now()),
        ...this.#purge.counting({ mailboxes: 1 }),
      ]);
      if (result.outcome === 'written') {
        this.done.mailboxes += 1;
        return 'gone';
      }
      const riding = result.outcome === 'refused' ? result.refusals : [];
      if (riding.some(({ index }) => index < 2)) throw await this.#whyRefused();
      return 'lost';
    });
  }

  /** Nothing live is there, and the counters say otherwise: the rows are right (W8). */
  async #correct(mailbox: Mailbox): Promise<'lost'> {
    const { mailboxId, messages, bytes } = mailbox;
    const equals = { state: 'deleted', treeId: this.#deletionId, messages, bytes } as const;
    await this.#ports.rows.transact([
      this.#treeWrite({ add: { messages: -messages, bytes: -bytes } }),
      {
        kind: 'update',
        key: dictmapKeys.mailbox(mailboxId),
        guard: { row: 'present', equals },
        change: { set: { messages: 0, bytes: 0 } },
      },
    ]);
    return 'lost';
  }

  /** Leaves the record of a tree of which nothing is left. */
  async end(): Promise<void> {
    const { rows, clock } = this.#ports;
    await untilWon(this.#ports, this.#deadline, async () => {
      const left = await membersOf(rows, this.#accountId, this.#deletionId);
      if (left.length > 0) throw new TypeError(`deletion ${this.#deletionId} has members again`);
      const result = await rows.transact([
        sweepableCheck(this.#accountId),
        this.#treeWrite(recordChange('purged', clock.now())),
        ...this.#purge.counting({ trees: 1 }),
      ]);
      if (result.outcome === 'written') return 'ended';
      if (result.outcome === 'conflict') return 'lost';
      const tree = await readTree(rows, this.#accountId, this.#deletionId);
      if (tree?.state === 'purged') return 'ended';
      throw await this.#whyRefused();
    });
  }
}

const bytesOf = (ended: readonly EndedMessage[]): number =>
  ended.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
