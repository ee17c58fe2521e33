/** Run by a schedule: starts what time has made due. */
import type { Context } from 'aws-lambda';
import { DUE_LOG } from '../contract/metrics.ts';
import { runDue } from '../core/erasure/run-due.ts';
import { entryPoint } from '../runtime/entry-point.ts';
import { logFault, logInfo } from '../runtime/logger.ts';
import { once, wireClock, wireIds, wireRows, wireWorkflows } from '../runtime/wiring.ts';

/** Nothing new is begun this long before the function's timeout: one start takes less. */
const RESERVE_MS = 15_000;

const ports = once(() => ({
  rows: wireRows(),
  workflows: wireWorkflows(),
  clock: wireClock(),
  ids: wireIds(),
}));

export const handler = entryPoint(async (_: unknown, context: Context): Promise<void> => {
  const { clock } = ports();
  const until = clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
  const report = await runDue(ports(), until, (operationId, fault) =>
    logFault('operation not started', fault, { operationId }),
  );
  logInfo(DUE_LOG.message, { ...report });
  // So that the alarm on errors of the function rings; what is due stays due.
  if (report.failed > 0) throw new Error(`${report.failed} operations could not be started`);
});
