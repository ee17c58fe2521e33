import { describe, expect, test } from 'vitest';
import { PROBLEMS } from '../../../functions/contract/api.ts';
import { ERROR_NAMES, type ErrorName } from '../../../functions/contract/error-names.ts';
import { InvalidInputError, LetheError, StoreBusyError } from '../../../functions/core/errors.ts';
import { problemOf } from '../../../functions/runtime/problems.ts';

const problemFor = (name: ErrorName) => problemOf(new LetheError(name, 'it is so', 'Do this.'));

describe('errors as problems (RFC 9457)', () => {
  test.each(Object.values(ERROR_NAMES))(
    'O2: %s has a type, its status, and what to do next',
    (name) => {
      const found = problemFor(name);
      expect(found.status).toBe(PROBLEMS[found.type as keyof typeof PROBLEMS].status);
      expect(found.title).toMatch(/^[A-Z][a-z ]+$/);
      expect(found.detail).toBe('it is so. Do this.');
    },
  );

  test.each([
    ['InvalidInputError', 'urn:lethe:invalid-input', 400, 'Invalid input'],
    ['UnknownUserError', 'urn:lethe:unknown-user', 404, 'Unknown user'],
    ['UnknownOperationError', 'urn:lethe:unknown-operation', 404, 'Unknown operation'],
    ['UnknownMailboxError', 'urn:lethe:unknown-mailbox', 404, 'Unknown mailbox'],
    ['UnknownMessageError', 'urn:lethe:unknown-message', 404, 'Unknown message'],
    ['AddressTakenError', 'urn:lethe:address-taken', 409, 'Address taken'],
    ['MailboxExistsError', 'urn:lethe:mailbox-exists', 409, 'Mailbox exists'],
    ['MailboxNotEmptyError', 'urn:lethe:mailbox-not-empty', 409, 'Mailbox not empty'],
    ['HasChildrenError', 'urn:lethe:has-children', 409, 'Has children'],
    ['AccountHeldError', 'urn:lethe:account-held', 409, 'Account held'],
    ['AccountNotActiveError', 'urn:lethe:account-not-active', 409, 'Account not active'],
    ['OperationFinishedError', 'urn:lethe:operation-finished', 409, 'Operation finished'],
    [
      'IdempotencyKeyReusedError',
      'urn:lethe:idempotency-key-reused',
      422,
      'Idempotency key reused',
    ],
    ['MessageTooLargeError', 'urn:lethe:message-too-large', 413, 'Message too large'],
    ['CertificateMissingError', 'urn:lethe:certificate-missing', 404, 'Certificate missing'],
    ['StoreBusyError', 'urn:lethe:busy', 503, 'Store busy'],
    ['PermissionMissingError', 'urn:lethe:fault', 500, 'Permission missing'],
  ] as const)('O2: %s is %s, %i, "%s"', (name, type, status, title) => {
    expect(problemFor(name)).toMatchObject({ type, status, title });
  });

  test('O2: bad input names every field', () => {
    const errors = [
      { field: 'user', message: 'missing' },
      { field: 'aliases[1]', message: 'got 7' },
    ];
    const found = problemOf(new InvalidInputError(errors));
    expect(found.errors).toEqual(errors);
    expect(found.detail).toContain('user: missing; aliases[1]: got 7');
  });

  test.each([
    new Error('no access to the row of john@example.org'),
    new TypeError('x is not a function'),
    Object.assign(new Error('john'), { name: ERROR_NAMES.invalidInput }),
    'john',
    undefined,
  ])('a fault of ours tells nothing of its inside: %s', (fault) => {
    expect(problemOf(fault)).toEqual({
      type: 'urn:lethe:fault',
      title: 'Fault',
      status: 500,
      detail: 'Something failed inside. Try again later.',
    });
  });

  test('what is behind a busy store is not told', () => {
    const busy = new StoreBusyError('it throttles', { cause: new Error('john@example.org') });
    expect(JSON.stringify(problemOf(busy))).not.toContain('john');
  });
});
