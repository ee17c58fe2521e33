/**
 * Requests with an Idempotency-Key. The row that remembers the answer is written in the very
 * transaction that does the work, so a repeated request either finds it or does all the work.
 */
import { createHash } from 'node:crypto';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { IDEMPOTENCY_RETENTION_HOURS } from '../../contract/limits.ts';
import { ROW_VERSION, type RowKey, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { LetheError } from '../errors.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';

export class IdempotentRequest {
  readonly #key: RowKey;
  readonly #requestHash: string;
  readonly #retentionHours: number;

  /**
   * @param keyOf where a row lies: in the account that it is about, or beside all accounts
   * @param given the client's key, and a hash of everything else in the request
   * @param retentionHours how long the answer is remembered
   */
  constructor(
    keyOf: (keyHash: string) => RowKey,
    given: { readonly key: string; readonly requestHash: string },
    retentionHours = IDEMPOTENCY_RETENTION_HOURS,
  ) {
    // Hashed, because a client's key is user input and must not shape a row key.
    this.#key = keyOf(createHash('sha256').update(given.key).digest('hex'));
    this.#requestHash = given.requestHash;
    this.#retentionHours = retentionHours;
  }

  /**
   * What the same request was answered before, if it was.
   * @throws IdempotencyKeyReusedError when the key came with another request
   */
  async answer<T>(rows: RowStore): Promise<T | undefined> {
    const row = await rows.get(this.#key);
    if (row === undefined) return undefined;
    if (text(row, 'requestHash') !== this.#requestHash) {
      throw new LetheError(
        ERROR_NAMES.idempotencyKeyReused,
        'this Idempotency-Key was used for another request',
        'Use a new key for a new request.',
      );
    }
    return JSON.parse(text(row, 'answer')) as T;
  }

  /** @param now epoch milliseconds */
  write(answer: object, now: number): Write {
    const expires = Math.ceil(now / 1000) + this.#retentionHours * 3600;
    return {
      kind: 'put',
      key: this.#key,
      guard: { row: 'absent' },
      attributes: {
        v: ROW_VERSION,
        type: 'idempotency',
        requestHash: this.#requestHash,
        answer: JSON.stringify(answer),
        [TTL_ATTRIBUTE]: expires,
      },
    };
  }
}
