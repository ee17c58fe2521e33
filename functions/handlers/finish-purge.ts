import { BACKUP_WAIT_LOG, PURGED_LOG } from '../contract/metrics.ts';
import { finishPurge } from '../core/purge/finish-purge.ts';
import { logInfo } from '../runtime/logger.ts';
import { parseFinish, wirePurgeEnd } from '../runtime/purging.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { once, wireBackupGate, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

const end = once(() => ({
  ...wirePurgeEnd(),
  ...(wireBackupGate() === 'off' ? {} : { onWaiting: logWaiting }),
}));

function logWaiting(trees: number, oldestWaitDays: number): void {
  logInfo(BACKUP_WAIT_LOG.message, { trees, oldestWaitDays });
}

export const handler = stepHandler('finish-purge', parseFinish, async (payload) => {
  const answer = await finishPurge(ports(), end(), payload);
  const { failures: _, ...counts } = answer.report;
  logInfo(PURGED_LOG.message, { operationId: payload.operation.operationId, ...counts });
  return answer;
});
