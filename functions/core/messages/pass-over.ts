/**
 * Messages that an operation leaves alone because their rows are damaged or too large to be changed.
 * One of them must not stop what happens to all the others; and nothing unknown is ended (W5).
 */
import { DamagedRowError, RowTooLargeError } from '../errors.ts';

/** Is told which one was left alone, by the UID under which the mailbox shows it, and why. */
export type PassOver = (uid: number, fault: Error) => void;

/** A fault of rows, which no further try mends, and which says nothing about other rows. */
export const isRowFault = (error: unknown): error is Error =>
  error instanceof DamagedRowError || error instanceof RowTooLargeError;

/**
 * @param passOver missing: a fault is thrown
 * @returns undefined when the one with this UID was left alone
 */
export function unlessPassedOver<T>(
  passOver: PassOver | undefined,
  uid: number,
  read: () => T,
): T | undefined {
  try {
    return read();
  } catch (error) {
    if (passOver === undefined || !isRowFault(error)) throw error;
    passOver(uid, error);
    return undefined;
  }
}
