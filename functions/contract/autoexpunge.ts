/** What the steps of `autoexpunge` get and answer: ids and numbers only. */
import type { RefusalAnswer } from './payloads.ts';

/** Input of an execution. Without user and domain: whatever is due, in all accounts. */
export interface AutoexpungeInput {
  /** Every mailbox of this account, due or not. */
  readonly user?: string;
  /** The same for every account of a domain: after its settings, or the deployment's, changed. */
  readonly domain?: string;
  /** Counts what would go; changes nothing. */
  readonly dryRun?: boolean;
}

export interface SweepFailure {
  /** A mailbox, an account, or a shard of the index. */
  readonly what: string;
  readonly error: string;
  readonly message: string;
}

export interface SweepReport {
  /** Swept to the end. */
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** Held, not active, gone or changed meanwhile: looked at again by the next sweep. */
  readonly skipped: number;
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly SweepFailure[];
  /** Time was over before everything was counted or done; the next sweep goes on. */
  readonly incomplete?: true;
}

/** Where a walk goes on. Opaque to the machine. */
export interface SweepProgress {
  readonly after?: string;
  readonly account?: { readonly accountId: string; readonly after?: string; readonly pass: 1 | 2 };
  readonly rounds: number;
  readonly report: SweepReport;
}

export type SweepScope = { readonly accountId: string } | { readonly domain: string };

export interface ResolveSweepPayload {
  readonly input: unknown;
}

export type ResolveSweepAnswer =
  | { readonly outcome: 'nothing' }
  /** Shards of the index that have something due. */
  | { readonly outcome: 'due'; readonly dryRun: boolean; readonly shards: readonly string[] }
  | { readonly outcome: 'walk'; readonly dryRun: boolean; readonly scope: SweepScope }
  | RefusalAnswer;

export interface SweepDuePayload {
  readonly shard: string;
  readonly dryRun: boolean;
  /** `null` at the start. */
  readonly progress: SweepProgress | null;
}

export interface SweepAccountsPayload {
  readonly scope: SweepScope;
  readonly dryRun: boolean;
  readonly progress: SweepProgress | null;
}

export interface SweepAnswer {
  readonly outcome: 'done' | 'again';
  readonly progress: SweepProgress;
}

/** Of each part: its answer, or what the machine caught instead. */
export type SweepPart =
  | { readonly progress: SweepProgress }
  | {
      readonly shard?: string;
      readonly failure: { readonly Error: string; readonly Cause: string };
    };

export interface FinishSweepPayload {
  readonly dryRun: boolean;
  readonly parts: readonly SweepPart[];
}

export type FinishSweepAnswer =
  | { readonly outcome: 'swept'; readonly dryRun?: true; readonly report: SweepReport }
  | (RefusalAnswer & { readonly report: SweepReport });
