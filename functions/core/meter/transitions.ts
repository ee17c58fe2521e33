/**
 * How many states of the machine an invocation of a step stands for: its Task, and what the machine
 * enters between it and the next Task. Functions cannot see the machine, so these follow
 * statemachines/delete-account.asl.json; the simulation holds their sum against the machine.
 */

/** States entered after a step that answered: its own, and those that lead to the next Task. */
const AFTER: Readonly<Record<string, number>> = {
  /** And its Choice. */
  'resolve-account': 2,
  /** And the three that pass through until there is something to kick, wait for and grant. */
  'disable-user': 4,
  'fence-account': 2,
  /** And the map. */
  'plan-erasure': 2,
  'erase-range': 2,
  'clear-caches': 1,
  'erase-account-rows': 2,
  'verify-erasure': 2,
  /** And "Reserve address", which passes through. */
  'certify-erasure': 2,
  /** And "Account deleted". */
  'release-address': 2,
  /** "Describe ..." before it and "Deletion failed" after it. */
  'record-failure': 3,
};

/** What ends with `done` goes on over one more state: "Range erased", "Settle". */
const AFTER_DONE = 1;

/** @param outcome of the step's answer; undefined when it has none */
export function transitionsOf(step: string, outcome: string | undefined): number {
  return (AFTER[step] ?? 1) + (outcome === 'done' ? AFTER_DONE : 0);
}

/** An invocation that failed is the Task alone: entered, or retried. */
export const FAILED_TRANSITIONS = 1;
