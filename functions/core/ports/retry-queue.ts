import type { RowKey } from '../../contract/row-layout.ts';

/** Rows that S3 could not follow yet. Faults: `StoreBusyError`; anything else passes through. */
export interface RetryQueue {
  /** Adds rows, all of them or a fault; after a fault some may have been added. */
  add(keys: readonly RowKey[]): Promise<void>;
  /**
   * Lets a message that was received come again after so long, instead of after the time that the
   * queue hides it.
   * @param receipt of this receipt of the message
   * @param seconds 0 to 43,200 less the time since it was received
   */
  postpone(receipt: string, seconds: number): Promise<void>;
}
