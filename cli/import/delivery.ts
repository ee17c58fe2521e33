/** Storing the messages of one mailbox in their order, one request on its way at a time. */
import { CliError, ProblemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import {
  type Batch,
  bytesOf,
  deliverBody,
  fits,
  halves,
  idempotencyKey,
  isTooLargeInline,
  type Parcel,
} from './batches.ts';
import type { ImportTarget, TargetMailbox } from './import-target.ts';
import { problem, type SourceMessage, type SourceProblem } from './mail-source.ts';

export interface DeliveryReport {
  stored(messages: number, bytes: number): void;
  skipped(found: SourceProblem): void;
  /** Nothing more is to be sent; what has not been is dropped, for the next import to bring. */
  stopped(): boolean;
}

export class Delivery {
  readonly #target: ImportTarget;
  readonly #path: string;
  /** Said in requests whose UIDs mean something only under it. */
  readonly #uidValidity: number;
  readonly #report: DeliveryReport;
  /** What the mailbox will give next, as far as this delivery knows. */
  #uidNext: number;
  #batch: Batch = [];
  #onItsWay: Promise<void> = Promise.resolve();

  constructor(target: ImportTarget, mailbox: TargetMailbox, report: DeliveryReport) {
    this.#target = target;
    this.#path = mailbox.path;
    this.#uidValidity = mailbox.uidValidity;
    this.#uidNext = mailbox.uidNext;
    this.#report = report;
  }

  /**
   * Takes a message; it is on its way at the latest when the next `flush` has ended.
   * @param uid to be kept; rising from one message to the next, and from UIDNEXT on
   */
  async add(message: SourceMessage, uid?: number): Promise<void> {
    const { raw, internalDate, flags, keywords, source } = message;
    const content = isTooLargeInline(raw) ? { uploadId: await this.#target.upload(raw) } : { raw };
    const parcel: Parcel = {
      content,
      sizeBytes: raw.length,
      internalDate,
      flags,
      keywords,
      source,
      ...(uid === undefined ? {} : { uid }),
    };
    if (!fits(this.#batch, parcel)) await this.#send();
    this.#batch = [...this.#batch, parcel];
  }

  /** To be told when UIDNEXT was raised; nothing may be on its way. */
  raised(uidNext: number): void {
    this.#uidNext = uidNext;
  }

  /** Stores what has been taken. */
  async flush(): Promise<void> {
    await this.#send();
    await this.#onItsWay;
  }

  /** Waits for what is on its way, whatever becomes of it. */
  async settle(): Promise<void> {
    await this.#onItsWay.catch(() => {});
  }

  /** Hands the batch over once the one before is stored, so that UIDs keep the order. */
  async #send(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    await this.#onItsWay;
    if (batch.length === 0 || this.#report.stopped()) return;
    this.#onItsWay = this.#deliver(batch);
    // Awaited by the next call; until then a failure must not count as unhandled.
    this.#onItsWay.catch(() => {});
  }

  /** Stores a batch; one that is refused is halved until the message at fault stands alone. */
  async #deliver(batch: Batch): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    const { overQuota } = this.#target;
    const said = {
      ...(first.uid === undefined ? {} : { uidValidity: this.#uidValidity }),
      ...(overQuota === true ? { overQuota } : {}),
    };
    const body = deliverBody(this.#path, said, batch);
    const place = { uidValidity: this.#uidValidity, uidNext: this.#uidNext };
    const key = idempotencyKey(this.#target.accountId, place, body);
    try {
      const uids = await this.#target.deliver(body, key);
      this.#uidNext = (uids.at(-1) ?? 0) + 1;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (batch.length === 1) {
        this.#report.skipped(problem(first.source, `was refused: ${error.message}`));
        return;
      }
      for (const half of halves(batch)) await this.#deliver(half);
      return;
    }
    this.#report.stored(batch.length, bytesOf(batch));
  }
}

/** The server has read what it got and does not want it; anything else concerns every message. */
export function isRefusal(error: unknown): error is CliError {
  if (error instanceof ProblemError) {
    const { type } = error.problem;
    return type === 'urn:lethe:invalid-input' || type === 'urn:lethe:message-too-large';
  }
  return error instanceof CliError && error.exitCode === EXIT.badData;
}
