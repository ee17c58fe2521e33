/**
 * Answers about folders that go and come back: below `/v1/accounts/{user}` as their
 * owner or another user, below `/v1/admin/accounts/{user}` as an administrator. Times are ISO 8601
 * in UTC; paths of deleted folders are those under which they were deleted.
 */

import type { Counts } from './api.ts';
import type { Aftermath } from './mail-api.ts';
import type { DeletedRetentionDays, DeleteMode } from './mail-settings.ts';

export interface DeleteMailboxAnswer extends Partial<EstimatedCost>, Aftermath {
  readonly dryRun?: true;
  /** `delayed`: set aside, and can be brought back. `immediate`: its mail was expunged. */
  readonly mode: DeleteMode;
  readonly deletionId?: string;
  /** What administrators see it as. */
  readonly name?: string;
  /** With `all`. */
  readonly deletions?: readonly { readonly deletionId: string; readonly path: string }[];
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** `false` when time ran out: send the same request again. */
  readonly complete: boolean;
}

/** What it would be billed for, by name, and that in US dollars at list price. */
export interface EstimatedCost {
  readonly estimatedBill: Counts;
  readonly estimatedCostDollars: number;
  /** Date of the price table. */
  readonly pricesOf: string;
}

export interface UndeleteMailboxAnswer extends Partial<EstimatedCost> {
  readonly dryRun?: true;
  readonly deletionId: string;
  readonly to: string;
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  readonly overQuota?: true;
  /** With `toUser`, whose mail is copied: time ran out, send the same request again. */
  readonly complete?: false;
}

/**
 * `moving` and `restoring`: wholly gone, or not back yet, while the rows are on their way.
 * `leaving`: being copied into another account. `arriving`: being copied from one.
 */
export type DeletionState = 'moving' | 'deleted' | 'restoring' | 'purging' | 'leaving' | 'arriving';

/** `GET mailboxes/deleted`, administrators only; oldest first. */
export interface DeletedItem {
  readonly deletionId: string;
  readonly path: string;
  /** `<deletedPrefix>/<path>/<time in hexadecimal>` */
  readonly name: string;
  readonly deletedAt: string;
  readonly state: DeletionState;
  readonly requestedBy: string;
  /** Of what is in it now; while it is on the move, of what has arrived. */
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  readonly retentionDays: DeletedRetentionDays;
  /** Missing: never. */
  readonly purgeAfter?: string;
  /** With a backup gate: no completed backup holds it yet, so no purge takes it. */
  readonly waitsForBackup?: true;
}

/** `GET mailboxes/deleted?deletion=` */
export interface DeletedMember {
  readonly path: string;
  readonly name: string;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: number;
  readonly bytes: number;
  readonly retentionDays: DeletedRetentionDays;
  readonly purgeAfter?: string;
}
