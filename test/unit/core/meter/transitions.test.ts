import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { handlerOf, machineOf, OPERATION_VERBS } from '../../../../functions/contract/machines.ts';
import { transitionsOf } from '../../../../functions/core/meter/transitions.ts';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Parameters?: { readonly FunctionName?: string };
  readonly Choices?: readonly { readonly StringEquals?: string; readonly Next: string }[];
  readonly ItemProcessor?: { readonly States: States };
}
type States = Readonly<Record<string, State>>;

const definitionOf = (verb: string) =>
  JSON.parse(readFileSync(`statemachines/${verb}.asl.json`, 'utf8')) as { readonly States: States };

/** `${EraseRangeFunctionArn}` is the handler `erase-range`. */
const stepOf = ({ Parameters }: State): string =>
  (Parameters?.FunctionName ?? '')
    .replace(/^\$\{|FunctionArn\}$/g, '')
    .replace(/(?<!^)[A-Z]/g, '-$&')
    .toLowerCase();

const isTask = (state: State | undefined): boolean => state?.Type === 'Task';

/** Every way from a Task to the next, or to the end, with the outcome that leads there. */
function waysFrom(states: States, name: string | undefined, outcome?: string): Way[] {
  const state = name === undefined ? undefined : states[name];
  if (name === undefined || state === undefined || isTask(state)) return [{ outcome, passed: [] }];
  const on = (next: string | undefined, by = outcome): Way[] =>
    waysFrom(states, next, by).map((way) => ({ ...way, passed: [name, ...way.passed] }));
  if (state.Type !== 'Choice') return on(state.Next);
  const rules = state.Choices ?? [];
  const chosen = rules.flatMap((one) => on(one.Next, one.StringEquals));
  // Choices that are not about the outcome leave it as it is.
  const isOfOutcome = rules.every(({ StringEquals }) => StringEquals !== undefined);
  const rest = isOfOutcome ? 'otherwise' : outcome;
  return state.Default === undefined ? chosen : [...chosen, ...on(state.Default, rest)];
}

interface Way {
  readonly outcome: string | undefined;
  readonly passed: readonly string[];
}

/** What a refusal passes on its way to the record of the failure is counted there. */
const DESCRIBED = ['Describe fault', 'Describe refusal'];
/** A dry run and a second request have no operation of their own whose bill they could be on. */
const WITHOUT_OPERATION = ['Dry run', 'Already running', 'Refused'];
/** What a part that failed passes is on the bill as the failed invocation alone. */
const FAILED = ['Part failed'];

const graphsOf = (states: States): readonly States[] => [
  states,
  ...Object.values(states).flatMap(({ ItemProcessor }) =>
    ItemProcessor === undefined ? [] : graphsOf(ItemProcessor.States),
  ),
];

/** The outcome that no rule of a Choice names. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'erase-range': 'done',
  'purge-part': 'done',
};

describe.each(OPERATION_VERBS)('%s: what an invocation stands for is what is entered', (verb) => {
  const ways = graphsOf(definitionOf(verb).States).flatMap((states) =>
    Object.entries(states)
      .filter(([, state]) => isTask(state))
      .flatMap(([name, state]) =>
        waysFrom(states, state.Next).map((way) => ({ name, step: stepOf(state), ...way })),
      ),
  );
  const counted = ways.filter(
    ({ passed }) => !passed.some((one) => [...WITHOUT_OPERATION, ...FAILED].includes(one)),
  );

  test('O1: every Task is known by its handler', () => {
    const steps = Object.keys(machineOf(verb).steps).map(handlerOf);
    expect([...new Set(counted.map(({ step }) => step))].sort()).toEqual(steps.sort());
  });

  test.each(counted.filter(({ step }) => step !== 'record-failure'))(
    'O1: $step, outcome $outcome, passes $passed',
    ({ step, outcome, passed }) => {
      const own = passed.filter((name) => !DESCRIBED.includes(name));
      const answered = outcome === 'otherwise' ? (OTHERWISE[step] ?? 'refused') : outcome;
      expect(transitionsOf(step, answered)).toBe(1 + own.length);
    },
  );

  test('O1: the record of a failure counts what describes it and the end', () => {
    const after = counted.find(({ step }) => step === 'record-failure');
    if (machineOf(verb).faults !== 'recorded') return expect(after).toBeUndefined();
    expect(transitionsOf('record-failure', undefined)).toBe(1 + 1 + (after?.passed.length ?? 0));
  });
});
