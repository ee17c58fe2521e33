/** What deleting folders and bringing them back is billed for (O1). */
import type { EstimatedCost } from '../../contract/folder-api.ts';
import { PRICES_OF } from './prices.ts';
import { shownDollars, shownUsage, type Usage } from './usage.ts';

/** Three rows of at most 1 KB in a transaction, which counts twice. */
const MOVED_MAILBOX_UNITS = 6;

/** Account and tree, and the index entry of the tree. */
const MOVE_WRITE_UNITS = 6;

/** Account and settings, the names that are there, and subscriptions: each more than once. */
const MOVE_READ_UNITS = 8;

/** Its row and the view of the storage, and its part of the counters of a transaction of 30. */
const EXPUNGED_MESSAGE_UNITS = 3.2;

/** Its path, its row, the account; and what clears the row later. */
const ENDED_MAILBOX_UNITS = 8;

/** Mailbox rows are some 500 bytes: eight in a read unit. */
const MAILBOXES_EACH_READ = 8;

/** A mailbox row read by itself, with its path. */
const LOOKUP_UNITS = 2;

/** What a name remembers of a mailbox that has given UIDs: below 1 KB in a transaction. */
const NAME_WRITE_UNITS = 2;

interface Size {
  readonly mailboxes: number;
  readonly messages: number;
}

interface DeletionSize extends Size {
  /** Mailboxes that have given UIDs. */
  readonly remembered: number;
}

/** Whatever the number of messages: names alone change. @param deletions that it takes */
export function deletionUsage({ mailboxes, remembered }: DeletionSize, deletions = 1): Usage {
  const names = remembered * NAME_WRITE_UNITS;
  const reads = Math.ceil(mailboxes / MAILBOXES_EACH_READ) + remembered;
  return {
    dynamodbWriteUnits: deletions * MOVE_WRITE_UNITS + mailboxes * MOVED_MAILBOX_UNITS + names,
    dynamodbReadUnits: deletions * MOVE_READ_UNITS + reads,
  };
}

/** Each mailbox is read by itself, and so is the name that it gets. */
export function returnUsage({ mailboxes }: Size): Usage {
  return {
    dynamodbWriteUnits: MOVE_WRITE_UNITS + mailboxes * MOVED_MAILBOX_UNITS,
    dynamodbReadUnits: MOVE_READ_UNITS + mailboxes * LOOKUP_UNITS,
  };
}

/** Every message is expunged. */
export function expungeUsage({ mailboxes, messages }: Size): Usage {
  return {
    dynamodbWriteUnits: mailboxes * ENDED_MAILBOX_UNITS + messages * EXPUNGED_MESSAGE_UNITS,
    dynamodbReadUnits: mailboxes * LOOKUP_UNITS + Math.ceil(messages / MAILBOXES_EACH_READ),
  };
}

export function estimatedCost(usage: Usage): EstimatedCost {
  return {
    estimatedBill: shownUsage(usage),
    estimatedCostDollars: shownDollars(usage),
    pricesOf: PRICES_OF,
  };
}
