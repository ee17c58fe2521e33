/**
 * Which backends hold cached copies of an account. Dovecot's own deletion clears only the backend
 * the user is on now; these rows remember the earlier ones (U3).
 */
import { accountPartition, dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { writeWhileActive } from '../accounts/while-active.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import { number, text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';

const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;
const PAGE_ROWS = 100;

export interface Cache {
  readonly host: string;
  /** Epoch milliseconds at which the backend last said that it serves the account. */
  readonly seenAt: number;
}

/**
 * Remembers that a backend serves the account and so may cache it.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, AccountNotActiveError, StoreBusyError
 */
export async function recordCache(
  ports: Pick<Ports, 'rows' | 'clock' | 'ids'>,
  account: Account,
  host: string,
  deadline: number,
): Promise<void> {
  if (!HOST.test(host)) {
    throw InvalidInputError.of('host', `got ${quoted(host)}, allowed is a host name or address`);
  }
  const write = {
    kind: 'put',
    key: dictmapKeys.cache(account.accountId, host),
    attributes: { v: ROW_VERSION, type: 'cache', host, seenAt: ports.clock.now() },
  } as const;
  await writeWhileActive(ports, account, write, deadline);
}

/** Every backend that the account was ever on. */
export async function everyCache(rows: RowStore, accountId: string): Promise<Cache[]> {
  const caches: Cache[] = [];
  const query = {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'cache#' },
    limit: PAGE_ROWS,
  } as const;
  for await (const row of everyRow(rows, query)) {
    caches.push({ host: text(row, 'host'), seenAt: number(row, 'seenAt') });
  }
  return caches;
}
