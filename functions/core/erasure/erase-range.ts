/** One child of the map: erases every n-th target, pages by itself. */
import type { EraseRangePayload, LoopAnswer } from '../../contract/payloads.ts';
import { enterStep, requireRunning } from '../operations/operations.ts';
import { eraseTargets } from './erase-target.ts';
import { eraseVersions } from './erase-versions.ts';
import type { ErasurePorts, ErasureSettings, Until } from './erasure-ports.ts';
import { requireFenced } from './fence-account.ts';
import { readPlan } from './plan.ts';
import { Tally } from './tally.ts';
import { targetsOf, targetsOfRange } from './targets.ts';

/**
 * Erases the objects, uploads and rows of one range until it is empty or time runs out.
 * @throws SupersededError, ErasureBlockedError
 */
export async function eraseRange(
  ports: ErasurePorts,
  settings: ErasureSettings,
  payload: EraseRangePayload,
  until: Until,
): Promise<LoopAnswer> {
  const { operation: context, round, range, rangeCount } = payload;
  // One child speaks for all: the operation's row takes 1,000 writes a second, not 256 at once.
  if (range === 0) await enterStep(ports, context, 'Erase ranges');
  else await requireRunning(ports.rows, context);
  await requireFenced(ports.rows, context);
  const tally = await Tally.open(ports.rows, context.operationId, `${round}-${range}`);
  if (tally.done) return { outcome: 'done' };
  const { mailboxes } = await readPlan(ports.rows, context.operationId);
  const targets = targetsOfRange(
    targetsOf(context.accountId, settings.classes, mailboxes),
    range,
    rangeCount,
  );
  const prefixes = targets.flatMap((target, index) =>
    target.kind === 'versions' && index >= tally.from ? [{ index, prefix: target.prefix }] : [],
  );
  if (!(await eraseVersions(ports, tally, prefixes, until))) return { outcome: 'again' };
  const others = targets.flatMap((target, index) =>
    target.kind !== 'versions' && index >= tally.from ? [{ index, target }] : [],
  );
  if (!(await eraseTargets(ports, tally, others, until))) return { outcome: 'again' };
  await tally.finish();
  return { outcome: 'done' };
}
