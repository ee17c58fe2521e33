/** What requests and steps of holds get and answer: ids and numbers only, and the reason of a case. */
import type { Counts, OperationState } from './api.ts';
import type { OperationContext, RefusalAnswer, RunningAnswer } from './payloads.ts';

/** Input of an execution. Operators give a case; API and `resume` an operation. */
export interface HoldInput {
  readonly user?: string;
  readonly caseId?: string;
  readonly reason?: string;
  /** ISO 8601. */
  readonly until?: string;
  readonly dryRun?: boolean;
  readonly operationId?: string;
  readonly attempt?: number;
}

export interface ResolveHoldPayload {
  readonly verb: string;
  readonly input: unknown;
  readonly executionName: string;
}

export type ResolveHoldAnswer = RunningAnswer | RefusalAnswer;

export interface HoldPayload {
  readonly operation: OperationContext;
}

interface DoneHold {
  readonly outcome: 'done';
  readonly operationId: string;
  readonly dryRun?: true;
  readonly counts: Counts;
}

/** `settle`: wait so long, until whoever still works by an older reading is over. */
export type ProtectAnswer =
  | { readonly outcome: 'again' }
  | { readonly outcome: 'settle'; readonly settleSeconds: number }
  | DoneHold
  | RefusalAnswer;

/** `nextRound`: something was not as it must be, and is mended: settle, then verify anew. */
export type VerifyHoldAnswer =
  | { readonly outcome: 'again' }
  | { readonly outcome: 'nextRound'; readonly settleSeconds: number }
  | DoneHold
  | RefusalAnswer;

export type RestartAnswer = { readonly outcome: 'again' } | DoneHold | RefusalAnswer;

/** A case as callers see it. */
export interface HoldAnswer {
  readonly caseId: string;
  readonly reason: string;
  readonly placedBy: string;
  /** ISO 8601. */
  readonly placedAt: string;
  readonly until?: string;
  /** Its time is over; it holds the account until somebody releases it. */
  readonly overdue?: true;
  readonly operationId: string;
  /** Of that operation: `succeeded` says that all is protected and verified; missing: long ago. */
  readonly protection?: OperationState;
}

export interface HoldsAnswer {
  readonly accountId: string;
  readonly held: boolean;
  readonly holds: readonly HoldAnswer[];
}
