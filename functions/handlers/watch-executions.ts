/** Run by a schedule: leaves in the log how many deletions run and since when, for an alarm. */
import { WATCH_LOG } from '../contract/metrics.ts';
import { watchExecutions } from '../core/operations/watch-executions.ts';
import { entryPoint } from '../runtime/entry-point.ts';
import { logInfo } from '../runtime/logger.ts';
import { once, wireClock, wireWorkflows } from '../runtime/wiring.ts';

const ports = once(() => ({ workflows: wireWorkflows(), clock: wireClock() }));

export const handler = entryPoint(async (): Promise<void> => {
  const { running, oldestSeconds } = await watchExecutions(ports());
  logInfo(WATCH_LOG.message, { running, oldestSeconds });
});
