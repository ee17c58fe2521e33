/**
 * The end of a shell: a mailbox row that is kept only because rows lie in its partitions
 * (folders/leave-shell.ts). It goes when consistent reads find them all empty: nothing can come
 * into them any more, because every new row needs its mailbox to be active.
 */
import { dictmapKeys, messagePartitions, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import { SHELL_LOOK_MS } from '../folders/leave-shell.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import { DAY_MS } from '../messages/expiry.ts';
import { stateOf } from '../messages/message.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { optionalNumber } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';
import { entryAt } from './due.ts';

/** What is left is looked at only to say when to come back: a sample will do. */
const PAGE_ROWS = 100;
const PARALLEL_READS = 16;

/** For what is on its way out: S3's follower is done within minutes, at worst within a day. */
const SOON_MS = DAY_MS;

/** For what does not end by itself: an administrator may end it at any time. */
const SELDOM_MS = 30 * DAY_MS;

type ShellPorts = Pick<Ports, 'rows' | 'clock'>;

/**
 * Removes the shell, or says when to look again.
 * @param shell as just read; both writes are conditional on it
 * @param until epoch milliseconds after which no further partitions are read
 * @returns `skipped` when somebody else was there, or a hold came (W6): its entry stays
 */
export async function sweepShell(
  { rows, clock }: ShellPorts,
  accountId: string,
  shell: Mailbox,
  until: number,
): Promise<'done' | 'again' | 'skipped'> {
  const { mailboxId, uidNext, dueSk } = shell;
  const left = await firstRows({ rows, clock }, shell, until);
  if (left === 'again') return 'again';
  const key = dictmapKeys.mailbox(mailboxId);
  if (left.length > 0) {
    const set = entryAt(mailboxId, nextLook(left, clock.now()));
    const due = dueSk === undefined ? { without: ['dueSk'] } : {};
    const result = await rows.write({
      kind: 'update',
      key,
      guard: {
        row: 'present',
        equals: { state: 'shell', ...(dueSk === undefined ? {} : { dueSk }) },
        ...due,
      },
      change: { set },
    });
    return result.outcome === 'written' ? 'done' : 'skipped';
  }
  const result = await rows.transact([
    sweepableCheck(accountId),
    { kind: 'remove', key, guard: { row: 'present', equals: { state: 'shell', uidNext } } },
  ]);
  return result.outcome === 'written' ? 'done' : 'skipped';
}

/** Rows of the first partition that has any, strongly consistent; none when all are empty. */
async function firstRows(
  { rows, clock }: ShellPorts,
  { mailboxId, uidNext }: Mailbox,
  until: number,
): Promise<readonly Row[] | 'again'> {
  const partitions = messagePartitions(mailboxId, uidNext);
  for (let at = 0; at < partitions.length; at += PARALLEL_READS) {
    if (at > 0 && clock.now() > until) return 'again';
    const some = partitions.slice(at, at + PARALLEL_READS);
    const pages = await inParallel(some, PARALLEL_READS, (pk) => firstPage(rows, pk));
    const found = pages.find((page) => page.length > 0);
    if (found !== undefined) return found;
  }
  return [];
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
  return now + (stateOf(row) === 'purging' ? SOON_MS : SELDOM_MS);
}
