/** Faults that are answers: a Choice of the machine reads them, and no retry would help. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { RefusalAnswer } from '../../contract/payloads.ts';
import { LetheError } from '../errors.ts';

const REFUSALS: readonly string[] = [
  ERROR_NAMES.invalidInput,
  ERROR_NAMES.invalidQuery,
  ERROR_NAMES.queryLacksMailbox,
  ERROR_NAMES.accountMismatch,
  ERROR_NAMES.unknownUser,
  ERROR_NAMES.unknownOperation,
  ERROR_NAMES.unknownMailbox,
  ERROR_NAMES.notAllowed,
  ERROR_NAMES.accountHeld,
  ERROR_NAMES.accountNotActive,
  ERROR_NAMES.holdConflict,
  ERROR_NAMES.unknownHold,
  ERROR_NAMES.holdIncomplete,
  ERROR_NAMES.quotaExceeded,
  ERROR_NAMES.uidsExhausted,
  ERROR_NAMES.expungeStorage,
];

/** @throws what was given, when it is trouble rather than a refusal */
export function refusal(error: unknown): RefusalAnswer {
  if (!(error instanceof LetheError) || !REFUSALS.includes(error.name)) throw error;
  return { outcome: 'refused', error: error.name, message: `${error.message}. ${error.next}` };
}
