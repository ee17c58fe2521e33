/**
 * What the steps of `expunge-messages` and `restore-messages` get and answer: the verbs for more
 * messages than one request takes. Ids and numbers only; what is looked for stays on the
 * operation until it has ended.
 */
import type { Counts } from './api.ts';
import type { BulkVerb } from './machines.ts';
import type { OperationContext, RefusalAnswer, RunningAnswer } from './payloads.ts';

/** Input of an execution. Operators give `user` and `query`; API and `resume` an operation. */
export interface BulkInput {
  readonly user?: string;
  /** A MessageQuery to expunge, a RestoreQuery to restore (contract/mail-api.ts). */
  readonly query?: object;
  /** Ends when everything is counted; nothing goes. */
  readonly dryRun?: boolean;
  /** expunge-messages: for good at once. */
  readonly bypassExpungeStorage?: boolean;
  /** restore-messages: the mailbox to restore to, instead of the folders of origin. */
  readonly to?: string;
  /** restore-messages: whatever the quota says. */
  readonly overQuota?: boolean;
  readonly operationId?: string;
  readonly attempt?: number;
}

export interface ResolveBulkPayload {
  readonly verb: BulkVerb;
  readonly input: unknown;
  readonly executionName: string;
}

export type ResolveBulkAnswer = RunningAnswer | RefusalAnswer;

export interface BulkPayload {
  readonly operation: OperationContext;
}

export type BulkAnswer =
  | { readonly outcome: 'again' }
  | {
      readonly outcome: 'done';
      readonly operationId: string;
      readonly dryRun?: true;
      /** What was found, and what went or came back. */
      readonly expected: Counts;
      readonly counts: Counts;
    }
  | RefusalAnswer;
