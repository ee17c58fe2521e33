/**
 * Answers about mail that was expunged in place (`lazyExpunge: in-place`): it is in no
 * list of its mailbox, and administrators bring it back. All of them below
 * `/v1/admin/accounts/{user}`. Times are ISO 8601 in UTC.
 */
import type { Aftermath } from './mail-api.ts';

/** `GET messages/expunged?mailbox=` */
export interface ExpungedItem {
  /** What it was before it was expunged. */
  readonly uid: number;
  readonly guid: string;
  readonly expungedAt: string;
  /** Missing: never. */
  readonly expiresAt?: string;
  /** Another user who expunged it: the address that account has now, or its id. */
  readonly expungedBy?: string;
  readonly size: number;
  readonly internalDate: string;
  readonly flags: readonly string[];
  readonly keywords: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly subject: string;
}

export interface UnexpungeAnswer {
  readonly dryRun?: true;
  /** In UID order: the UID that each had, and in what is no dry run the one that it has now. */
  readonly restored: readonly (readonly [uid: number, newUid?: number])[];
  /** Of them. */
  readonly count: number;
  readonly bytes: number;
  readonly overQuota?: true;
  /** `false` when time ran out: send the UIDs that are left, or go on with `next`. */
  readonly complete: boolean;
  readonly next?: string;
  /**
   * Where nothing was found, and nothing is kept in place today: what is expunged is gone (`off`), or in
   * a storage, for `messages/restore`.
   */
  readonly lazyExpunge?: 'off' | 'storage';
  /** Likewise: the mailbox, of which an expunge keeps nothing. */
  readonly excluded?: readonly string[];
}

export interface PurgeExpungedAnswer extends Pick<Aftermath, 'goneForGood'> {
  readonly dryRun?: true;
  readonly removed: number;
  readonly bytes: number;
  /** `false` when time ran out: go on with `next`. */
  readonly complete: boolean;
  readonly next?: string;
}
