/**
 * Requests with an Idempotency-Key. The row that remembers the answer is written in the very
 * transaction that does the work, so a repeated request either finds it or does all the work. An
 * answer is about a target, and holds only for that one: when a mailbox is gone and its name is
 * another's, the same request is new (W1).
 */
import { createHash } from 'node:crypto';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { IDEMPOTENCY_RETENTION_HOURS } from '../../contract/limits.ts';
import { ROW_VERSION, type RowKey, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { LetheError } from '../errors.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { optionalText, text } from '../rows/attributes.ts';

export class IdempotentRequest {
  readonly #key: RowKey;
  readonly #requestHash: string;
  readonly #retentionHours: number;
  /** Of what the row was about when it was last read, where that is not what is asked about. */
  #former: string | undefined;

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
   * @param target id of what the request is about now
   * @throws IdempotencyKeyReusedError when the key came with another request
   */
  async answer<T>(rows: RowStore, target: string): Promise<T | undefined> {
    const row = await rows.get(this.#key);
    this.#former = undefined;
    if (row === undefined) return undefined;
    if (text(row, 'requestHash') !== this.#requestHash) {
      throw new LetheError(
        ERROR_NAMES.idempotencyKeyReused,
        'this Idempotency-Key was used for another request',
        'Use a new key for a new request.',
      );
    }
    const former = optionalText(row, 'target') ?? target;
    if (former === target) return JSON.parse(text(row, 'answer')) as T;
    this.#former = former;
    return undefined;
  }

  /**
   * In place of what was remembered about another target, or of nothing.
   * @param target id of what the answer is about
   * @param now epoch milliseconds
   */
  write(answer: object, target: string, now: number): Write {
    const former = this.#former;
    const expires = Math.ceil(now / 1000) + this.#retentionHours * 3600;
    return {
      kind: 'put',
      key: this.#key,
      guard:
        former === undefined
          ? { row: 'absent' }
          : { row: 'present', equals: { target: former, requestHash: this.#requestHash } },
      attributes: {
        v: ROW_VERSION,
        type: 'idempotency',
        requestHash: this.#requestHash,
        target,
        answer: JSON.stringify(answer),
        [TTL_ATTRIBUTE]: expires,
      },
    };
  }
}
