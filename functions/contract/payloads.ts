/** What the steps of `delete-account` get and answer. Kept far below 256 KiB: ids and numbers only. */

/** Names the operation in every step after the first. */
export interface OperationContext {
  readonly operationId: string;
  readonly attempt: number;
  readonly accountId: string;
  /** A grace period was asked for: the machine looks whether it is over. */
  readonly grace?: true;
}

/** Input of an execution. Operators give `user`; the API and `resume` give `operationId`. */
export interface DeleteAccountInput {
  readonly user?: string;
  /** The account that is meant: refused when the address is another's by now. */
  readonly accountId?: string;
  readonly dryRun?: boolean;
  /** Erase although the userdb does not know the user (U2). */
  readonly allowUnknownUser?: boolean;
  /** When the erasure begins: a time from now (`30d`), or a moment in ISO 8601. */
  readonly deleteAfter?: string;
  readonly operationId?: string;
  readonly attempt?: number;
}

/** Payload of "Resolve account": the input as it came, and which execution it is. */
export interface ResolveAccountPayload {
  readonly input: unknown;
  readonly executionName: string;
}

/** Whether an execution works on an operation, or another one does. */
export type RunningAnswer =
  | { readonly outcome: 'proceed'; readonly operation: OperationContext }
  | { readonly outcome: 'alreadyRunning'; readonly operationId: string; readonly message: string };

/** Every refusal names the error and says what happened; a Choice reads `outcome`. */
export type ResolveAccountAnswer =
  | RunningAnswer
  | { readonly outcome: 'dryRun'; readonly estimate: object }
  | RefusalAnswer;

/** `waiting`: nothing is erased before that time, in ISO 8601; a later execution goes on. */
export type BeginGraceAnswer =
  | { readonly outcome: 'proceed' }
  | { readonly outcome: 'waiting'; readonly deleteAfter: string };

/** `again`: more is left than one invocation can do; call the step again. */
export type FenceAnswer = { readonly outcome: 'fenced' | 'again' } | RefusalAnswer;

export interface PlanAnswer {
  /** Numbers 0 to n-1; each child of the map erases every n-th target. */
  readonly ranges: readonly number[];
  readonly rangeCount: number;
  /** 1 for the first pass; each verification that finds something starts the next. */
  readonly round: number;
  readonly settleSeconds: number;
}

export interface EraseRangePayload {
  readonly operation: OperationContext;
  readonly round: number;
  readonly range: number;
  readonly rangeCount: number;
}

export interface LoopAnswer {
  readonly outcome: 'done' | 'again';
}

export interface RoundPayload {
  readonly operation: OperationContext;
  readonly round: number;
}

/** A step that must not go on; the machine records it as a failure. */
export interface RefusalAnswer {
  readonly outcome: 'refused';
  readonly error: string;
  readonly message: string;
}

/** `nextRound`: something is still there; plan and erase once more. */
export type EraseAccountRowsAnswer =
  | { readonly outcome: 'done' | 'again' | 'nextRound' }
  | RefusalAnswer;

export type VerifyAnswer = { readonly outcome: 'clean' | 'again' | 'nextRound' } | RefusalAnswer;

/** `nextRound`: an upload has ended since the verification. */
export type CertifyAnswer = { readonly outcome: 'certified' | 'nextRound' } | RefusalAnswer;

export interface RecordFailurePayload {
  readonly operation: OperationContext;
  /** What a Catch or a refusing step left: error name and cause. */
  readonly error: string;
  readonly message: string;
}

/**
 * `noServers`: no mail servers are configured, nobody can be connected through one. `addressGone`:
 * the address is not the account's any more, and who is connected by it is somebody else.
 */
export type KickAnswer =
  | { readonly outcome: 'kicked' | 'noServers' | 'addressGone' }
  | RefusalAnswer;

/** `again`: somebody is still connected; look again after so many seconds. */
export type SessionsAnswer =
  | { readonly outcome: 'none' }
  | { readonly outcome: 'again'; readonly waitSeconds: number; readonly sessions: number }
  | RefusalAnswer;
