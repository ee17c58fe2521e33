/**
 * How many states of the machine an invocation of a step stands for: its Task, and what the machine
 * enters between it and the next Task. Functions cannot see the machine, so these follow
 * the definitions in statemachines/; the simulation holds their sum against the machine.
 */
import { BULK_VERBS } from '../../contract/machines.ts';

/** States entered for a step that answered: its own, and those that always follow it. */
const AFTER: Readonly<Record<string, number>> = {
  /** And its Choice. */
  'resolve-account': 2,
  'disable-user': 1,
  'kick-sessions': 2,
  'wait-for-sessions': 2,
  'fence-account': 2,
  /** And the map. */
  'plan-erasure': 2,
  'erase-range': 2,
  'clear-caches': 1,
  'erase-account-rows': 2,
  'verify-erasure': 2,
  'certify-erasure': 2,
  /** And "Account deleted". */
  'release-address': 2,
  /** Each and its Choice. */
  'resolve-bulk': 2,
  ...Object.fromEntries(BULK_VERBS.map((verb) => [verb, 2])),
  /** Its Choice and the map; its Choice; its Choice and the end. */
  'resolve-purge': 3,
  'purge-part': 2,
  'finish-purge': 3,
  /** "Describe ..." before it and "Deletion failed" after it. */
  'record-failure': 3,
};

/** Outcomes that lead to the next Task over one more state, and that state. */
const OVER_ONE_MORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kick-sessions': { noServers: 'Grace period', addressGone: 'Grace period' },
  'wait-for-sessions': { none: 'Grace period', again: 'Let sessions end' },
  'erase-range': { done: 'Range erased' },
  'erase-account-rows': { done: 'Settle' },
  'certify-erasure': { certified: 'Reserve address' },
  ...Object.fromEntries(BULK_VERBS.map((verb) => [verb, { done: 'Done' }])),
  'purge-part': { done: 'Part purged', again: 'Go on' },
};

/** @param outcome of the step's answer; undefined when it has none */
export function transitionsOf(step: string, outcome: string | undefined): number {
  const over = outcome === undefined ? undefined : OVER_ONE_MORE[step]?.[outcome];
  return (AFTER[step] ?? 1) + (over === undefined ? 0 : 1);
}

/** An invocation that failed is the Task alone: entered, or retried. */
export const FAILED_TRANSITIONS = 1;
