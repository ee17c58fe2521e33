/**
 * The work on a claimed tree: its mailboxes one after the other, each to its last live message. Each
 * transaction checks the account (W6) and the claim, and writes down what it has done.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { notActive, whyProtected } from '../accounts/accounts.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import { LetheError } from '../errors.ts';
import { raiseFirstLive } from '../mailboxes/first-live.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import { type EndedMessage, endMessages } from '../messages/end-messages.ts';
import { readMailboxPage } from '../messages/entries.ts';
import type { ChunkPorts, MailContext, Rider } from '../messages/in-chunks.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { CHUNK_MESSAGES, type Pace } from '../walks/pace.ts';
import { leaveShell } from './leave-shell.ts';
import { countedIn, recordChange, treeUpdate } from './move-writes.ts';
import { type Member, readTree, treeMembers } from './tree.ts';

/** Whole chunks. */
const PAGE_ENTRIES = 5 * CHUNK_MESSAGES;

export interface CountedTree {
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
  counting(counted: CountedTree): readonly Write[];
}

/** Another delivery of the step was faster with it. */
class MemberGoneError extends Error {
  override readonly name = 'MemberGoneError';
}

export class TreeRun {
  readonly done = { mailboxes: 0, messages: 0, bytes: 0 };
  readonly #ports: ChunkPorts;
  readonly #context: MailContext;
  readonly #deletionId: string;
  readonly #purge: TreePurge;
  readonly #until: number;

  constructor(
    ports: ChunkPorts,
    context: MailContext,
    { deletionId, purge, until }: { deletionId: string; purge: TreePurge; until: number },
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
      await raiseFirstLive(rows, begun, afterUid + 1, [this.#claimCheck]);
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

  get #claimCheck(): Write {
    const { claim } = this.#purge;
    return {
      kind: 'check',
      key: dictmapKeys.tree(this.#accountId, this.#deletionId),
      guard: { row: 'present', equals: { state: 'purging', claim } },
    };
  }

  /** @returns whether all are gone; false when time is over */
  async #endAll(member: Member, uids: readonly number[]): Promise<boolean> {
    const { pace } = this.#purge;
    for (let at = 0; at < uids.length; at += pace.chunkRows) {
      const ending = {
        account: this.#context.account,
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

  /** The mailbox is gone; a shell stays while rows with a time of their own are in it. */
  async #leave(member: Member): Promise<void> {
    const { rows, clock } = this.#ports;
    const { path, mailboxId } = member;
    await untilWon(this.#ports, this.#deadline, async () => {
      const mailbox = await this.#readMember(member);
      if (mailbox.messages !== 0 || mailbox.bytes !== 0) return await this.#correct(mailbox);
      const result = await rows.transact([
        sweepableCheck(this.#accountId),
        this.#treeWrite({ add: countedIn([mailbox], -1) }),
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
        change: { set: { messages: 0, bytes: 0, unseen: 0, deleted: 0 } },
      },
    ]);
    return 'lost';
  }

  /** Leaves the record of a tree of which nothing is left. */
  async end(): Promise<void> {
    const { rows, clock } = this.#ports;
    await untilWon(this.#ports, this.#deadline, async () => {
      const left = await treeMembers(rows, this.#accountId, this.#deletionId);
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
