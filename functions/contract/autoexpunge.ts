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

/** What one iteration of the machine's map sweeps: a shard of the index, or a walk. */
export type SweepPart =
  | { readonly kind: 'due'; readonly shard: string }
  | { readonly kind: 'accounts'; readonly scope: SweepScope };

export type ResolveSweepAnswer =
  | {
      readonly outcome: 'sweep';
      readonly dryRun: boolean;
      /** None when nothing is due. */
      readonly parts: readonly SweepPart[];
    }
  | RefusalAnswer;

interface SweepPayload<P extends SweepPart> {
  readonly part: P;
  readonly dryRun: boolean;
  /** `null` at the start. */
  readonly progress: SweepProgress | null;
}

export type SweepDuePayload = SweepPayload<Extract<SweepPart, { kind: 'due' }>>;
export type SweepAccountsPayload = SweepPayload<Extract<SweepPart, { kind: 'accounts' }>>;

export interface SweepAnswer {
  readonly outcome: 'done' | 'again';
  readonly progress: SweepProgress;
}

/** Of each part: how far it came, or what the machine caught instead. */
export type SweptPart =
  | { readonly progress: SweepProgress }
  | {
      readonly part: SweepPart;
      readonly failure: { readonly Error: string; readonly Cause: string };
    };

export interface FinishSweepPayload {
  readonly dryRun: boolean;
  readonly swept: readonly SweptPart[];
}

export type FinishSweepAnswer =
  | { readonly outcome: 'swept'; readonly dryRun?: true; readonly report: SweepReport }
  | (RefusalAnswer & { readonly report: SweepReport });
