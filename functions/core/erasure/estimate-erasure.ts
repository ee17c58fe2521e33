/** The dry run of a deletion: counts, bytes, estimated cost; reads only (O1). */
import type { EstimateAnswer } from '../../contract/api.ts';
import { accountPartition } from '../../contract/row-layout.ts';
import { markOf } from '../mailboxes/bucket-directory.ts';
import { toMailbox } from '../mailboxes/mailbox.ts';
import { PRICES_OF } from '../meter/prices.ts';
import { rowBytes, writeUnits } from '../meter/row-units.ts';
import { shownDollars, shownUsage } from '../meter/usage.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';
import type { ErasureSettings } from './erasure-ports.ts';
import { type ErasureSize, erasureUsage } from './erasure-usage.ts';

const PAGE_ROWS = 500;

type Sizes = { -readonly [name in keyof Omit<ErasureSize, 'classes' | 'memoryMb'>]: number };

/**
 * Counts come from the account's own rows: the cost of a dry run does not depend on the number of
 * messages.
 */
export async function estimateErasure(
  rows: RowStore,
  settings: ErasureSettings,
  accountId: string,
): Promise<EstimateAnswer> {
  const sizes = emptySizes();
  let bytes = 0;
  let accountRows = 0;
  const pk = accountPartition(accountId);
  for await (const row of everyRow(rows, { table: 'dictmap', pk, limit: PAGE_ROWS })) {
    accountRows += 1;
    bytes += addRow(sizes, row);
  }
  const noted = { table: 'registry', pk, limit: PAGE_ROWS, keysOnly: true } as const;
  for await (const { key } of everyRow(rows, noted)) {
    if (key.sk.startsWith('address#')) sizes.addresses += 1;
    if (key.sk.startsWith('idempotency#')) sizes.idempotencyRows += 1;
  }
  const { classes, memoryMb } = settings;
  const usage = erasureUsage({ ...sizes, classes, memoryMb });
  const { mailboxes, messages, objects } = sizes;
  return {
    dryRun: true,
    accountId,
    counts: { mailboxes, messages, objects, accountRows, bytes },
    estimatedBill: shownUsage(usage),
    estimatedCostDollars: shownDollars(usage),
    pricesOf: PRICES_OF,
  };
}

const emptySizes = (): Sizes => ({
  messages: 0,
  uids: 0,
  mailboxes: 0,
  partitions: 0,
  objects: 0,
  accountUnits: 0,
  accountBytes: 0,
  addresses: 0,
  idempotencyRows: 0,
});

/** Counts one row of the account's partition; answers the bytes in S3 that it stands for. */
function addRow(sizes: Sizes, row: Row): number {
  const { key, attributes } = row;
  sizes.accountUnits += writeUnits({ key, before: attributes, after: undefined }, false);
  sizes.accountBytes += rowBytes(key, attributes);
  if (attributes['type'] === 'mailbox') {
    const mailbox = toMailbox(row);
    sizes.mailboxes += 1;
    sizes.messages += mailbox.messages;
    sizes.uids += mailbox.uidNext - 1;
    sizes.partitions += markOf(mailbox).unlisted;
    return mailbox.bytes;
  }
  if (attributes['type'] === 'bucket' && !key.sk.startsWith('lazy#')) sizes.partitions += 1;
  if (attributes['type'] !== 'object') return 0;
  sizes.objects += 1;
  const size = attributes['size'];
  return typeof size === 'number' ? size : 0;
}
