/** The register of machines says of each what its definition says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ENV } from '../../../functions/contract/env.ts';
import {
  BULK_VERBS,
  handlerOf,
  machineArnOutput,
  machineArnVariable,
  machineOf,
  STARTED_VERBS,
  VERBS,
} from '../../../functions/contract/machines.ts';
import { OUTPUTS } from '../../../functions/contract/outputs.ts';

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Next?: string;
  readonly Parameters?: { readonly FunctionName?: string; readonly Payload?: object };
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Retry?: readonly { readonly MaxAttempts?: number }[];
  readonly ItemProcessor?: Graph;
}
interface Graph {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
interface Definition extends Graph {
  readonly TimeoutSeconds: number;
}

/** A Task that is a function, in the graph that it stands in. */
interface Task {
  readonly name: string;
  readonly token: string;
  readonly state: State;
  readonly graph: Graph;
}

const definitionOf = (verb: string): Definition =>
  JSON.parse(readFileSync(`statemachines/${verb}.asl.json`, 'utf8')) as Definition;

function graphsOf(graph: Graph): readonly Graph[] {
  const inner = Object.values(graph.States).map(({ ItemProcessor }) => ItemProcessor);
  return [graph, ...inner.filter((one) => one !== undefined).flatMap(graphsOf)];
}

const tasksOf = (definition: Definition): readonly Task[] =>
  graphsOf(definition).flatMap((graph) =>
    Object.entries(graph.States).flatMap(([name, state]) => {
      const token = /^\$\{(\w+)FunctionArn\}$/.exec(state.Parameters?.FunctionName ?? '')?.[1];
      return token === undefined ? [] : [{ name, token, state, graph }];
    }),
  );

/** The Task that a state leads to over states that only pass on; undefined when it is another. */
function leadsTo({ States }: Graph, name: string): string | undefined {
  for (let next: string | undefined = name; next !== undefined; next = States[next]?.Next) {
    const state: State | undefined = States[next];
    if (state?.Type === 'Task') return state.Parameters?.FunctionName;
    if (state?.Type !== 'Pass') return undefined;
  }
  return undefined;
}

const RECORDER = `\${RecordFailureFunctionArn}`;

test('O1: every definition is a machine of the register, and the other way round', () => {
  const files = readdirSync('statemachines').map((file) => file.replace('.asl.json', ''));
  expect([...VERBS].sort()).toEqual(files.sort());
});

describe.each(VERBS)('%s', (verb) => {
  const machine = machineOf(verb);
  const definition = definitionOf(verb);
  const tasks = tasksOf(definition);
  const caught = (task: Task) =>
    (task.state.Catch ?? []).map(({ Next }) => leadsTo(task.graph, Next));

  test('O1: its Tasks are the steps of the register, each with a handler', () => {
    expect([...new Set(tasks.map(({ token }) => token))].sort()).toEqual(
      Object.keys(machine.steps).sort(),
    );
    for (const token of Object.keys(machine.steps)) {
      expect(existsSync(`functions/handlers/${handlerOf(token)}.ts`), token).toBe(true);
    }
  });

  test('O1: it ends after the time of the register', () => {
    expect(definition.TimeoutSeconds).toBe(machine.timeoutSeconds);
  });

  test('O1: its operations show steps that they have, in order, and none that does nothing', () => {
    const { shownSteps = [] } = machine;
    expect(shownSteps.length > 0).toBe(machine.operation);
    if (BULK_VERBS.some((bulk) => bulk === verb)) {
      expect(shownSteps).toEqual(['Find mailboxes', 'Count messages', 'Change messages']);
      return;
    }
    const working = Object.entries(definition.States).filter(([, { Type }]) => Type !== 'Pass');
    const names = working.map(([name]) => name);
    expect(names.filter((name) => shownSteps.includes(name))).toEqual(shownSteps);
  });

  test('O1: what works on an operation hands it to its steps, and only that', () => {
    const handed = tasks.filter(({ state }) => JSON.stringify(state).includes('operation.$'));
    expect(handed.length > 0).toBe(machine.operation);
  });

  test('O3: every step is tried again, and each time is counted', () => {
    for (const { name, state } of tasks) {
      const attempts = (state.Retry ?? []).map(({ MaxAttempts }) => MaxAttempts);
      expect(attempts, name).not.toEqual([]);
      expect(
        attempts.every((one) => one !== undefined && one > 0),
        name,
      ).toBe(true);
    }
  });

  test(`O1: faults are ${machine.faults}`, () => {
    const working = tasks.filter(({ token }) => token !== 'RecordFailure');
    // What resolves has no operation yet to leave a fault on.
    const [first, ...rest] = working;
    if (machine.operation) expect(first?.name).toBe(definition.StartAt);
    const recorded = working.filter((task) => caught(task).includes(RECORDER));
    if (machine.faults === 'recorded') {
      expect(recorded.map(({ name }) => name)).toEqual(rest.map(({ name }) => name));
      for (const { name, state } of rest) {
        expect(
          state.Catch?.map(({ ErrorEquals }) => ErrorEquals),
          name,
        ).toEqual([['States.ALL']]);
      }
      return;
    }
    expect(Object.keys(machine.steps)).not.toContain('RecordFailure');
    expect(recorded).toEqual([]);
    const parts = tasks.filter(({ graph }) => graph !== definition);
    expect(parts.length > 0).toBe(machine.faults === 'gathered');
    for (const { name, state } of parts) {
      expect(
        state.Catch?.map(({ ErrorEquals }) => ErrorEquals),
        name,
      ).toEqual([['States.ALL']]);
    }
  });
});

test('O1: each machine has a variable and an output of its own, by its verb', () => {
  expect(machineArnVariable('purge-mailboxes')).toBe('LETHE_PURGE_MAILBOXES_STATE_MACHINE_ARN');
  expect(machineArnOutput('delete-account')).toBe(OUTPUTS.deleteAccountStateMachineArn);
  const variables: readonly string[] = STARTED_VERBS.map(machineArnVariable);
  expect(new Set([...variables, ...Object.values(ENV)]).size).toBe(
    variables.length + Object.keys(ENV).length,
  );
});
