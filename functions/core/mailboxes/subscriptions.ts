/**
 * Subscriptions: names that a user's clients show. A name may be subscribed whether or not its
 * mailbox exists (RFC 9051, 6.3.7).
 */
import { accountPartition, dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { writeWhileActive } from '../accounts/while-active.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';

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

/** One page of subscribed names, in the order of their bytes. */
export async function listSubscriptions(
  rows: RowStore,
  accountId: string,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly paths: readonly string[]; readonly next?: string }> {
  const { rows: found, next } = await rows.query({
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'subscription#' },
    ...page,
  });
  const paths = found.map((row) => text(row, 'path'));
  return next === undefined ? { paths } : { paths, next };
}
