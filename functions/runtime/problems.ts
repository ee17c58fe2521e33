/** Errors as RFC 9457 problems. */
import { PROBLEMS, type Problem, type ProblemType } from '../contract/api.ts';
import { ERROR_NAMES, type ErrorName } from '../contract/error-names.ts';
import { InvalidInputError, LetheError } from '../core/errors.ts';

const TYPES: Readonly<Record<ErrorName, ProblemType>> = {
  [ERROR_NAMES.invalidInput]: 'urn:lethe:invalid-input',
  [ERROR_NAMES.unknownUser]: 'urn:lethe:unknown-user',
  [ERROR_NAMES.unknownOperation]: 'urn:lethe:unknown-operation',
  [ERROR_NAMES.unknownMailbox]: 'urn:lethe:unknown-mailbox',
  [ERROR_NAMES.unknownMessage]: 'urn:lethe:unknown-message',
  [ERROR_NAMES.unknownUpload]: 'urn:lethe:unknown-upload',
  [ERROR_NAMES.uidConflict]: 'urn:lethe:uid-conflict',
  [ERROR_NAMES.uidsExhausted]: 'urn:lethe:uids-exhausted',
  [ERROR_NAMES.accountMismatch]: 'urn:lethe:account-mismatch',
  [ERROR_NAMES.addressTaken]: 'urn:lethe:address-taken',
  [ERROR_NAMES.addressReserved]: 'urn:lethe:address-reserved',
  [ERROR_NAMES.mailboxExists]: 'urn:lethe:mailbox-exists',
  [ERROR_NAMES.hasChildren]: 'urn:lethe:has-children',
  [ERROR_NAMES.mailboxNotEmpty]: 'urn:lethe:mailbox-not-empty',
  [ERROR_NAMES.notAllowed]: 'urn:lethe:not-allowed',
  [ERROR_NAMES.permissionDenied]: 'urn:lethe:permission-denied',
  [ERROR_NAMES.quotaExceeded]: 'urn:lethe:quota-exceeded',
  [ERROR_NAMES.noQuota]: 'urn:lethe:no-quota',
  [ERROR_NAMES.invalidQuery]: 'urn:lethe:invalid-query',
  [ERROR_NAMES.queryLacksMailbox]: 'urn:lethe:query-lacks-mailbox',
  [ERROR_NAMES.expungeStorage]: 'urn:lethe:expunge-storage',
  [ERROR_NAMES.accountHeld]: 'urn:lethe:account-held',
  [ERROR_NAMES.accountNotActive]: 'urn:lethe:account-not-active',
  [ERROR_NAMES.holdConflict]: 'urn:lethe:hold-conflict',
  [ERROR_NAMES.unknownHold]: 'urn:lethe:unknown-hold',
  [ERROR_NAMES.holdIncomplete]: 'urn:lethe:fault',
  [ERROR_NAMES.operationFinished]: 'urn:lethe:operation-finished',
  [ERROR_NAMES.erasureBegun]: 'urn:lethe:erasure-begun',
  [ERROR_NAMES.idempotencyKeyReused]: 'urn:lethe:idempotency-key-reused',
  [ERROR_NAMES.messageTooLarge]: 'urn:lethe:message-too-large',
  [ERROR_NAMES.certificateMissing]: 'urn:lethe:certificate-missing',
  [ERROR_NAMES.superseded]: 'urn:lethe:busy',
  [ERROR_NAMES.notFenced]: 'urn:lethe:fault',
  [ERROR_NAMES.erasureBlocked]: 'urn:lethe:fault',
  [ERROR_NAMES.objectBlocked]: 'urn:lethe:fault',
  [ERROR_NAMES.leftovers]: 'urn:lethe:fault',
  [ERROR_NAMES.sweepIncomplete]: 'urn:lethe:fault',
  [ERROR_NAMES.purgeIncomplete]: 'urn:lethe:fault',
  [ERROR_NAMES.rowTooLarge]: 'urn:lethe:fault',
  [ERROR_NAMES.storeBusy]: 'urn:lethe:busy',
  [ERROR_NAMES.permissionMissing]: 'urn:lethe:fault',
  [ERROR_NAMES.mailServerAuth]: 'urn:lethe:fault',
  [ERROR_NAMES.mailServerUnreachable]: 'urn:lethe:fault',
  [ERROR_NAMES.mailServerTimeout]: 'urn:lethe:fault',
  [ERROR_NAMES.mailServerRefused]: 'urn:lethe:fault',
  [ERROR_NAMES.mailServerSecret]: 'urn:lethe:fault',
  [ERROR_NAMES.sessionsLeft]: 'urn:lethe:fault',
};

/** What the caller is told; a fault of ours tells nothing of its inside. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof LetheError)) {
    return problem('urn:lethe:fault', 'Fault', 'Something failed inside. Try again later.');
  }
  const type = TYPES[error.name as ErrorName];
  const found = problem(type, titleOf(error.name), `${error.message}. ${error.next}`);
  return error instanceof InvalidInputError ? { ...found, errors: error.problems } : found;
}

export function problem(type: ProblemType, title: string, detail: string): Problem {
  return { type, title, status: PROBLEMS[type].status, detail };
}

/** `UnknownUserError` reads as "Unknown user". */
function titleOf(name: string): string {
  const words = name
    .replace(/Error$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
