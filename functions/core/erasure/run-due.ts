/** What time has made due: deletions whose grace period is over go on. */

import { requireOperation } from '../operations/operations.ts';
import { ensureRunning, type RequestPorts } from '../operations/run-operation.ts';
import { everyRow } from '../rows/paging.ts';
import { GRACE_PARTITION } from './grace.ts';

const PAGE_ROWS = 100;

export interface DueReport {
  readonly started: number;
  /** Stay due: the next run takes them. */
  readonly failed: number;
}

/**
 * Starts what is due. Whoever else starts the same is met by compare-and-set, so that it runs once.
 * @param until epoch milliseconds after which the rest is left to the next run
 * @param onFailure is told which operation could not be started, and why
 */
export async function runDue(
  ports: RequestPorts,
  until: number,
  onFailure: (operationId: string, fault: unknown) => void,
): Promise<DueReport> {
  let [started, failed] = [0, 0];
  const due = everyRow(ports.rows, {
    table: 'registry',
    index: 'due',
    pk: GRACE_PARTITION,
    sk: { to: new Date(ports.clock.now()).toISOString() },
    limit: PAGE_ROWS,
  });
  for await (const { key } of due) {
    if (ports.clock.now() >= until) break;
    const operationId = key.pk.replace(/^operation#/, '');
    try {
      // The index is late: the row itself says whether it still waits, and until when.
      const operation = await requireOperation(ports.rows, operationId);
      if (operation.state !== 'waiting') continue;
      const now = await ensureRunning(ports, operation);
      if (now !== 'lost' && now.state === 'running') started += 1;
    } catch (fault) {
      failed += 1;
      onFailure(operationId, fault);
    }
  }
  return { started, failed };
}
