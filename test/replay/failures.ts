/** How a scenario ends before its last step. */
import type { Problem } from '../../functions/contract/api.ts';
import type { Reply } from './target.ts';

/** What a step should have given, and what it gave. */
export class MismatchError extends Error {
  override readonly name = 'MismatchError';
  readonly expected: unknown;
  readonly got: unknown;

  constructor(what: string, expected: unknown, got: unknown) {
    super(what);
    this.expected = expected;
    this.got = got;
  }
}

/** An error that the doors answered, by its code in the scenario format. */
export class CodeError extends Error {
  override readonly name = 'CodeError';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Problem types of the doors by code of the scenario format. */
const CODES: Readonly<Record<string, string>> = {
  'urn:lethe:unknown-mailbox': 'mailboxNotFound',
  'urn:lethe:mailbox-exists': 'mailboxExists',
  'urn:lethe:mailbox-not-empty': 'mailboxNotEmpty',
  'urn:lethe:has-children': 'hasChildren',
  'urn:lethe:not-allowed': 'notAllowed',
  'urn:lethe:permission-denied': 'permissionDenied',
  'urn:lethe:quota-exceeded': 'quotaExceeded',
  'urn:lethe:no-quota': 'noQuota',
  'urn:lethe:expunge-storage': 'serverRefused',
  'urn:lethe:fault': 'serverRefused',
  'urn:lethe:busy': 'serverRefused',
  'urn:lethe:unknown-user': 'userNotFound',
  'urn:lethe:invalid-query': 'invalidQuery',
  'urn:lethe:query-lacks-mailbox': 'queryLacksMailbox',
};

/** What a reply that is no success says: a problem of RFC 9457, or what the gateway says. */
export function codeOf({ status, text, json }: Reply): CodeError {
  const unknown = { type: `status ${status}`, detail: text };
  const { type, detail, errors = [] } = { ...unknown, ...((json ?? {}) as Partial<Problem>) };
  const [first] = errors;
  // No request goes without a user: an empty one is refused as a field.
  if (type === 'urn:lethe:invalid-input' && first?.field === 'user') {
    return new CodeError('userMissing', detail);
  }
  return new CodeError(CODES[type] ?? type, detail);
}
