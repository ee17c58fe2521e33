/** What deleting folders and bringing them back is billed for (O1). */
import type { EstimatedCost } from '../../contract/folder-api.ts';
import { PRICES_OF } from './prices.ts';
import { shownDollars, shownUsage, type Usage } from './usage.ts';

/** Three rows of at most 1 KB in a transaction, which counts twice. */
const MOVED_MAILBOX_UNITS = 6;

/** Account and tree, and the index entry of the tree. */
const MOVE_UNITS = 5;

/** Its row and the view of the storage, and its part of the counters of a transaction of 30. */
const EXPUNGED_MESSAGE_UNITS = 3.2;

/** Its path, its row, the account; and what clears the row later. */
const ENDED_MAILBOX_UNITS = 8;

/** Mailbox rows are some 500 bytes: eight in a read unit. */
const MAILBOXES_EACH_READ = 8;

/** A mailbox row read by itself, with its path. */
const LOOKUP_UNITS = 2;

interface Size {
  readonly mailboxes: number;
  readonly messages: number;
}

/** Whatever the number of messages: names alone change. @param trees deletions, or one return */
export function moveUsage({ mailboxes }: Size, trees = 1): Usage {
  return {
    dynamodbWriteUnits: trees * MOVE_UNITS + mailboxes * MOVED_MAILBOX_UNITS,
    dynamodbReadUnits:
      trees * Math.ceil(mailboxes / MAILBOXES_EACH_READ) + mailboxes * LOOKUP_UNITS,
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
