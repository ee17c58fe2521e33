/** UIDs, or a UIDVALIDITY, that a mailbox cannot take. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError } from '../errors.ts';

export function uidConflict(message: string): LetheError {
  return new LetheError(
    ERROR_NAMES.uidConflict,
    message,
    'Read the mailbox again; what it cannot keep gets new UIDs when none are given.',
  );
}
