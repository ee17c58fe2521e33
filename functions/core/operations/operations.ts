/**
 * Operations: who asked for what on which account, in which step it is, and how it ended (O1).
 * One account has at most one unfinished operation, by compare-and-set on the account's row.
 */
import type { Counts, OperationError, OperationState } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { OPERATION_RETENTION_DAYS } from '../../contract/limits.ts';
import type { OperationVerb } from '../../contract/machines.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { Attributes, Row, RowStore, Write } from '../ports/row-store.ts';
import { isMap, number, numbers, optionalNumber, optionalText, text } from '../rows/attributes.ts';
import { accountOperationPut, operationPut } from './new-operation.ts';

export type OperationPorts = Pick<Ports, 'rows' | 'clock'>;

export interface Operation {
  readonly operationId: string;
  readonly verb: OperationVerb;
  readonly accountId: string;
  readonly state: OperationState;
  readonly step: string;
  readonly attempt: number;
  readonly round: number;
  /** The round in which the present attempt began: rounds are bounded for each attempt. */
  readonly firstRound: number;
  /** Only while unfinished: a finished operation holds ids only. */
  readonly user?: string;
  readonly requestedBy: string;
  /** Execution that runs the present attempt. */
  readonly execution?: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly finishedAt?: number;
  /** Of a deletion with a grace period, epoch milliseconds. */
  readonly deleteAfter?: number;
  readonly expected?: Counts;
  /** What a bulk verb has done so far. */
  readonly done?: Counts;
  /** Counts only; what the work would be billed for, once it has counted. */
  readonly dryRun?: true;
  readonly estimatedBill?: Counts;
  readonly error?: OperationError;
  readonly certificate?: string;
}

