/** What a purge is asked to do: checked before anything is opened or changed. */
import type { PurgeInput, PurgeRequest } from '../../contract/purge.ts';
import { isObject } from '../../contract/seed-mail-settings.ts';
import { DAY_SECONDS, DAYS_MAX } from '../../contract/times.ts';
import { type FieldProblem, InvalidInputError, quoted } from '../errors.ts';
import { parseAddress, parseDomain } from '../names/address.ts';
import { parseExecutionInput } from '../operations/execution-input.ts';

const FIELDS = {
  user: 'string',
  domain: 'string',
  deletionId: 'string',
  olderThanDays: 'number',
  olderThanSeconds: 'number',
  ignoreOwnRetention: 'boolean',
  dryRun: 'boolean',
  operationId: 'string',
  attempt: 'number',
} as const;

const EXAMPLE = { user: 'john@example.com', olderThanDays: 7, dryRun: true };

/**
 * Checks the members of an input.
 * @throws InvalidInputError naming every field that is wrong
 */
export function parsePurgeInput(input: unknown): PurgeInput {
  if (isObject(input) && input['olderThanDays'] === 'never') {
    throw InvalidInputError.of(
      'olderThanDays',
      'got "never", with which nothing would be purged; allowed is a whole number from 0, which is everything. What is never purged is said in the settings: deletedRetentionDays',
    );
  }
  return parseExecutionInput(input, FIELDS, EXAMPLE, wrongIn);
}

function wrongIn(given: Readonly<Record<string, unknown>>): FieldProblem[] {
  const { user, domain, deletionId, olderThanDays: days, olderThanSeconds: seconds } = given;
  const problems: FieldProblem[] = [];
  const wrong = (field: string, message: string) => problems.push({ field, message });
  if (typeof days === 'number' && !(Number.isSafeInteger(days) && days >= 0 && days <= DAYS_MAX)) {
    wrong('olderThanDays', `got ${quoted(days)}, allowed is a whole number from 0 to ${DAYS_MAX}`);
  }
  if (typeof seconds === 'number' && !(seconds >= 0 && seconds <= DAYS_MAX * DAY_SECONDS)) {
    wrong('olderThanSeconds', `got ${quoted(seconds)}, allowed is a number from 0`);
  }
  if (days !== undefined && seconds !== undefined) {
    wrong('olderThanSeconds', 'allowed is one of olderThanDays and olderThanSeconds, or neither');
  }
  if (user !== undefined && domain !== undefined) {
    wrong('domain', 'allowed is one of user and domain, or neither');
  }
  if (deletionId === undefined) return problems;
  if (user === undefined) wrong('user', 'missing: a deletion is one of a user');
  if (days !== undefined || seconds !== undefined) {
    wrong('olderThanDays', 'allowed is one of it and deletionId: a named deletion goes at any age');
  }
  return problems;
}

/**
 * What is asked for, with address and domain in their stored form.
 * @throws InvalidInputError
 */
export function parsePurgeRequest(input: PurgeInput): PurgeRequest {
  const { operationId: _, attempt: __, user, domain, ...rest } = input;
  return {
    ...rest,
    ...(user === undefined ? {} : { user: parseAddress('user', user) }),
    ...(domain === undefined ? {} : { domain: parseDomain('domain', domain) }),
  };
}
