import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { coveringScenarios, featuresOf } from '../../replay/covering-scenarios.ts';
import type { Scenario, Step } from '../../replay/scenario.ts';
import { scenarioFiles } from '../../replay/scenario-files.ts';

const SCENARIOS = join(import.meta.dirname, '..', '..', 'scenarios');
const RECORDED = ['dovecot', 'cyrus', 'lethe'].map((server) => join(SCENARIOS, server));
const recorded = scenarioFiles(RECORDED).flatMap(({ scenario }) => scenario ?? []);

const shownBy = (scenarios: readonly Scenario[]) =>
  new Set(scenarios.flatMap((scenario) => [...featuresOf(scenario)]));

const made = (id: string, ...steps: Step[]): Scenario => ({ id, settings: {}, steps });
const step = (verb: string, error?: string): Step => ({
  do: verb,
  ...(error === undefined ? {} : { expect: { error } }),
});

describe('the scenarios that are carried out over the deployed doors', () => {
  test('O2: show every verb and every error of a verb that all of the recorded show', () => {
    const carriedOut = recorded.filter(({ deviates }) => deviates !== true);
    const steps = carriedOut.flatMap((one) => one.steps.filter(({ deviates }) => !deviates));
    const verbs = new Set(steps.map(({ do: verb }) => verb));
    const errors = new Set(steps.flatMap(({ expect: wanted }) => wanted?.error ?? []));
    expect(verbs.size).toBeGreaterThan(20);
    expect(errors.size).toBeGreaterThan(5);

    const chosen = coveringScenarios(recorded);
    const done = chosen.flatMap((one) => one.steps.filter(({ deviates }) => !deviates));
    expect(new Set(done.map(({ do: verb }) => verb))).toEqual(verbs);
    expect(new Set(done.flatMap(({ expect: wanted }) => wanted?.error ?? []))).toEqual(errors);
    expect(shownBy(chosen)).toEqual(shownBy(recorded));
    expect(chosen.length).toBeLessThan(recorded.length / 4);
  });

  test('hold those that are wanted anyway, each once', () => {
    const ids = coveringScenarios(recorded, ['E20-tree', 'DEV-08']).map(({ id }) => id);
    expect(ids.slice(0, 2)).toEqual(['E20-tree', 'DEV-08']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(() => coveringScenarios(recorded, ['E20'])).toThrow('there is no scenario E20');
  });

  test('are few, but what only one of them shows is not left out', () => {
    const long = made('long', step('a'), step('b'), step('c', 'notFound'));
    const short = made('short', step('a'), step('b'));
    const other = made('other', step('a'), step('b', 'mailboxExists'));
    const chosen = coveringScenarios([short, long, other]).map(({ id }) => id);
    expect(chosen).toEqual(['long', 'other']);
  });

  test('are not told by what is not carried out', () => {
    const skipped = { ...made('skipped', step('a')), deviates: true };
    const marked = made('marked', { ...step('b', 'notFound'), deviates: true }, step('c'));
    expect([...featuresOf(skipped), ...featuresOf(marked)]).toEqual(['does c']);
    expect(coveringScenarios([skipped, marked]).map(({ id }) => id)).toEqual(['marked']);
  });
});
