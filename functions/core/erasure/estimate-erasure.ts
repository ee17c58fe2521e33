/** The dry run of a deletion: counts, bytes, estimated cost; reads only (O1). */
import type { EstimateAnswer } from '../../contract/api.ts';
import { accountPartition } from '../../contract/row-layout.ts';
import { type ResidueSettings, remaindersOf } from '../evidence/residue.ts';
import { markOf } from '../mailboxes/bucket-directory.ts';
import { toMailbox } from '../mailboxes/mailbox.ts';
import { PRICES_OF } from '../meter/prices.ts';
import { rowBytes, writeUnits } from '../meter/row-units.ts';
import { shownDollars, shownUsage } from '../meter/usage.ts';
import { dayOf } from '../policies/expiry.ts';
import type { Row } from '../ports/row-store.ts';
import { number, text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import type { ErasureSettings, RowPorts } from './erasure-ports.ts';
import { type ErasureSize, erasureUsage } from './erasure-usage.ts';

const PAGE_ROWS = 500;

export interface EstimateSettings extends ErasureSettings, ResidueSettings {}

type Sizes = { -readonly [name in keyof Omit<ErasureSize, 'classes' | 'memoryMb'>]: number };

/**
 * Counts come from the account's own rows: the cost of a dry run does not depend on the number of
 * messages.
 */
export async function estimateErasure(
  { rows, clock }: RowPorts,
  settings: EstimateSettings,
  accountId: string,
): Promise<EstimateAnswer> {
  const sizes = emptySizes();
  const lasting = new Lasting(clock.now());
  let bytes = 0;
  let accountRows = 0;
  const pk = accountPartition(accountId);
  for await (const row of everyRow(rows, { table: 'dictmap', pk, limit: PAGE_ROWS })) {
    accountRows += 1;
    bytes += addRow(sizes, row);
    lasting.add(row);
  }
  const noted = { table: 'registry', pk, limit: PAGE_ROWS, keysOnly: true } as const;
  for await (const { key } of everyRow(rows, noted)) {
    if (key.sk.startsWith('address#')) sizes.addresses += 1;
    if (key.sk.startsWith('idempotency#')) sizes.idempotencyRows += 1;
  }
  const { classes, memoryMb } = settings;
  const usage = erasureUsage({ ...sizes, classes, memoryMb });
  const { mailboxes, messages, objects } = sizes;
  const goneForGood = messages + lasting.expunged;
  return {
    dryRun: true,
    accountId,
    counts: { mailboxes, messages, objects, accountRows, bytes },
    ...(goneForGood === 0 ? {} : { goneForGood }),
    remains: remaindersOf(settings, lasting),
    estimatedBill: shownUsage(usage),
    estimatedCostDollars: shownDollars(usage),
    pricesOf: PRICES_OF,
  };
}

/** What the account's rows say of mail that storages keep, and of what outlives the deletion. */
class Lasting {
  readonly cleared = new Set<string>();
  readonly left = new Set<string>();
  uploads: 'none' | 'expected' = 'none';
  /** Messages in expunge storages, without those that have ended. */
  expunged = 0;
  readonly #today: string;

  constructor(now: number) {
    this.#today = dayOf(now);
  }

  add(row: Row): void {
    const { type } = row.attributes;
    if (type === 'cache') this.left.add(text(row, 'host'));
    if (type === 'upload') this.uploads = 'expected';
    // `never` sorts after every day.
    if (type === 'expiry' && text(row, 'day') >= this.#today) {
      this.expunged += number(row, 'messages');
    }
  }
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