export function toOperation(row: Row): Operation {
  const user = optionalText(row, 'user');
  const execution = optionalText(row, 'execution');
  const finishedAt = optionalNumber(row, 'finishedAt');
  const deleteAfter = optionalNumber(row, 'deleteAfter');
  const certificate = optionalText(row, 'certificate');
  const error = row.attributes['error'];
  return {
    operationId: text(row, 'operationId'),
    verb: text(row, 'verb') as OperationVerb,
    accountId: text(row, 'accountId'),
    state: text(row, 'state') as OperationState,
    step: text(row, 'step'),
    attempt: number(row, 'attempt'),
    round: number(row, 'round'),
    firstRound: number(row, 'firstRound'),
    requestedBy: text(row, 'requestedBy'),
    createdAt: number(row, 'createdAt'),
    updatedAt: number(row, 'updatedAt'),
    ...(user === undefined ? {} : { user }),
    ...(execution === undefined ? {} : { execution }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(deleteAfter === undefined ? {} : { deleteAfter }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(row.attributes['expected'] === undefined ? {} : { expected: numbers(row, 'expected') }),
    ...(row.attributes['estimatedBill'] === undefined
      ? {}
      : { estimatedBill: numbers(row, 'estimatedBill') }),
    ...doneOn(row),
    ...(row.attributes['dryRun'] === true ? { dryRun: true } : {}),
    ...(isMap(error) ? { error: toError(error) } : {}),
  };
}

function doneOn(row: Row): { readonly done?: Counts } {
  const messages = optionalNumber(row, 'messages');
  if (messages === undefined) return {};
  const passedOver = optionalNumber(row, 'passedOver');
  return {
    done: {
      messages,
      bytes: number(row, 'bytes'),
      ...(passedOver === undefined ? {} : { passedOver }),
    },
  };
}

function toError(error: Attributes): OperationError {
  return {
    name: String(error['name']),
    message: String(error['message']),
    next: String(error['next']),
  };
}

function unknownOperation(operationId: string): LetheError {
  return new LetheError(
    ERROR_NAMES.unknownOperation,
    `there is no operation ${quoted(operationId)}`,
    'Check the id; operations are kept for 400 days.',
  );
}

/** Under which name the API starts an attempt of an operation. */
export const executionName = (operationId: string, attempt: number): string =>
  `${operationId}-${attempt}`;

/** Name of the execution that runs the present attempt, or is to run it. */
export const executionOf = ({ operationId, attempt, execution }: Operation): string =>
  execution ?? executionName(operationId, attempt);

/** @throws UnknownOperationError */
export async function requireOperation(rows: RowStore, operationId: string): Promise<Operation> {
  const row = await rows.get(registryKeys.operation(operationId));
  if (row === undefined) throw unknownOperation(operationId);
  return toOperation(row);
}

export interface OpenRequest {
  readonly operationId: string;
  readonly user: string;
  readonly requestedBy: string;
  readonly execution?: string;
  readonly allowUnknownUser: boolean;
  /** Epoch milliseconds before which nothing is erased; at once when missing. */
  readonly deleteAfter?: number;
}

/**
 * The writes that open an operation on an account that has none: refused when another was opened
 * meanwhile. Whoever is refused reads the account again and joins that one (U5).
 */
export function openWrites(account: Account, request: OpenRequest, now: number): Write[] {
  const { operationId, user, allowUnknownUser, deleteAfter, ...rest } = request;
  const { accountId } = account;
  // Sessions are ended by the address that the operation keeps: not by one that was renamed since.
  const equals = account.user === undefined ? {} : { equals: { user: account.user } };
  return [
    {
      kind: 'update',
      key: registryKeys.account(accountId),
      guard: {
        row: 'present',
        ...equals,
        oneOf: { state: ['active', 'disabled'] },
        without: ['operationId', 'hold'],
      },
      change: { set: { operationId } },
    },
    operationPut(
      { operationId, verb: 'delete-account', accountId, step: 'Resolve account', ...rest },
      { user, allowUnknownUser, ...(deleteAfter === undefined ? {} : { deleteAfter }) },
      now,
    ),
    accountOperationPut(accountId, operationId),
  ];
}

function superseded(context: OperationContext, operation: Operation | undefined): LetheError {
  const now =
    operation === undefined
      ? 'it is gone'
      : `it is ${operation.state} in attempt ${operation.attempt}`;
  return new LetheError(
    ERROR_NAMES.superseded,
    `attempt ${context.attempt} of operation ${context.operationId} must stop: ${now}`,
    'Nothing to do: the newer attempt goes on, or the operation has ended.',
  );
}

/**
 * Marks that a step begins, on condition that this attempt is still the one that runs. Every
 * destructive step calls it first: a late delivery of an old attempt does nothing.
 * @throws SupersededError
 */
export async function enterStep(
  ports: OperationPorts,
  context: OperationContext,
  step: string,
  set: Attributes = {},
): Promise<void> {
  const result = await ports.rows.write(
    updateWrite(context, { ...set, step, updatedAt: ports.clock.now() }),
  );
  if (result.outcome === 'written') return;
  const row = await ports.rows.get(registryKeys.operation(context.operationId));
  throw superseded(context, row && toOperation(row));
}

/** Like `enterStep` for what runs many times within a step: reads only. */
export async function requireRunning(
  rows: RowStore,
  context: OperationContext,
): Promise<Operation> {
  const operation = await requireOperation(rows, context.operationId);
  if (operation.state === 'running' && operation.attempt === context.attempt) return operation;
  throw superseded(context, operation);
}

/** An update of the operation's row that holds only for the attempt that runs. */
export function updateWrite(
  context: OperationContext,
  set: Attributes,
  guard: Record<string, string | number> = {},
): Write & { kind: 'update' } {
  return {
    kind: 'update',
    key: registryKeys.operation(context.operationId),
    guard: {
      row: 'present',
      equals: { state: 'running', attempt: context.attempt, ...guard },
    },
    change: { set },
  };
}

/**
 * The write that ends an operation: no address is left in it, and TTL removes it in time.
 * @param guard what else its row must say
 */
export function finishWrite(
  context: OperationContext,
  now: number,
  guard: Record<string, string | number> = {},
): Write {
  const set = {
    state: 'succeeded',
    finishedAt: now,
    updatedAt: now,
    [TTL_ATTRIBUTE]: retentionEnd(now),
  };
  const write = updateWrite(context, set, guard);
  return { ...write, change: { ...write.change, unset: ['user', 'error'] } };
}

/** Epoch seconds at which records of finished operations expire. */
export const retentionEnd = (now: number): number =>
  Math.ceil(now / 1000) + OPERATION_RETENTION_DAYS * 86_400;

/**
 * Records that the present attempt failed. Idempotent; an attempt that was superseded, or an
 * operation that has ended, is left alone.
 */
export async function failOperation(
  ports: OperationPorts,
  context: OperationContext,
  error: OperationError,
): Promise<void> {
  const now = ports.clock.now();
  await ports.rows.write(
    updateWrite(context, { state: 'failed', error: { ...error }, updatedAt: now }),
  );
}
