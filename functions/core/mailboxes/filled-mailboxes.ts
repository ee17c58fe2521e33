/** Which mailboxes of an account hold anything, without reading all of them. */
import { accountPartition } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import type { RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import { LISTINGS, toBucketName } from './bucket-directory.ts';
import type { Mailbox } from './mailbox.ts';
import { readMailbox } from './mailboxes.ts';

const PARALLEL_READS = 16;

/**
 * The mailboxes of an account that can hold mail, or show what was expunged, by the directory alone;
 * undefined when that may not name them all, or names more than so many buckets.
 */
export async function filledMailboxes(
  rows: RowStore,
  { accountId, hasDirectory }: Pick<Account, 'accountId' | 'hasDirectory'>,
  bucketsMax: number,
): Promise<Mailbox[] | undefined> {
  if (hasDirectory !== true) return undefined;
  const mailboxIds = new Set<string>();
  for (const listing of LISTINGS) {
    const prefix = `${listing}#`;
    const query = { table: 'dictmap', pk: accountPartition(accountId), sk: { prefix } } as const;
    let found = 0;
    for await (const row of everyRow(rows, { ...query, limit: bucketsMax })) {
      found += 1;
      if (found >= bucketsMax) return undefined;
      mailboxIds.add(toBucketName(row).mailboxId);
    }
  }
  const mailboxes = await inParallel([...mailboxIds], PARALLEL_READS, (mailboxId) =>
    readMailbox(rows, mailboxId),
  );
  return mailboxes.filter((mailbox) => mailbox !== undefined);
}
