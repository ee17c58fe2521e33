/**
 * The end of a shell: a mailbox row that is kept only because rows lie in its partitions
 * (folders/leave-shell.ts). It goes when consistent reads find them all empty: nothing can come
 * into them any more, because every new row needs its mailbox to be active.
 */
import {
  accountPartition,
  type BucketKind,
  bucketPrefix,
  dictmapKeys,
  flaggedPrefix,
  messagePartition,
  type RowKey,
  TTL_ATTRIBUTE,
} from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import { SHELL_LOOK_MS } from '../folders/leave-shell.ts';
import { withdrawals } from '../mailboxes/access-list.ts';
import { markOf, toBucketName } from '../mailboxes/bucket-directory.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { messageState } from '../messages/message.ts';
import { entryAt } from '../policies/due.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { optionalNumber } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';

/** What is left is looked at only to say when to come back: a sample will do. */
const PAGE_ROWS = 100;
const PARALLEL_READS = 16;

/** Buckets looked at, and taken off the directory, between two looks at the clock. */
const STEP_BUCKETS = 64;

/** For what is on its way out: S3's follower is done within minutes, at worst within a day. */
const SOON_MS = DAY_MS;

/** For what does not end by itself: an administrator may end it at any time. */
const SELDOM_MS = 30 * DAY_MS;

/** In this order: a bucket only ever turns from one in use into a spent one. */
const WITH_ROWS: readonly BucketKind[] = ['bucket', 'spent'];

type ShellPorts = Pick<Ports, 'rows' | 'clock'>;
type Outcome = 'done' | 'again' | 'skipped';

/**
 * Removes the shell, or says when to look again. Buckets that are found empty leave the directory
 * at once, so that the next sweep goes on behind them.
 * @param shell as just read; all writes are conditional on it
 * @param until epoch milliseconds after which no further partitions are read
 * @returns `skipped` when somebody else was there, or a hold came (W6): its entry stays
 */
export async function sweepShell(
  ports: ShellPorts,
  accountId: string,
  shell: Mailbox,
  until: number,
): Promise<Outcome> {
  const sweep = new ShellSweep(ports, accountId, shell, until);
  const { unlisted } = markOf(shell);
  const parts = [
    () => sweep.passUnlisted(unlisted),
    ...WITH_ROWS.map((kind) => () => sweep.passListed(bucketPrefix(kind, shell.mailboxId), true)),
    // The view of a storage is an index, and nothing is flagged any more.
    () => sweep.passListed(bucketPrefix('lazy', shell.mailboxId), false),
    () => sweep.passListed(flaggedPrefix(shell.mailboxId), false),
  ];
  for (const part of parts) {
    const outcome = await part();
    if (outcome !== 'passed') return outcome;
  }
  return await sweep.end();
}

class ShellSweep {
  readonly #ports: ShellPorts;
  readonly #accountId: string;
  readonly #until: number;
  #shell: Mailbox;

  constructor(ports: ShellPorts, accountId: string, shell: Mailbox, until: number) {
    this.#ports = ports;
    this.#accountId = accountId;
    this.#shell = shell;
    this.#until = until;
  }

