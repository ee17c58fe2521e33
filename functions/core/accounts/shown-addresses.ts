/** Accounts as people are shown them: rows name ids, because an address may change hands (W7). */
import type { RowStore } from '../ports/row-store.ts';
import { inParallel } from '../rows/parallel.ts';
import { readAccount } from './accounts.ts';

const PARALLEL_READS = 16;

/**
 * The main address that each account has now.
 * @returns for an account that is erased, or is none, its id
 */
export async function shownAddresses(
  rows: RowStore,
  accountIds: Iterable<string>,
): Promise<ReadonlyMap<string, string>> {
  const distinct = [...new Set(accountIds)];
  const shown = await inParallel(distinct, PARALLEL_READS, async (accountId) => {
    const { user = accountId } = (await readAccount(rows, accountId)) ?? {};
    return [accountId, user] as const;
  });
  return new Map(shown);
}
