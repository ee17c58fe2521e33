/** Which faults of AWS mean "later", and which "not you": the rest is a bug and passes through. */
import { PermissionMissingError, RowTooLargeError, StoreBusyError } from '../core/errors.ts';

/** Codes by which DynamoDB, S3, KMS and Step Functions say that they throttle or are unwell. */
const BUSY_NAMES: ReadonlySet<string> = new Set([
  'DependencyTimeoutException',
  'InternalError',
  'InternalServerError',
  'KMSInternalException',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingError',
  'ThrottlingException',
  'TimeoutError',
  'TooManyRequestsException',
  'TransactionInProgressException',
]);

/** Codes by which S3, and the others, say that the caller's role may not do this. */
const DENIED_NAMES: ReadonlySet<string> = new Set(['AccessDenied', 'AccessDeniedException']);

/** What Node calls a connection that could not be made or did not last. */
const BROKEN_CONNECTION_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** 501 is not among them: what a service does not implement, it will not implement later. */
const BUSY_STATUSES: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** The parts of an error of the SDK that adapters look at. */
interface Fault {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  /** Of a transaction that DynamoDB canceled, by its items. */
  readonly CancellationReasons?: readonly { readonly Code?: string; readonly Message?: string }[];
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

/** Name of an error of the SDK, for instance `NoSuchKey`; empty when it has none. */
export function faultName(error: unknown): string {
  const name = (error as Fault | null | undefined)?.name;
  return typeof name === 'string' ? name : '';
}

/** HTTP status of an error of the SDK; 0 when there was no answer. */
function faultStatus(error: unknown): number {
  const status = (error as Fault | null | undefined)?.$metadata?.httpStatusCode;
  return typeof status === 'number' ? status : 0;
}

/** True for throttling, server faults and broken connections. */
function isBusy(error: unknown): boolean {
  const code = (error as Fault | null | undefined)?.code;
  return (
    BUSY_NAMES.has(faultName(error)) ||
    BUSY_STATUSES.has(faultStatus(error)) ||
    (typeof code === 'string' && BROKEN_CONNECTION_CODES.has(code))
  );
}

/** DynamoDB has one name for every mistake in a request; only the text says which one it was. */
const TOO_LARGE = /item size .*exceed|exceed.* (item|aggregated?|request) size|4 ?MB/i;

const tellsOfSize = (text: unknown): boolean => typeof text === 'string' && TOO_LARGE.test(text);

/** Whether a row, or a transaction, would get larger than DynamoDB takes. */
function isTooLarge(error: unknown): boolean {
  const { message, CancellationReasons: reasons = [] } = (error ?? {}) as Fault;
  if (faultName(error) === 'ValidationException') return tellsOfSize(message);
  return reasons.some(({ Code, Message }) => Code === 'ValidationError' && tellsOfSize(Message));
}

/**
 * What to throw for a fault that outlived the client's own retries: `StoreBusyError`,
 * `PermissionMissingError` or `RowTooLargeError` with the original as cause, or the original itself. The message names
 * the action, never a key.
 */
function faultOf(action: string, error: unknown): unknown {
  if (DENIED_NAMES.has(faultName(error))) {
    const message = `${action}: AWS refuses it to this function (${faultName(error)})`;
    return new PermissionMissingError(message, { cause: error });
  }
  if (isTooLarge(error)) {
    return new RowTooLargeError(`${action}: more bytes than the store takes`, { cause: error });
  }
  if (!isBusy(error)) return error;
  return new StoreBusyError(`${action}: the store is busy (${faultName(error)}).`, {
    cause: error,
  });
}

/** Runs one call and turns a fault of its into what `faultOf` says. */
export async function answered<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw faultOf(action, error);
  }
}
