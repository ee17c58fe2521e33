/** The dry run of a deletion: counts, bytes, estimated cost; reads only (O1). */
import type { EstimateAnswer } from '../../contract/api.ts';
import { accountPartition } from '../../contract/row-layout.ts';
import { toMailbox } from '../mailboxes/mailboxes.ts';
import { erasureCostDollars } from '../meter/erasure-cost.ts';
import { PRICES } from '../meter/prices.ts';
import type { RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';
import type { ErasureSettings } from './erasure-ports.ts';

const PAGE_ROWS = 500;

/** Counts come from the account's own rows: the cost does not depend on the number of messages. */
export async function estimateErasure(
  rows: RowStore,
  settings: ErasureSettings,
  accountId: string,
): Promise<EstimateAnswer> {
  let mailboxes = 0;
  let messages = 0;
  let bytes = 0;
  let objects = 0;
  let accountRows = 0;
  const query = { table: 'dictmap', pk: accountPartition(accountId), limit: PAGE_ROWS } as const;
  for await (const row of everyRow(rows, query)) {
    accountRows += 1;
    const size = row.attributes['size'];
    if (row.attributes['type'] === 'mailbox') {
      const mailbox = toMailbox(row);
      mailboxes += 1;
      messages += mailbox.messages;
      bytes += mailbox.bytes;
    } else if (row.attributes['type'] === 'object') {
      objects += 1;
      bytes += typeof size === 'number' ? size : 0;
    }
  }
  const { classes } = settings;
  return {
    dryRun: true,
    accountId,
    counts: { mailboxes, messages, objects, accountRows, bytes },
    estimatedCostDollars: erasureCostDollars({ messages, accountRows, mailboxes, classes }),
    pricesOf: PRICES.of,
  };
}
