/** What is asked for about a hold, checked before anything is opened or changed. */
import type { HoldInput } from '../../contract/holds.ts';
import type { HoldVerb } from '../../contract/machines.ts';
import { parseMoment } from '../../contract/times.ts';
import { type FieldProblem, InvalidInputError, quoted } from '../errors.ts';
import { parseAddress } from '../names/address.ts';
import { parseExecutionInput } from '../operations/execution-input.ts';

export interface PlaceRequest {
  readonly user: string;
  readonly caseId: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly until?: number;
  readonly dryRun?: boolean;
}

export type ReleaseRequest = Pick<PlaceRequest, 'user' | 'caseId' | 'dryRun'>;

/** A part of a path, and a member of the account's row. */
const CASE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const REASON_BYTES_MAX = 500;

const COMMON = {
  user: 'string',
  caseId: 'string',
  dryRun: 'boolean',
  operationId: 'string',
  attempt: 'number',
} as const;

const FIELDS = {
  'hold-account': { ...COMMON, reason: 'string', until: 'string' },
  'release-hold': COMMON,
} as const satisfies Record<HoldVerb, object>;

const EXAMPLES = {
  'hold-account': { user: 'john@example.com', caseId: 'case-17', reason: 'court order' },
  'release-hold': { user: 'john@example.com', caseId: 'case-17' },
} as const satisfies Record<HoldVerb, object>;

/**
 * Checks the members of an execution's input.
 * @throws InvalidInputError naming every field that is wrong
 */
export function parseHoldInput(verb: HoldVerb, input: unknown): HoldInput {
  return parseExecutionInput(input, FIELDS[verb], EXAMPLES[verb]);
}

/**
 * @param now epoch milliseconds
 * @throws InvalidInputError
 */
export function parsePlaceRequest(input: HoldInput, now: number): PlaceRequest {
  const { caseId = '', reason = '', until, dryRun } = input;
  const user = parseAddress('user', input.user);
  const ends = until === undefined ? undefined : parseMoment(until);
  const bytes = Buffer.byteLength(reason);
  const problems: FieldProblem[] = [...wrongCase(caseId)];
  if (reason.trim() === '' || bytes > REASON_BYTES_MAX) {
    const message = `got ${bytes} bytes, allowed are 1 to ${REASON_BYTES_MAX} bytes of text`;
    problems.push({ field: 'reason', message });
  }
  if (until !== undefined && (ends === undefined || ends <= now)) {
    const allowed = 'a time in the future with its zone, such as 2030-01-01T00:00:00Z';
    problems.push({ field: 'until', message: `got ${quoted(until)}, allowed is ${allowed}` });
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return {
    user,
    caseId,
    reason,
    ...(ends === undefined ? {} : { until: ends }),
    ...(dryRun === true ? { dryRun } : {}),
  };
}

/** @throws InvalidInputError */
export function parseReleaseRequest(input: HoldInput): ReleaseRequest {
  const { caseId = '', dryRun } = input;
  const user = parseAddress('user', input.user);
  const problems = wrongCase(caseId);
  if (problems.length > 0) throw new InvalidInputError(problems);
  return { user, caseId, ...(dryRun === true ? { dryRun } : {}) };
}

function wrongCase(caseId: string): readonly FieldProblem[] {
  if (CASE_ID.test(caseId)) return [];
  const allowed = '1 to 64 letters, digits and . _ -, the first a letter or digit';
  return [{ field: 'caseId', message: `got ${quoted(caseId)}, allowed are ${allowed}` }];
}
