/**
 * The first step of a bulk verb: checks the input, opens an operation or joins the one that the
 * input names. All that can be wrong with it is an answer that a Choice reads; only trouble throws.
 */
import type { ResolveBulkAnswer, ResolveBulkPayload } from '../../contract/bulk.ts';
import { joinOperation, openForExecution } from '../operations/join-operation.ts';
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
      ? await openForExecution(ports, verb, executionName, (operationId, requestedBy) =>
          openBulk(ports, {
            ...{ verb, input: given, requestedBy, operationId },
            execution: executionName,
          }),
        )
      : await joinOperation(ports, verb, given, executionName);
  } catch (error) {
    return refusal(error);
  }
}
