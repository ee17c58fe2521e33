/**
 * The two tables as the core sees them: rows under a partition and a sort key, changed one at a
 * time or atomically together, each change under a guard. The core's transactions are written
 * once against this port; adapters and the in-memory model only have to get rows right
 * (docs/decisions/0002-one-row-port.md).
 */
import type { IndexName, RowKey, TableName } from '../../contract/row-layout.ts';

type Scalar = string | number | boolean;
/** A set of strings. Empty sets do not exist: the last member's removal removes the attribute. */
export type Value =
  | Scalar
  | null
  | ReadonlySet<string>
  | readonly Value[]
  | { readonly [name: string]: Value };

/** Attributes of a row besides its key. */
export type Attributes = Readonly<Record<string, Value>>;

export interface Row {
  readonly key: RowKey;
  readonly attributes: Attributes;
}

/** What must hold for a write; all members together. Anything but `absent` implies existence. */
export type Guard =
  | { readonly row: 'absent' }
  | {
      readonly row: 'present';
      /** Attribute equals value. */
      readonly equals?: Readonly<Record<string, Scalar>>;
      /** Attribute equals one of the values. */
      readonly oneOf?: Readonly<Record<string, readonly Scalar[]>>;
      /** Attributes that the row must not have. */
      readonly without?: readonly string[];
    };

/** A partial change of a row; members name distinct attributes. */
export interface Change {
  readonly set?: Attributes;
  /** Adds to numbers; a missing number counts as 0. */
  readonly add?: Readonly<Record<string, number>>;
  readonly unset?: readonly string[];
  readonly addToSet?: Readonly<Record<string, readonly string[]>>;
  readonly removeFromSet?: Readonly<Record<string, readonly string[]>>;
}

/** A put without a guard replaces; an update needs an existing row: rows are never made by it. */
export type Write =
  | {
      readonly kind: 'put';
      readonly key: RowKey;
      readonly attributes: Attributes;
      readonly guard?: Guard;
    }
  | {
      readonly kind: 'update';
      readonly key: RowKey;
      readonly change: Change;
      readonly guard: Guard & { row: 'present' };
    }
  | { readonly kind: 'remove'; readonly key: RowKey; readonly guard?: Guard }
  | { readonly kind: 'check'; readonly key: RowKey; readonly guard: Guard };

/** A guard that did not hold, with the row as it was (missing when there was none). */
export interface Refusal {
  /** Index of the write in the request. */
  readonly index: number;
  readonly row?: Row;
}

export type WriteResult =
  | { readonly outcome: 'written' }
  /** At least one guard did not hold; nothing was written. */
  | { readonly outcome: 'refused'; readonly refusals: readonly Refusal[] }
  /** Another transaction touched the same rows at the same time; nothing was written. */
  | { readonly outcome: 'conflict' };

export interface RowQuery {
  readonly table: TableName;
  readonly pk: string;
  readonly index?: IndexName;
  /** Sort keys to return; all of the partition when missing. */
  readonly sk?: { readonly prefix: string } | { readonly from?: string; readonly to?: string };
  /** Rows in a page, at most. A page may be shorter and yet have a successor. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
  readonly descending?: boolean;
  /** Keys only: the rows come without attributes. Costs the same reads, fewer bytes. */
  readonly keysOnly?: boolean;
  /** Base-table reads are strongly consistent unless this says otherwise; index reads never are. */
  readonly eventual?: boolean;
}

export interface Page {
  readonly rows: readonly Row[];
  /** Opaque; missing on the last page. */
  readonly next?: string;
}

/**
 * Faults: `StoreBusyError` when the store throttles or does not answer within the client's
 * retries, `PermissionMissingError`, `RowTooLargeError` beyond 400 KB of a row or 4 MB of a
 * transaction; anything else is a bug and passes through.
 */
export interface RowStore {
  /** Strongly consistent read of one row. */
  get(key: RowKey): Promise<Row | undefined>;
  query(query: RowQuery): Promise<Page>;
  /** One conditional write. Never answers `conflict`: that is `refused` or retried inside. */
  write(write: Write): Promise<WriteResult>;
  /** Up to 100 writes on distinct rows, all or nothing. Throws RangeError beyond. */
  transact(writes: readonly Write[]): Promise<WriteResult>;
  /**
   * Removes rows without a guard, missing ones included, in any number; not atomic, safe to
   * repeat. Only erasure may call it, behind its fence.
   */
  removeAll(keys: readonly RowKey[]): Promise<void>;
}
