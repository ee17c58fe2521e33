/**
 * How many events a Standard execution writes into its history. AWS ends an execution at 25,000,
 * so the arithmetic of a large erasure rests on these numbers. They are those of histories that
 * the service itself returned (GetExecutionHistory), not of its documentation, which lists the
 * types but not which of them one state leaves.
 */
const EVENTS = {
  /** ExecutionStarted. */
  executionStarted: 1,
  /** ExecutionSucceeded or ExecutionFailed. */
  executionEnded: 1,
  /** …StateEntered. A Fail state writes nothing else. */
  stateEntered: 1,
  /** …StateExited, also when a Catch leads out of the state. */
  stateExited: 1,
  /** TaskScheduled, TaskStarted, TaskSucceeded or TaskFailed: once for every attempt. */
  taskAttempt: 3,
  /** MapStateStarted, once for every attempt. */
  mapStarted: 1,
  /** MapRunStarted, MapRunSucceeded or MapRunFailed: a distributed map, whatever its items. */
  mapRun: 2,
  /** MapStateSucceeded, or MapStateFailed when no retry is left. */
  mapEnded: 1,
  /** MapIterationStarted, MapIterationSucceeded or MapIterationFailed: an inline map, per item. */
  mapIteration: 2,
} as const;

export type HistoryEntry = keyof typeof EVENTS;

/** The service ends an execution that reaches this many events. */
export const HISTORY_EVENTS_MAX = 25_000;

export class ExecutionHistory {
  events = 0;
  /** States entered and retries: what Standard executions are billed by. */
  transitions = 0;

  add(entry: HistoryEntry): void {
    this.events += EVENTS[entry];
    if (entry === 'stateEntered') this.transitions += 1;
  }

  countRetry(): void {
    this.transitions += 1;
  }
}
