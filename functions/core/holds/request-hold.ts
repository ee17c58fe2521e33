/** Holds asked for over the API: placed or released at once, the walk over the mail begun. */
import type { HoldInput } from '../../contract/holds.ts';
import { OPERATION_ID_BYTES } from '../../contract/limits.ts';
import type { HoldVerb } from '../../contract/machines.ts';
import { type Operation, requireOperation } from '../operations/operations.ts';
import { ensureRunning, type RequestPorts } from '../operations/run-operation.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import { parsePlaceRequest, parseReleaseRequest } from './hold-request.ts';
import { type HoldOpening, placeHold, releaseHold } from './place-hold.ts';

export interface HoldWish {
  readonly verb: HoldVerb;
  /** `user`, `caseId` and what else the verb takes. */
  readonly input: HoldInput;
  readonly requestedBy: string;
}

/**
 * Places or releases a hold, unless that is done, and makes sure that its walk runs.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws as openHold
 */
export async function requestHold(
  ports: RequestPorts,
  { verb, input, requestedBy }: HoldWish,
  deadline: number,
): Promise<Operation> {
  const opening = { operationId: `op-${ports.ids.hex(OPERATION_ID_BYTES)}`, requestedBy };
  const operationId = await untilWon(ports, deadline, () => openHold(ports, verb, input, opening));
  return await untilWon(ports, deadline, async () =>
    ensureRunning(ports, await requireOperation(ports.rows, operationId)),
  );
}

/**
 * @returns the id of the operation: that of an earlier request when it was for the same
 * @throws InvalidInputError, UnknownUserError, AccountNotActiveError, HoldConflictError,
 *   UnknownHoldError, StoreBusyError
 */
export async function openHold(
  ports: Pick<Ports, 'rows' | 'clock'>,
  verb: HoldVerb,
  input: HoldInput,
  opening: HoldOpening,
): Promise<string | 'lost'> {
  return verb === 'hold-account'
    ? await placeHold(ports, parsePlaceRequest(input, ports.clock.now()), opening)
    : await releaseHold(ports, parseReleaseRequest(input), opening);
}
