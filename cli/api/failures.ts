/** What went wrong with a request, in words, and whether trying again can help. */
import type { Problem } from '../../functions/contract/api.ts';
import { CliError, ProblemError, statusExitCode } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ApiResponse } from './transport.ts';

export interface Failure {
  readonly error: CliError;
  /** Trying again may help. */
  readonly transient: boolean;
  readonly retryAfter?: string;
  /** Nobody listens there: nothing of the request has arrived. */
  readonly isAway?: true;
}

const DETAIL_CHARACTERS_MAX = 300;

/** Reads an answer that is not a success: a problem document, or what a gateway answers itself. */
export function readFailure({ status, headers, body }: ApiResponse): Failure {
  const retryAfter = headers['retry-after'];
  const wait = retryAfter === undefined ? {} : { retryAfter };
  const transient = status === 429 || status === 502 || status === 503 || status === 504;
  const answer = parse(body);
  if (isProblem(answer)) return { error: new ProblemError(answer), transient, ...wait };
  return {
    error: new CliError(statusExitCode(status), gatewayMessage(status, answer, body), {
      ...gatewayHint(status),
    }),
    // A gateway's own 500 is a function that was throttled, timed out or could not start.
    transient: transient || status === 500,
    ...wait,
  };
}

function gatewayMessage(status: number, answer: unknown, body: Buffer): string {
  const said = isRecord(answer) ? (answer['message'] ?? answer['Message']) : undefined;
  const text = typeof said === 'string' ? said : body.toString('utf8');
  const detail = text.replace(/\s+/g, ' ').trim().slice(0, DETAIL_CHARACTERS_MAX);
  return `the server answered ${status}${detail === '' ? '' : `: ${detail}`}`;
}

function gatewayHint(status: number): { hint?: string } {
  if (status === 401 || status === 403) {
    return {
      hint: 'Check the credentials, --region and the clock, and that they may call execute-api:Invoke.',
    };
  }
  if (status === 404) return { hint: 'Does --url point to the API of Lethe?' };
  return {};
}

/** Codes for which nothing listens there: trying again at once will not help. */
const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Describes what kept a request from being answered. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof CliError) return { error, transient: false };
  const code = errorCode(error);
  const said = error instanceof Error ? error.message : String(error);
  if (NOBODY_THERE.has(code)) {
    const hint = 'Check --url; if it is the embedded AWS, start it: npm run local -- start.';
    return {
      ...failure(`cannot reach the server: ${said || code}`, hint, false, error),
      isAway: true,
    };
  }
  if (code.startsWith('CERT_') || /certificate|self-signed|self signed/i.test(`${code} ${said}`)) {
    const hint = 'If the server has a certificate of its own, name its issuer with --ca-file.';
    return failure(`the server's certificate is not trusted: ${said}`, hint, false, error);
  }
  if (isCredentialsError(error)) {
    return {
      error: new CliError(EXIT.config, `no AWS credentials: ${said}`, {
        hint: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --local.',
        cause: error,
      }),
      transient: false,
    };
  }
  return failure(`no answer from the server: ${said || code}`, 'Try again.', true, error);
}

function failure(message: string, hint: string, transient: boolean, cause: unknown): Failure {
  return { error: new CliError(EXIT.unavailable, message, { hint, cause }), transient };
}

/** Node reports a refusal on all addresses of a name as one AggregateError without a message. */
function errorCode(error: unknown): string {
  if (!isRecord(error)) return '';
  if (typeof error['code'] === 'string') return error['code'];
  const [first] = Array.isArray(error['errors']) ? error['errors'] : [];
  return first === undefined ? '' : errorCode(first);
}

const isCredentialsError = (error: unknown): boolean =>
  error instanceof Error && /Credentials|Token(Provider|Refresh)/.test(error.name);

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function isProblem(value: unknown): value is Problem {
  return (
    isRecord(value) &&
    typeof value['type'] === 'string' &&
    typeof value['status'] === 'number' &&
    typeof value['title'] === 'string' &&
    typeof value['detail'] === 'string'
  );
}
