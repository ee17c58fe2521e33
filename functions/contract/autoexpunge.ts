/** What the steps of `autoexpunge` get and answer: ids and numbers only. */
import type { RefusalAnswer } from './payloads.ts';
import type { WalkAnswer, WalkedPart, WalkPart, WalkProgress, WalkReport } from './walks.ts';

/** Input of an execution. Without user and domain: whatever is due, in all accounts. */
export interface AutoexpungeInput {
  /** Every mailbox of this account, due or not. */
  readonly user?: string;
  /** The same for every account of a domain: after its settings, or the deployment's, changed. */
  readonly domain?: string;
  /** Counts what would go; changes nothing. */
  readonly dryRun?: boolean;
}

export type SweepReport = WalkReport;
export type SweepProgress = WalkProgress;

export type ResolveSweepAnswer =
  | {
      readonly outcome: 'sweep';
      readonly dryRun: boolean;
      /** None when nothing is due. */
      readonly parts: readonly WalkPart[];
    }
  | RefusalAnswer;

interface SweepPayload<P extends WalkPart> {
  readonly part: P;
  readonly dryRun: boolean;
  /** `null` at the start. */
  readonly progress: SweepProgress | null;
}

export type SweepDuePayload = SweepPayload<Extract<WalkPart, { kind: 'due' }>>;
export type SweepAccountsPayload = SweepPayload<Extract<WalkPart, { kind: 'accounts' }>>;

export type SweepAnswer = WalkAnswer;

export interface FinishSweepPayload {
  readonly dryRun: boolean;
  readonly swept: readonly WalkedPart[];
}

export type FinishSweepAnswer =
  | { readonly outcome: 'swept'; readonly dryRun?: true; readonly report: SweepReport }
  | (RefusalAnswer & { readonly report: SweepReport });
