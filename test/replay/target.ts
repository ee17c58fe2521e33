/** Where scenarios are replayed: the same requests, to the models or to a deployment. */
import type { RowStore } from '../../functions/core/ports/row-store.ts';
import type { S3Target } from '../models/s3-target.ts';

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Segments below the endpoint, not escaped. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** Undefined when the answer is no JSON. */
  readonly json: unknown;
}

export interface Target {
  readonly name: 'memory' | 'embedded';
  ask(request: Ask): Promise<Reply>;
  /** Epoch milliseconds as the doors see them. */
  now(): Promise<number>;
  /** Lets time pass; no rule and no schedule acts by it. */
  advance(seconds: number): Promise<void>;
  /** Does something so many seconds ago. */
  earlier<T>(seconds: number, act: () => Promise<T>): Promise<T>;
  /** Applies the rules of autoexpunge to an account now. */
  autoexpunge(accountId: string, user: string): Promise<void>;
  /** Lets S3 follow the rows, until nothing is left to do. */
  settle(): Promise<void>;
  /** Keys of the mail objects of an account that have bytes which rows or S3 still keep. */
  bodies(accountId: string): Promise<readonly Uint8Array[]>;
  /** For breaking the expunge storage. */
  readonly rows: RowStore;
  /** A new bucket without versioning, for scenarios of S3 itself. */
  bucket(): Promise<S3Target>;
  close(): Promise<void>;
}
