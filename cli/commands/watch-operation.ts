/** Waiting for an operation: polls it, shows its steps, and says how it ended. */
import type { Counts, OperationAnswer } from '../../functions/contract/api.ts';
import { machineOf } from '../../functions/contract/machines.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { showSteps } from '../output/progress.ts';
import { count, duration, size, words } from '../output/text.ts';

const stepsOf = ({ verb }: OperationAnswer): readonly string[] => machineOf(verb).shownSteps ?? [];

/** Half a second at first, for small accounts; five for those that take long. */
const POLL_FIRST_MS = 500;
const POLL_MAX_MS = 5000;
const POLL_GROWTH = 1.3;

/** Unreachable for so long: give up waiting. A deployment of the API, or a restart, is over by then. */
const UNREACHABLE_SECONDS_MAX = 300;

/** What people look at first; the other counters follow as the API gives them. */
const COUNTERS_FIRST = ['messageRows', 'objectVersions', 'objectBytes'];

/** Counters in a line of progress; the others are in `operation show`. */
const COUNTERS_SHOWN_MAX = 4;

/**
 * Waits until the operation has ended, well or not.
 * @throws CliError 75 when `timeoutSeconds` have passed, 130 when interrupted, 69 when the server
 *   stays away; the operation itself goes on
 */
export async function watchOperation(
  { io, client: openClient }: Pick<Context, 'io' | 'client'>,
  operationId: string,
  timeoutSeconds: number,
): Promise<OperationAnswer> {
  const client = await openClient();
  const interrupted = io.interruption();
  const deadline = io.now() + timeoutSeconds * 1000;
  let operation = await client.operation(operationId);
  const steps = stepsOf(operation);
  const view = await showSteps(steps, io);
  let waitMs = POLL_FIRST_MS;
  let reachedAt = io.now();
  let furthest = 0;
  let isReached = true;
  for (;;) {
    // A name that this version does not know leaves the display where it is.
    furthest = Math.max(furthest, steps.indexOf(operation.step));
    view.enter(furthest);
    if (isReached) view.detail(progressLine(operation, furthest));
    if (operation.state !== 'running') break;
    if (interrupted.aborted || io.now() >= deadline) {
      await view.abandon();
      throw stillRunning(operation, interrupted.aborted);
    }
    await io.sleep(Math.min(waitMs, Math.max(0, deadline - io.now())), interrupted);
    waitMs = Math.min(waitMs * POLL_GROWTH, POLL_MAX_MS);
    try {
      operation = await client.operation(operationId, { isImpatient: true });
      reachedAt = io.now();
      isReached = true;
    } catch (error) {
      isReached = false;
      if (mayPass(error) && io.now() - reachedAt < UNREACHABLE_SECONDS_MAX * 1000) {
        view.detail(`the server has not answered for ${duration(io.now() - reachedAt)}`);
        continue;
      }
      await view.abandon();
      throw mayPass(error) ? unreachable(operation, error) : error;
    }
  }
  if (operation.state === 'succeeded') await view.finish();
  else if (operation.state === 'waiting' || operation.state === 'undone') await view.abandon();
  else await view.fail(operation.error?.message ?? 'no reason was given');
  return operation;
}

const mayPass = (error: unknown): error is CliError =>
  error instanceof CliError &&
  (error.exitCode === EXIT.unavailable || error.exitCode === EXIT.retryLater);

/** For instance `messages 1,234 of 3,000, bytes 12.3 MB of 40.1 MB`. */
function progressLine(operation: OperationAnswer, furthest: number): string {
  const { counts, expected, step, attempt } = operation;
  const parts =
    operation.dryRun === true
      ? countsText(expected ?? {}, undefined)
      : countsText(counts, expected);
  // Verification that finds something sends the machine back to an earlier step.
  if (step !== stepsOf(operation)[furthest]) parts.unshift(`now at “${step}”`);
  if (attempt > 1) parts.push(`attempt ${attempt}`);
  return parts.join(', ');
}

function countsText(counts: Counts, expected: Counts | undefined): string[] {
  const names = [...new Set([...Object.keys(expected ?? {}), ...Object.keys(counts)])];
  const known = COUNTERS_FIRST.filter((name) => names.includes(name));
  const ordered = [...known, ...names.filter((name) => !known.includes(name))];
  return ordered
    .filter((name) => (counts[name] ?? 0) > 0 || (expected?.[name] ?? 0) > 0)
    .slice(0, COUNTERS_SHOWN_MAX)
    .map((name) => {
      const show = name.toLowerCase().endsWith('bytes') ? size : count;
      const target = expected?.[name];
      const done = show(counts[name] ?? 0);
      return `${words(name)} ${target === undefined ? done : `${done} of ${show(target)}`}`;
    });
}

/** What a failed operation ends the command line with: the error and what is safe to do next. */
export function operationFailure({ operationId, step, error }: OperationAnswer): CliError {
  const what = error === undefined ? 'no reason was given' : `${error.name}: ${error.message}`;
  const resume = `lethe operation resume ${operationId}`;
  return new CliError(EXIT.retryLater, `operation ${operationId} failed at “${step}”: ${what}`, {
    hint: error?.next ? `${error.next} To go on: ${resume}` : `To go on: ${resume}`,
  });
}

const watchAgain = (operationId: string): string =>
  `Watch it again with: lethe operation wait ${operationId}`;

function unreachable({ operationId }: OperationAnswer, cause: CliError): CliError {
  const message = `operation ${operationId} goes on without being watched: ${cause.message}`;
  return new CliError(cause.exitCode, message, { hint: watchAgain(operationId), cause });
}

function stillRunning({ operationId, step }: OperationAnswer, interrupted: boolean): CliError {
  return new CliError(
    interrupted ? EXIT.interrupted : EXIT.retryLater,
    `operation ${operationId} goes on without being watched; it is at “${step}”`,
    { hint: watchAgain(operationId) },
  );
}
