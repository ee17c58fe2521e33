/** What the steps of `purge-mailboxes` get and answer: ids and numbers only. */
import type { Counts } from './api.ts';
import type { OperationContext, RefusalAnswer } from './payloads.ts';
import type { DryRunnable } from './requests/form.ts';
import type { WalkAnswer, WalkedPart, WalkPart, WalkProgress, WalkReport } from './walks.ts';

/** What of deleted folders goes. Without user and domain: in all accounts. */
export interface PurgeRequest extends DryRunnable {
  readonly user?: string;
  readonly domain?: string;
  /** This one deletion of the user's, however young it is. */
  readonly deletionId?: string;
  /** What was deleted at least so many days ago; 0: everything. As the settings say when missing. */
  readonly olderThanDays?: number;
  /** The same in seconds, also parts of them. */
  readonly olderThanSeconds?: number;
  /** Also folders with a setting of their own go by what is asked for. */
  readonly ignoreOwnRetention?: boolean;
}

/** Input of an execution. Operators give a request; API and `resume` an operation. */
export interface PurgeInput extends PurgeRequest {
  readonly operationId?: string;
  readonly attempt?: number;
}

/**
 * `GET /v1/mailboxes/purge/{id}/folders`: a deleted folder of which a dry run found something that
 * would go. Names are those of now: an operation keeps none.
 */
export interface PurgeableFolder {
  readonly accountId: string;
  /** Missing: the account has no address any more. */
  readonly user?: string;
  readonly deletionId: string;
  /** As it was deleted; missing: it has come back or gone since. */
  readonly path?: string;
  readonly deletedAt?: string;
  /** Of it, with what was in it, that would go. */
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
}

export interface PurgeReport extends WalkReport {
  /** Of which something went, or would go. */
  readonly trees: number;
  /** Too young, or kept for ever. */
  readonly notDue: number;
  /** Old enough, and in no completed backup yet. */
  readonly waiting: number;
  /** Since when the first of them has been old enough, in epoch milliseconds. */
  readonly waitingSince?: number;
  /** What an estimate needs besides: partitions of message rows, transactions that end them. */
  readonly partitions: number;
  readonly chunks: number;
}

export interface ResolvePurgePayload {
  readonly input: unknown;
  readonly executionName: string;
}

export type ResolvePurgeAnswer =
  | {
      readonly outcome: 'purge';
      readonly operation: OperationContext;
      /** None when there are no deleted folders. */
      readonly parts: readonly WalkPart[];
      /** How many of them run at once: they share the pace. */
      readonly workers: number;
    }
  | { readonly outcome: 'alreadyRunning'; readonly operationId: string; readonly message: string }
  | RefusalAnswer;

export interface PurgePartPayload {
  readonly operation: OperationContext;
  readonly part: WalkPart;
  readonly workers: number;
  /** `null` at the start. */
  readonly progress: WalkProgress<PurgeReport> | null;
}

export type PurgePartAnswer = WalkAnswer<PurgeReport>;

export interface FinishPurgePayload {
  readonly operation: OperationContext;
  readonly purged: readonly WalkedPart<PurgeReport>[];
}

export type FinishPurgeAnswer =
  | {
      readonly outcome: 'purged';
      readonly operationId: string;
      readonly dryRun?: true;
      readonly counts: Counts;
      readonly report: PurgeReport;
    }
  | (RefusalAnswer & { readonly operationId: string; readonly report: PurgeReport });
