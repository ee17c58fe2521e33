/** A replay that passes proves something only if it would fail for any other expectation. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryTarget } from '../../replay/memory-target.ts';
import { runScenario } from '../../replay/run-scenario.ts';
import { isBucketScenario, type Scenario } from '../../replay/scenario.ts';
import { scenarioFiles } from '../../replay/scenario-files.ts';
import { useQuietLog } from '../runtime/log-lines.ts';

useQuietLog();

const SCENARIOS = join(import.meta.dirname, '..', '..', 'scenarios');

/** Of each scenario so many expectations are changed, spread over all of them. */
const CHANGES = 4;

type Path = readonly (string | number)[];

interface Change {
  readonly path: Path;
  readonly value: unknown;
}

/** What else could have been expected, for each value that is compared by itself. */
function* changesOf(verb: string, value: unknown, path: Path): Generator<Change> {
  const name = path.findLast((part) => typeof part === 'string');
  // A label stands for nothing by itself: another one may be as true.
  if (name === 'guid') return;
  if (Array.isArray(value)) {
    for (const [index, member] of value.entries()) yield* changesOf(verb, member, [...path, index]);
    yield { path, value: [...value, another(verb, path, value)] };
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value))
      yield* changesOf(verb, member, [...path, key]);
  } else {
    yield { path, value: different(name, value) };
  }
}

/** One member more, of the kind that the list has, or would have. */
function another(verb: string, path: Path, [first]: readonly unknown[]): unknown {
  const [, , , member, mailbox] = path;
  // An empty list of messages is told from one of names by where it stands.
  const ofMessages =
    (verb === 'snapshot' && mailbox !== undefined && path.length === 5) || verb === 'messages';
  if (typeof first === 'object' || (first === undefined && ofMessages)) return { message: 'ghost' };
  const holdsUids = ['changed', 'expunged', 'newUids'].includes(String(member));
  return holdsUids ? 4_000_000 : 'ghost';
}

function different(name: unknown, value: unknown): unknown {
  // Beyond what save dates may be off by.
  if (name === 'savedAgo') return Number(value) + 1000;
  if (name === 'internalDate') return '1999-01-01T00:00:00Z';
  if (name === 'access') return value === 'readOnly' ? 'readWrite' : 'readOnly';
  if (name === 'rights') return value === 'l' ? 'r' : 'l';
  if (name === 'error') return value === 'hasChildren' ? 'mailboxExists' : 'hasChildren';
  return typeof value === 'number' ? value + 1 : `${String(value)}?`;
}

/** A copy with one expectation changed. */
function changed(scenario: Scenario, { path, value }: Change): Scenario {
  const copy = structuredClone(scenario);
  let place = copy as unknown as Record<string | number, unknown>;
  for (const part of path.slice(0, -1)) place = place[part] as Record<string | number, unknown>;
  place[path.at(-1) ?? ''] = value;
  return copy;
}

function someChanges({ steps }: Scenario): Change[] {
  const all = steps.flatMap((step, index) =>
    step.deviates === true
      ? []
      : [...changesOf(step.do, step.expect ?? {}, ['steps', index, 'expect'])],
  );
  const stride = Math.max(all.length / CHANGES, 1);
  return all.filter((_, index) => Math.floor(index / stride) !== Math.floor((index - 1) / stride));
}

const run = (scenario: Scenario) => runScenario(scenario, new MemoryTarget(), 'replay');

const scenarios = scenarioFiles([SCENARIOS]).flatMap(({ scenario }) =>
  scenario === undefined || isBucketScenario(scenario) ? [] : [scenario],
);

describe('a scenario with another expectation fails', () => {
  test.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    '%s',
    async (_, scenario) => {
      if ((await run(scenario)).outcome === 'skip') return;
      for (const change of someChanges(scenario)) {
        const outcome = await run(changed(scenario, change));
        const step = `step ${Number(change.path[1]) + 1} `;
        expect({ change, outcome }).toMatchObject({
          outcome: { outcome: 'FAIL', step: expect.stringContaining(step) },
        });
      }
    },
  );

  test('and there are enough of them', () => {
    const count = scenarios.flatMap(someChanges).length;
    expect(count).toBeGreaterThan(200);
  });
});
