/**
 * The first step of both verbs: checks the input, places or releases the hold or joins the operation
 * that the input names. All that can be wrong with it is an answer that a Choice reads.
 */
import { createHash } from 'node:crypto';
import type { ResolveHoldAnswer, ResolveHoldPayload } from '../../contract/holds.ts';
import { OPERATION_ID_BYTES } from '../../contract/limits.ts';
import { HOLD_VERBS, type HoldVerb } from '../../contract/machines.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { InvalidInputError, quoted, StoreBusyError } from '../errors.ts';
import { joinOperation, ownOrRunning } from '../operations/join-operation.ts';
import { requireOperation } from '../operations/operations.ts';
import { refusal } from '../operations/refusals.ts';
import type { Ports } from '../ports/ports.ts';
import { parseHoldInput } from './hold-request.ts';
import { openHold } from './request-hold.ts';

type ResolvePorts = Pick<Ports, 'rows' | 'clock'>;

/** @throws StoreBusyError when others changed the holds of the account at the same time */
export async function resolveHold(
  ports: ResolvePorts,
  { verb: named, input, executionName }: ResolveHoldPayload,
): Promise<ResolveHoldAnswer> {
  try {
    const verb = parseVerb(named);
    const given = parseHoldInput(verb, input);
    if (given.operationId !== undefined) {
      return await joinOperation(ports, verb, given, executionName);
    }
    // The id follows from the execution, whose name is unique: repeated, the step finds its own.
    const hash = createHash('sha256').update(`${verb} ${executionName}`).digest('hex');
    const own = `op-${hash.slice(0, 2 * OPERATION_ID_BYTES)}`;
    const isThere = (await ports.rows.get(registryKeys.operation(own))) !== undefined;
    const requestedBy = `execution ${executionName}`;
    const opening = { operationId: own, requestedBy, execution: executionName };
    const operationId = isThere ? own : await openHold(ports, verb, given, opening);
    if (operationId === 'lost') throw new StoreBusyError('the holds of the account were changed');
    return ownOrRunning(await requireOperation(ports.rows, operationId), executionName);
  } catch (error) {
    return refusal(error);
  }
}

function parseVerb(named: string): HoldVerb {
  const verb = HOLD_VERBS.find((one) => one === named);
  if (verb !== undefined) return verb;
  throw InvalidInputError.of('verb', `got ${quoted(named)}, allowed is one of ${HOLD_VERBS}`);
}
