/** The handler of a step that works through a query: all bulk verbs have the same one. */
import type { BulkKind } from '../core/bulk/bulk-verbs.ts';
import { runBulk } from '../core/bulk/run-bulk.ts';
import type { ChunkPorts } from '../core/messages/in-chunks.ts';
import { parseStep, stepHandler } from './step-handler.ts';
import { once, wireMailSettings, wireRetentionDays } from './wiring.ts';

/** @param makePorts makes those that the kind needs, once */
export function bulkHandler<P extends ChunkPorts>(kind: BulkKind<P>, makePorts: () => P) {
  const ports = once(makePorts);
  const config = once(() => ({
    deployment: wireMailSettings(),
    retentionDays: wireRetentionDays(),
  }));
  return stepHandler(kind.verb, parseStep(), (payload, { until }) =>
    runBulk(ports(), { ...config(), kind }, payload, until),
  );
}
