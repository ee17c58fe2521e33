/** Turning what a machine caught into something an operator can act on. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { RecordFailurePayload } from '../../contract/payloads.ts';
import { MAIL_SERVER_NEXT } from '../ports/mail-server-errors.ts';
import { failOperation, type OperationPorts } from './operations.ts';

const NEXT: Readonly<Record<string, string>> = {
  [ERROR_NAMES.accountHeld]: 'Nothing was erased. Release the hold, then resume the operation.',
  [ERROR_NAMES.erasureBlocked]: 'Remove the cause it names, then resume the operation.',
  [ERROR_NAMES.holdIncomplete]:
    'The account stays held. Find out what it names, then resume: all is looked at anew.',
  [ERROR_NAMES.unknownHold]: 'Nothing to do: the case was released meanwhile.',
  [ERROR_NAMES.leftovers]: 'Find out who still writes for this account, then resume.',
  [ERROR_NAMES.storeBusy]:
    'AWS throttled, or did not answer, through all retries. Wait some minutes, then resume the operation.',
  [ERROR_NAMES.permissionMissing]:
    'Give the function of this step its permission again by a deployment, or find what denies it (a policy of the bucket, the key or the organization), then resume the operation.',
  ...MAIL_SERVER_NEXT,
  [ERROR_NAMES.quotaExceeded]:
    'Nothing was restored. Raise the limit, then resume; or begin anew with overQuota.',
  [ERROR_NAMES.unknownMailbox]: 'Begin anew with a mailbox that is there, or a pattern.',
  [ERROR_NAMES.superseded]: 'Nothing to do: a newer attempt goes on.',
};

/** Every step is idempotent and re-reads what it acts on, so resuming is always safe. */
const DEFAULT_NEXT = 'Resume the operation; if it fails again, look at the logs of this step.';

/** Causes of Lambda errors are JSON with a stack; long ones are cut to what fits a row. */
const MESSAGE_LENGTH_MAX = 1000;

/** Leaves error, message and what is safe to do next on the operation. Idempotent. */
export async function recordFailure(
  ports: OperationPorts,
  payload: RecordFailurePayload,
): Promise<void> {
  const { name, message } = unwrap(payload.error, payload.message);
  await failOperation(ports, payload.operation, {
    name,
    message: message.slice(0, MESSAGE_LENGTH_MAX),
    next: NEXT[name] ?? DEFAULT_NEXT,
  });
}

/** A fault thrown in a function arrives as JSON {errorType, errorMessage, trace}. */
function unwrap(error: string, cause: string): { name: string; message: string } {
  try {
    const parsed: unknown = JSON.parse(cause);
    if (typeof parsed === 'object' && parsed !== null && 'errorMessage' in parsed) {
      const name = 'errorType' in parsed ? String(parsed.errorType) : error;
      return { name, message: String(parsed.errorMessage) };
    }
  } catch {
    // Not JSON: the cause is the message.
  }
  return { name: error, message: cause };
}
