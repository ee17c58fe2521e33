/**
 * The first step: checks the input, finds the account, opens its one operation or joins it. All
 * that can be wrong with a request is an answer that a Choice reads; only trouble throws.
 */

import { OPERATION_ID_BYTES } from '../../contract/limits.ts';
import type {
  DeleteAccountInput,
  ResolveAccountAnswer,
  ResolveAccountPayload,
} from '../../contract/payloads.ts';
import type { Account } from '../accounts/accounts.ts';
import { parseAddress } from '../names/address.ts';
import { parseExecutionInput } from '../operations/execution-input.ts';
import { joinOperation, ownOrRunning } from '../operations/join-operation.ts';
import { type OpenRequest, openWrites, requireOperation } from '../operations/operations.ts';
import { refusal } from '../operations/refusals.ts';
import { takeOver } from '../operations/take-over.ts';
import type { Ports } from '../ports/ports.ts';
import { requireDeletableAccount } from './deletion-request.ts';
import { type EstimateSettings, estimateErasure } from './estimate-erasure.ts';
import { parseDeleteAfter } from './grace.ts';

type ResolvePorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;

const FIELDS = {
  user: 'string',
  accountId: 'string',
  dryRun: 'boolean',
  allowUnknownUser: 'boolean',
  deleteAfter: 'string',
  operationId: 'string',
  attempt: 'number',
} as const;

/** Losing the race for an account means that another operation is there: read again, a few times. */
const TRIES_MAX = 5;

export async function resolveAccount(
  ports: ResolvePorts,
  settings: EstimateSettings,
  payload: ResolveAccountPayload,
): Promise<ResolveAccountAnswer> {
  try {
    const input = parseDeleteAccountInput(payload.input);
    return input.operationId === undefined
      ? await resolveUser(ports, settings, input, payload.executionName)
      : await joinOperation(ports, 'delete-account', input, payload.executionName);
  } catch (error) {
    return refusal(error);
  }
}

/** An execution started for a user, as an operator does it in the console. */
async function resolveUser(
  ports: ResolvePorts,
  settings: EstimateSettings,
  input: DeleteAccountInput,
  execution: string,
): Promise<ResolveAccountAnswer> {
  const user = parseAddress('user', input.user);
  const { allowUnknownUser = false, accountId } = input;
  const deleteAfter = graceOf(input, ports.clock.now());
  const meant = { user, allowUnknownUser, ...(accountId === undefined ? {} : { accountId }) };
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const account = await requireDeletableAccount(ports.rows, meant);
    if (input.dryRun === true) {
      const estimate = await estimateErasure(ports, settings, account.accountId);
      return { outcome: 'dryRun', estimate };
    }
    const answer =
      account.operationId === undefined
        ? await open(ports, account, { user, allowUnknownUser, execution, ...deleteAfter })
        : await join(ports, account.operationId, execution);
    if (answer !== undefined) return answer;
  }
  throw new Error('others kept opening and closing operations on this account');
}

async function open(
  ports: ResolvePorts,
  account: Account,
  given: Omit<OpenRequest, 'operationId' | 'requestedBy'> & { readonly execution: string },
): Promise<ResolveAccountAnswer | undefined> {
  const operationId = `op-${ports.ids.hex(OPERATION_ID_BYTES)}`;
  const request = { ...given, operationId, requestedBy: `execution ${given.execution}` };
  const result = await ports.rows.transact(openWrites(account, request, ports.clock.now()));
  if (result.outcome !== 'written') return undefined;
  const { accountId } = account;
  const grace = given.deleteAfter === undefined ? {} : ({ grace: true } as const);
  return { outcome: 'proceed', operation: { operationId, attempt: 1, accountId, ...grace } };
}

/** @throws InvalidInputError */
const graceOf = ({ deleteAfter }: DeleteAccountInput, now: number) =>
  deleteAfter === undefined ? {} : { deleteAfter: parseDeleteAfter(deleteAfter, now) };

/** The account has an operation: a failed one is taken over, a running one is named. */
async function join(
  ports: ResolvePorts,
  operationId: string,
  execution: string,
): Promise<ResolveAccountAnswer | undefined> {
  const operation = await requireOperation(ports.rows, operationId);
  if (operation.state !== 'failed') return ownOrRunning(operation, execution);
  const context = await takeOver(ports, operation, execution);
  return context && { outcome: 'proceed', operation: context };
}

/**
 * The input of an execution, as an operator types it in the console.
 * @throws InvalidInputError naming every field that is wrong, what was given and what is allowed
 */
function parseDeleteAccountInput(input: unknown): DeleteAccountInput {
  return parseExecutionInput(input, FIELDS, { user: 'john@example.com' }, (given) =>
    given['user'] === undefined && given['operationId'] === undefined
      ? [{ field: 'user', message: 'missing, allowed is an address' }]
      : [],
  ) as DeleteAccountInput;
}
