/**
 * The first step of a purge: checks the input, opens an operation or joins the one that the input
 * names, and looks where there are deleted trees. All that can be wrong is an answer that a Choice
 * reads; only trouble throws.
 */
import type { OperationContext } from '../../contract/payloads.ts';
import type {
  PurgeRequest,
  ResolvePurgeAnswer,
  ResolvePurgePayload,
} from '../../contract/purge.ts';
import type { WalkPart } from '../../contract/walks.ts';
import { treeDuePartition } from '../folders/move-writes.ts';
import { joinOperation, openForExecution } from '../operations/join-operation.ts';
import { refusal } from '../operations/refusals.ts';
import type { Ports } from '../ports/ports.ts';
import { dueShards } from '../walks/walk-shard.ts';
import { readPurge } from './purge-operation.ts';
import { parsePurgeInput } from './purge-request.ts';
import { checkAndOpen } from './request-purge.ts';

type ResolvePorts = Pick<Ports, 'rows' | 'clock'>;

/** @param maxWorkers parts that the machine purges at once */
export async function resolvePurge(
  ports: ResolvePorts,
  maxWorkers: number,
  { input, executionName }: ResolvePurgePayload,
): Promise<ResolvePurgeAnswer> {
  try {
    const given = parsePurgeInput(input);
    const joined =
      given.operationId === undefined
        ? await openForExecution(
            ports,
            'purge-mailboxes',
            executionName,
            (operationId, requestedBy) =>
              checkAndOpen(ports, { input, requestedBy, operationId, execution: executionName }),
          )
        : await joinOperation(ports, 'purge-mailboxes', given, executionName);
    if (joined.outcome !== 'proceed') return joined;
    const { operation } = joined;
    const request = await readPurge(ports.rows, operation);
    const parts = await partsOf(ports, operation, request);
    const workers = Math.max(Math.min(parts.length, maxWorkers), 1);
    return { outcome: 'purge', operation, parts, workers };
  } catch (error) {
    return refusal(error);
  }
}

async function partsOf(
  { rows, clock }: ResolvePorts,
  { accountId }: OperationContext,
  { user, domain }: PurgeRequest,
): Promise<WalkPart[]> {
  if (domain !== undefined) return [{ kind: 'accounts', scope: { domain } }];
  if (user !== undefined) return [{ kind: 'accounts', scope: { accountId } }];
  const shards = await dueShards(rows, clock.now(), treeDuePartition);
  return shards.map((shard) => ({ kind: 'due', shard }));
}