  /** Buckets that no row names, the highest first: so the mark says how far it came. */
  async passUnlisted(unlisted: number): Promise<Outcome | 'passed'> {
    for (let left = unlisted; left > 0; ) {
      const lower = Math.max(left - STEP_BUCKETS, 0);
      const buckets = Array.from({ length: left - lower }, (_, index) => lower + index);
      const found = await this.#firstRows(buckets);
      if (found.length > 0) return await this.#comeBack(found);
      const { mailboxId, topBucket = markOf(this.#shell).top } = this.#shell;
      const set = { topBucket, unlistedBuckets: lower };
      const written = await this.#write([
        {
          kind: 'update',
          key: dictmapKeys.mailbox(mailboxId),
          guard: this.#guard,
          change: { set },
        },
      ]);
      if (!written) return 'skipped';
      this.#shell = { ...this.#shell, ...set };
      left = lower;
      if (left > 0 && this.#isOver()) return 'again';
    }
    return 'passed';
  }

  /** Takes rows of the directory away. @param look first, whether the partitions are empty */
  async passListed(prefix: string, look: boolean): Promise<Outcome | 'passed'> {
    for (let isFirst = true; ; isFirst = false) {
      const { rows } = await this.#ports.rows.query({
        table: 'dictmap',
        pk: accountPartition(this.#accountId),
        sk: { prefix },
        limit: STEP_BUCKETS,
        keysOnly: true,
      });
      if (rows.length === 0) return 'passed';
      if (!isFirst && this.#isOver()) return 'again';
      const found = look ? await this.#firstRows(rows.map((row) => toBucketName(row).bucket)) : [];
      if (found.length > 0) return await this.#comeBack(found);
      if (!(await this.#removeAll(rows.map(({ key }) => key)))) return 'skipped';
    }
  }

  async end(): Promise<Outcome> {
    const { mailboxId, acl } = this.#shell;
    const key = dictmapKeys.mailbox(mailboxId);
    const removal: Write = { kind: 'remove', key, guard: this.#guard };
    // Whom its ACL named has a row that says so.
    const written = await this.#write([removal, ...withdrawals(mailboxId, acl)]);
    return written ? 'done' : 'skipped';
  }

  get #guard() {
    const { uidNext } = this.#shell;
    return { row: 'present', equals: { state: 'shell', uidNext } } as const;
  }

  #isOver(): boolean {
    return this.#ports.clock.now() > this.#until;
  }

  async #removeAll(keys: readonly RowKey[]): Promise<boolean> {
    const key = dictmapKeys.mailbox(this.#shell.mailboxId);
    const removals = keys.map((one): Write => ({ kind: 'remove', key: one }));
    return await this.#write([{ kind: 'check', key, guard: this.#guard }, ...removals]);
  }

  async #write(writes: readonly Write[]): Promise<boolean> {
    const check = sweepableCheck(this.#accountId);
    return (await this.#ports.rows.transact([check, ...writes])).outcome === 'written';
  }

  /** Says when to look again. */
  async #comeBack(left: readonly Row[]): Promise<'done' | 'skipped'> {
    const { mailboxId, dueSk } = this.#shell;
    const set = entryAt(mailboxId, nextLook(left, this.#ports.clock.now()));
    const result = await this.#ports.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: {
        row: 'present',
        equals: { state: 'shell', ...(dueSk === undefined ? {} : { dueSk }) },
        ...(dueSk === undefined ? { without: ['dueSk'] } : {}),
      },
      change: { set },
    });
    return result.outcome === 'written' ? 'done' : 'skipped';
  }

  /** Rows of the first partition that has any, strongly consistent; none when all are empty. */
  async #firstRows(buckets: readonly number[]): Promise<readonly Row[]> {
    const { mailboxId } = this.#shell;
    const pages = await inParallel(buckets, PARALLEL_READS, (bucket) =>
      firstPage(this.#ports.rows, messagePartition(mailboxId, bucket)),
    );
    return pages.find((page) => page.length > 0) ?? [];
  }
}

async function firstPage(rows: RowStore, pk: string): Promise<readonly Row[]> {
  let after: string | undefined;
  do {
    const query = { table: 'dictmap', pk, limit: PAGE_ROWS } as const;
    const page = await rows.query(after === undefined ? query : { ...query, after });
    if (page.rows.length > 0) return page.rows;
    after = page.next;
  } while (after !== undefined);
  return [];
}

const nextLook = (left: readonly Row[], now: number): number =>
  Math.max(now + SOON_MS, ...left.map((row) => endOf(row, now)));

/** When a row can be expected to be gone: DynamoDB's TTL takes up to some days. */
function endOf(row: Row, now: number): number {
  const expiresAt = optionalNumber(row, 'expiresAt');
  if (expiresAt !== undefined) return expiresAt + SHELL_LOOK_MS;
  const ttlSeconds = optionalNumber(row, TTL_ATTRIBUTE);
  if (ttlSeconds !== undefined) return ttlSeconds * 1000 + SHELL_LOOK_MS;
  return now + (messageState(row) === 'purging' ? SOON_MS : SELDOM_MS);
}
