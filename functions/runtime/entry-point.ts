/**
 * The outermost function of every handler. Lambda logs what a function throws by itself, with its
 * message, its stack and whatever fields it has: of a fault only what holds no address and no mail
 * may leave (U7). What else there is to say was logged before (logger.ts).
 */
import { ERROR_NAMES } from '../contract/error-names.ts';
import { DamagedRowError, LetheError } from '../core/errors.ts';
import { logFault } from './logger.ts';
import { isPlain, shownName } from './plain-faults.ts';

/** Typed errors whose messages are made of ids, counts, names of servers and AWS's own words. */
const OF_IDS_ONLY: ReadonlySet<string> = new Set([
  ERROR_NAMES.accountHeld,
  ERROR_NAMES.accountNotActive,
  ERROR_NAMES.certificateMissing,
  ERROR_NAMES.superseded,
  ERROR_NAMES.notFenced,
  ERROR_NAMES.erasureBlocked,
  ERROR_NAMES.objectBlocked,
  ERROR_NAMES.leftovers,
  ERROR_NAMES.sweepIncomplete,
  ERROR_NAMES.purgeIncomplete,
  ERROR_NAMES.storeBusy,
  ERROR_NAMES.permissionMissing,
  ERROR_NAMES.mailServerAuth,
  ERROR_NAMES.mailServerUnreachable,
  ERROR_NAMES.mailServerTimeout,
  ERROR_NAMES.mailServerSecret,
  ERROR_NAMES.sessionsLeft,
]);

const WITHHELD = 'something failed; the log of this function has a line about it before this one';

/** A fault as it may leave the function: its name, and its message where that is safe. */
function bareFault(fault: unknown): Error {
  const given = fault instanceof Error ? fault : new Error();
  const isSafe =
    isPlain(given) ||
    // It names a partition and an attribute, and no value.
    given instanceof DamagedRowError ||
    (given instanceof LetheError && OF_IDS_ONLY.has(given.name));
  const bare = new Error(isSafe ? given.message : WITHHELD);
  bare.name = shownName(given);
  // Frames are in the log line before; a stack begins with the message.
  bare.stack = `${bare.name}: ${bare.message}`;
  return bare;
}

const entryPoints = new WeakSet<object>();

/** Whether a function is what `entryPoint` made. */
export const isEntryPoint = (handler: object): boolean => entryPoints.has(handler);

/**
 * Makes a function that Lambda may call.
 * @param report what to log of a fault
 */
export function entryPoint<E, C, A>(
  run: (event: E, context: C) => A | Promise<A>,
  report: (fault: unknown, event: E) => void = (fault) => logFault('invocation failed', fault, {}),
): (event: E, context: C) => Promise<A> {
  const entry = async (event: E, context: C): Promise<A> => {
    try {
      return await run(event, context);
    } catch (fault) {
      report(fault, event);
      throw bareFault(fault);
    }
  };
  entryPoints.add(entry);
  return entry;
}
