/** What the state transitions of a step cost, as the register of the machines says it. */
import { handlerOf, machineOf, type Step, VERBS } from '../../contract/machines.ts';

/** Steps by the names of their handlers; machines that share a step share its function. */
const STEPS: ReadonlyMap<string, Step> = new Map(
  VERBS.flatMap((verb) =>
    Object.entries(machineOf(verb).steps).map(([token, step]) => [handlerOf(token), step] as const),
  ),
);

/**
 * How many states of the machine an invocation of a step stands for.
 * @param step name of the handler
 * @param outcome of the step's answer; undefined when it has none
 */
export function transitionsOf(step: string, outcome: string | undefined): number {
  const { enters = 1, entersOneMoreOn = [] } = STEPS.get(step) ?? {};
  return enters + (outcome !== undefined && entersOneMoreOn.includes(outcome) ? 1 : 0);
}

/** An invocation that failed is the Task alone: entered, or retried. */
export const FAILED_TRANSITIONS = 1;
