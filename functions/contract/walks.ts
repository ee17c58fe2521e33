/**
 * What walks over many accounts get and answer, step by step of their machines: ids and numbers
 * only. `autoexpunge` and `purge-mailboxes` walk alike.
 */

export interface WalkFailure {
  /** A mailbox, a tree, an account, or a shard of the index. */
  readonly what: string;
  readonly error: string;
  readonly message: string;
}

export interface WalkReport {
  /** Done to the end. */
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** Held, not active, gone or changed meanwhile: looked at again by the next walk. */
  readonly skipped: number;
  readonly failed: number;
  /** The first of them. */
  readonly failures: readonly WalkFailure[];
  /** Time was over before everything was counted or done; the next walk goes on. */
  readonly incomplete?: true;
}

/** Where a walk goes on. Opaque to the machine. */
export interface WalkProgress<R extends WalkReport = WalkReport> {
  readonly after?: string;
  readonly account?: WalkPlace;
  readonly rounds: number;
  readonly report: R;
}

export interface WalkPlace {
  readonly accountId: string;
  readonly after?: string;
  readonly pass: 1 | 2;
}

export type WalkScope = { readonly accountId: string } | { readonly domain: string };

/** What one iteration of a machine's map walks: a shard of the index `due`, or accounts. */
export type WalkPart =
  | { readonly kind: 'due'; readonly shard: string }
  | { readonly kind: 'accounts'; readonly scope: WalkScope };

export interface WalkAnswer<R extends WalkReport = WalkReport> {
  readonly outcome: 'done' | 'again';
  readonly progress: WalkProgress<R>;
}

/** Of each part: how far it came, or what the machine caught instead. */
export type WalkedPart<R extends WalkReport = WalkReport> =
  | { readonly progress: WalkProgress<R> }
  | {
      readonly part: WalkPart;
      readonly failure: { readonly Error: string; readonly Cause: string };
    };
