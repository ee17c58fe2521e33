/**
 * Subscriptions: names that a user's clients show. A name may be subscribed whether or not its
 * mailbox exists (RFC 9051, 6.3.7).
 */
import { accountPartition, dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import type { WithMoves } from '../accounts/folder-moves.ts';
import { writeWhileActive } from '../accounts/while-active.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import { findMailbox } from './mailboxes.ts';

const PAGE_ROWS = 500;
const PARALLEL_READS = 16;

/**
 * Subscribes to a name; doing so twice changes nothing.
 * @param path in its stored form
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws AccountNotActiveError, StoreBusyError
 */
export async function subscribe(
  ports: Pick<Ports, 'rows' | 'clock' | 'ids'>,
  account: Account,
  path: string,
  deadline: number,
): Promise<void> {
  const write = {
    kind: 'put',
    key: dictmapKeys.subscription(account.accountId, path),
    attributes: { v: ROW_VERSION, type: 'subscription', path },
  } as const;
  await writeWhileActive(ports, account, write, deadline);
}

/**
 * Ends a subscription; one that is not there is no error.
 * @param path in its stored form
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws AccountNotActiveError, StoreBusyError
 */
export async function unsubscribe(
  ports: Pick<Ports, 'rows' | 'clock' | 'ids'>,
  account: Account,
  path: string,
  deadline: number,
): Promise<void> {
  const key = dictmapKeys.subscription(account.accountId, path);
  await writeWhileActive(ports, account, { kind: 'remove', key }, deadline);
}

/**
 * Marks subscriptions to folders that are about to be deleted: from then on they show only while
 * there is a mailbox of the name, so that they come back with it (F1). A mark that comes too early
 * changes nothing.
 * @param ending they are to end with them: what is marked so is found when that was cut off
 */
export async function hideSubscriptions(
  rows: RowStore,
  accountId: string,
  paths: readonly string[],
  ending = false,
): Promise<void> {
  const set = { deleted: true, ...(ending ? { ending } : {}) };
  const isMarked = ({ attributes }: Row) =>
    attributes['deleted'] === true && (!ending || attributes['ending'] === true);
  const deleted = new Set(paths);
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'subscription#' },
    limit: PAGE_ROWS,
  })) {
    if (!deleted.has(text(row, 'path')) || isMarked(row)) continue;
    const guard = { row: 'present' } as const;
    await rows.write({ kind: 'update', key: row.key, guard, change: { set } });
  }
}

/** Names whose subscriptions were to end with their mailboxes. */
export async function endingNames(rows: RowStore, accountId: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'subscription#' },
    limit: PAGE_ROWS,
  })) {
    if (row.attributes['ending'] === true) names.push(text(row, 'path'));
  }
  return names;
}

/** All names that are subscribed, also those whose mailboxes are gone. */
export async function subscribedNames(
  rows: RowStore,
  accountId: string,
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'subscription#' },
    limit: PAGE_ROWS,
  })) {
    names.add(text(row, 'path'));
  }
  return names;
}

/** One page of subscribed names, in the order of their bytes. May hold fewer than asked for. */
export async function listSubscriptions(
  rows: RowStore,
  account: WithMoves,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly paths: readonly string[]; readonly next?: string }> {
  const { rows: found, next } = await rows.query({
    table: 'dictmap',
    pk: accountPartition(account.accountId),
    sk: { prefix: 'subscription#' },
    ...page,
  });
  const shown = await inParallel(found, PARALLEL_READS, async (row) => {
    const path = text(row, 'path');
    if (row.attributes['deleted'] !== true) return path;
    return (await findMailbox(rows, account, path)) === undefined ? undefined : path;
  });
  const paths = shown.filter((path) => path !== undefined);
  return next === undefined ? { paths } : { paths, next };
}
