/**
 * The first step of a bulk verb: checks the input, opens an operation or joins the one that the
 * input names. All that can be wrong with it is an answer that a Choice reads; only trouble throws.
 */
import { createHash } from 'node:crypto';
import type { BulkInput, ResolveBulkAnswer, ResolveBulkPayload } from '../../contract/bulk.ts';
import { OPERATION_ID_BYTES } from '../../contract/limits.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { joinOperation, ownOrRunning } from '../operations/join-operation.ts';
import { requireOperation } from '../operations/operations.ts';
import { refusal } from '../operations/refusals.ts';
import type { Ports } from '../ports/ports.ts';
import { parseBulkInput } from './bulk-request.ts';
import { openBulk } from './request-bulk.ts';

type ResolvePorts = Pick<Ports, 'rows' | 'clock'>;

export async function resolveBulk(
  ports: ResolvePorts,
  { verb, input, executionName }: ResolveBulkPayload,
): Promise<ResolveBulkAnswer> {
  try {
    const given = parseBulkInput(verb, input);
    return given.operationId === undefined
      ? await open(ports, verb, given, executionName)
      : await joinOperation(ports, verb, given, executionName);
  } catch (error) {
    return refusal(error);
  }
}

/** The id follows from the execution, whose name is unique: repeated, the step finds its own. */
async function open(
  ports: ResolvePorts,
  verb: ResolveBulkPayload['verb'],
  input: BulkInput,
  execution: string,
): Promise<ResolveBulkAnswer> {
  const hash = createHash('sha256').update(`${verb} ${execution}`).digest('hex');
  const operationId = `op-${hash.slice(0, 2 * OPERATION_ID_BYTES)}`;
  const there = await ports.rows.get(registryKeys.operation(operationId));
  if (there === undefined) {
    const requestedBy = `execution ${execution}`;
    await openBulk(ports, { verb, input, requestedBy, operationId, execution });
  }
  return ownOrRunning(await requireOperation(ports.rows, operationId), execution);
}
