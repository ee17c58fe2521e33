/** Where scenarios are replayed: the same requests, to the models or to a deployment. */
import type { ObjectStore } from '../../functions/core/ports/object-store.ts';
import type { RowStore } from '../../functions/core/ports/row-store.ts';

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
  /** Epoch milliseconds at which the present step began. */
  now(): number;
  /** A new scenario begins, now. */
  begin(): Promise<void>;
  /** A step begins: time is where `advance` left it, whatever has passed by itself. */
  hold(): Promise<void>;
  /** Lets time pass; no rule and no schedule acts by it. */
  advance(seconds: number): Promise<void>;
  /** Does something so many seconds ago. */
  earlier<T>(seconds: number, act: () => Promise<T>): Promise<T>;
  /** Applies the rules of autoexpunge to an account now. */
  autoexpunge(accountId: string, user: string): Promise<void>;
  /** Lets the purge of deleted folders that was asked for come to its end. */
  purge(operationId: string): Promise<void>;
  /** Lets S3 follow the rows, until nothing is left to do. */
  settle(): Promise<void>;
  /** The mail objects of an account. */
  readonly objects: ObjectStore;
  /** For breaking the expunge storage, and for seeing which objects are referred to. */
  readonly rows: RowStore;
  /** Of the instance, where there is one. */
  readonly directory?: string;
  /** Ends all of it. */
  close(): Promise<void>;
}
