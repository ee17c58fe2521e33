/**
 * What purging deleted folders will be billed for, before it is done: the same units as the bill,
 * and those of reconcile-objects, which follows. From counters alone, which do not tell what was
 * ever copied: a message that was costs two write units more, and one less where its bytes stay,
 * because others share them. Rows of ended mailboxes that sweeps remove later are not in it.
 */

import { INVOCATION_SECONDS, MB_PER_GB } from './prices.ts';
import { READ_UNIT_BYTES } from './row-units.ts';
import { transitionsOf } from './transitions.ts';
import type { Usage } from './usage.ts';

export interface PurgeSize {
  readonly trees: number;
  readonly mailboxes: number;
  readonly messages: number;
  /** Partitions of message rows, of all mailboxes. */
  readonly partitions: number;
  /** Transactions that end messages. */
  readonly chunks: number;
  /** Shards, or one for a walk over accounts. */
  readonly parts: number;
  readonly memoryMb: number;
  /** How many messages a second may end, and how many workers share that. */
  readonly keysPerSecond: number;
  readonly workers: number;
}

/** The row changes in a transaction; reconcile-objects removes it. */
const MESSAGE_WRITE_UNITS = 2 + 1;
/** Account, mailbox, tree and count, in the transaction of each chunk. */
const CHUNK_WRITE_UNITS = 8;
/** Account, tree, deleted name, count, and the mailbox with its entry of the index `due`. */
const MAILBOX_WRITE_UNITS = 11;
/** Claimed: account, tree. Ended: both, the tree's entry of the index, count. */
const TREE_WRITE_UNITS = 11;
/** Step, count and bill of an invocation. */
const PART_WRITE_UNITS = 3;
/** Opening and closing the operation, and the bills of both steps. */
const FIXED_WRITE_UNITS = 8;

/** A message row: 300 bytes of names, ids and dates, and an envelope of ordinary length. */
const MESSAGE_ROW_BYTES = 600;
/** reconcile-objects reads each row. */
const MESSAGE_READ_UNITS = 1 + (2 * MESSAGE_ROW_BYTES) / READ_UNIT_BYTES;
/** Its mailbox, and what does not fill the last unit of two queries. */
const CHUNK_READ_UNITS = 2;
const MAILBOX_READ_UNITS = 3;
/** Account, settings, the tree three times and its members as often. */
const TREE_READ_UNITS = 8;
const PART_READ_UNITS = 6;
const FIXED_READ_UNITS = 14;

/** A transaction of 94 messages takes some 0.2 s, reconcile-objects 0.3 s for a batch of 100. */
const SECONDS_PER_MESSAGE = 5 / 1000;
const RECONCILE_BATCH_ROWS = 100;
export function purgeUsage(size: PurgeSize): Usage {
  const { trees, mailboxes, messages, partitions, chunks, parts } = size;
  const writes =
    messages * MESSAGE_WRITE_UNITS +
    chunks * CHUNK_WRITE_UNITS +
    mailboxes * MAILBOX_WRITE_UNITS +
    trees * TREE_WRITE_UNITS +
    parts * PART_WRITE_UNITS +
    FIXED_WRITE_UNITS;
  const reads =
    messages * MESSAGE_READ_UNITS +
    chunks * CHUNK_READ_UNITS +
    partitions +
    mailboxes * MAILBOX_READ_UNITS +
    trees * TREE_READ_UNITS +
    parts * PART_READ_UNITS +
    FIXED_READ_UNITS;
  const transitions =
    transitionsOf('resolve-purge', 'purge') +
    parts * transitionsOf('purge-part', 'done') +
    transitionsOf('finish-purge', 'purged');
  return {
    dynamodbWriteUnits: Math.round(writes),
    dynamodbReadUnits: Math.round(reads),
    stateTransitions: transitions,
    lambdaRequests: 2 + parts + Math.ceil(messages / RECONCILE_BATCH_ROWS),
    lambdaGigabyteSeconds: secondsOf(size) * (size.memoryMb / MB_PER_GB),
  };
}

/** What a worker sleeps, to keep to its pace, is billed too. */
function secondsOf({ messages, parts, keysPerSecond, workers }: PurgeSize): number {
  const paced = (messages * workers) / keysPerSecond;
  return (2 + parts) * INVOCATION_SECONDS + Math.max(messages * SECONDS_PER_MESSAGE, paced);
}
