/** `lethe hold place | list | release` */
import type { OperationAnswer } from '../../functions/contract/api.ts';
import type { HoldAnswer } from '../../functions/contract/holds.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { printOperation, watchToEnd } from './operation.ts';

export interface HoldOptions {
  readonly user: string;
  readonly case: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** Waits unless false. */
  readonly wait?: boolean;
  readonly timeout: number;
}

export interface PlaceHoldOptions extends HoldOptions {
  readonly reason: string;
  readonly until?: string;
}

const FIELDS: readonly Field<HoldAnswer>[] = [
  { name: 'case', value: ({ caseId }) => caseId },
  { name: 'reason', value: ({ reason }) => reason },
  { name: 'placedBy', value: ({ placedBy }) => placedBy },
  { name: 'placedAt', value: ({ placedAt }) => placedAt },
  { name: 'until', value: ({ until }) => until },
  { name: 'overdue', value: ({ overdue }) => overdue },
  { name: 'protection', value: ({ protection }) => protection },
  { name: 'operation', value: ({ operationId }) => operationId },
];

/** @throws CliError 75 when not everything could be protected; the hold is placed all the same */
export async function placeHold(context: Context, options: PlaceHoldOptions): Promise<number> {
  const { user, case: caseId, reason, until, dryRun } = options;
  const started = await (await context.client()).placeHold(user, {
    caseId,
    reason,
    ...(until === undefined ? {} : { until }),
    ...(dryRun ? { dryRun } : {}),
  });
  const doing = dryRun ? 'Counting what would be protected' : 'Held; protecting what is expunged';
  return await follow(context, options, started, doing);
}

export async function listHolds(
  { io, format, client }: Context,
  { user }: Pick<HoldOptions, 'user'>,
): Promise<number> {
  const answer = await (await client()).holds(user);
  if (format === 'json') {
    await writeLine(io.stdout, JSON.stringify(answer, undefined, 2));
    return EXIT.ok;
  }
  await printList(io, format, once(answer.holds), FIELDS);
  return EXIT.ok;
}

/**
 * @throws CliError 64 without `--yes` where nobody can be asked, and when the answer was no; 75 when
 *   not every clock could be started
 */
export async function releaseHold(context: Context, options: HoldOptions): Promise<number> {
  const { user, case: caseId, dryRun } = options;
  if (!options.yes && !dryRun) await confirm(context, options);
  const request = { caseId, ...(dryRun ? { dryRun } : {}) };
  const started = await (await context.client()).releaseHold(user, request);
  const doing = dryRun ? 'Counting what would end again' : 'Released; starting clocks anew';
  return await follow(context, options, started, doing);
}

async function confirm({ io }: Context, { user, case: caseId }: HoldOptions): Promise<void> {
  if (!canAsk(io)) {
    throw new CliError(EXIT.usage, 'there is no terminal to ask for confirmation', {
      hint: 'To release without being asked, give --yes. To see what would end, give --dry-run.',
    });
  }
  const statement = `This releases case ${caseId} of ${user}. Without a hold mail can end again.`;
  if (await confirmByTyping(io, statement, caseId)) return;
  throw new CliError(EXIT.usage, 'not confirmed: nothing was released');
}

async function follow(
  context: Context,
  { wait, timeout }: HoldOptions,
  started: OperationAnswer,
  doing: string,
): Promise<number> {
  const { operationId } = started;
  await writeLine(context.io.stderr, `${doing}: operation ${operationId}`);
  if (wait === false) await printOperation(context, started);
  else await watchToEnd(context, operationId, timeout);
  return EXIT.ok;
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
