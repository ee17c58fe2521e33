/** One child of the map: erases every n-th target, pages by itself. */
import type { EraseRangePayload, LoopAnswer } from '../../contract/payloads.ts';
import { enterStep, requireRunning } from '../operations/operations.ts';
import { classesOf } from './account-classes.ts';
import { eraseTargets } from './erase-target.ts';
import { eraseVersions } from './erase-versions.ts';
import type { ErasurePorts, ErasureSettings, Until } from './erasure-ports.ts';
import { requireFenced } from './fence-account.ts';
import { Tally } from './tally.ts';
import { fixedTargets, strideOf, targetsAlong } from './targets.ts';

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
  const classes = await classesOf(ports.rows, settings.classes, context.operationId);
  const fixed = fixedTargets(context.accountId, classes);
  const own = fixed.filter((_, index) => index % rangeCount === range);
  const prefixes = own.flatMap((target, index) =>
    target.kind === 'versions' && index >= tally.from ? [{ index, prefix: target.prefix }] : [],
  );
  if (!(await eraseVersions(ports, tally, prefixes, until))) return { outcome: 'again' };
  const versions = own.filter(({ kind }) => kind === 'versions').length;
  const from = Math.max(tally.from, versions);
  const stride = strideOf(range, rangeCount, from);
  const others = targetsAlong(ports.rows, context.operationId, fixed, stride);
  if (!(await eraseTargets(ports, tally, { from, targets: others }, until))) {
    return { outcome: 'again' };
  }
  await tally.finish();
  return { outcome: 'done' };
}
