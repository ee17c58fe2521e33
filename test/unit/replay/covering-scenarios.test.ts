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

const made = (id: string, settings: object, ...steps: Step[]): Scenario => ({
  id,
  settings: { ...settings },
  steps,
});
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

    expect(chosen.length).toBeLessThan(recorded.length / 2);
  });

  test('hold those that are wanted anyway', () => {
    const ids = coveringScenarios(recorded, ['E20', 'DEV-08']).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['DEV-08']));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('are few: what one of them shows, no other is taken for', () => {
    const long = made('long', {}, step('a'), step('b'), step('c', 'notFound'));
    const short = made('short', {}, step('a'), step('b'));
    const other = made('other', { quota: { bytes: 7 } }, step('a'));
    const chosen = coveringScenarios([short, long, other]).map(({ id }) => id);
    expect(chosen).toEqual(['long', 'other']);
  });

  test('are not told by what is not carried out', () => {
    const skipped = { ...made('skipped', {}, step('a')), deviates: true };
    const marked = made('marked', {}, { ...step('b', 'notFound'), deviates: true }, step('c'));
    expect([...featuresOf(skipped), ...featuresOf(marked)]).toEqual(['c: done']);
    expect(coveringScenarios([skipped, marked]).map(({ id }) => id)).toEqual(['marked']);
  });

  test.each([
    [{ lazyExpunge: { mode: 'mailbox' } }, { lazyExpunge: { mode: 'namespace' } }],
    [
      { lazyExpunge: { mode: 'mailbox', onlyLastInstance: true } },
      { lazyExpunge: { mode: 'mailbox', onlyLastInstance: false } },
    ],
    [{ autoexpunge: { Trash: { maxMails: 3 } } }, { autoexpunge: { Trash: { afterDays: 3 } } }],
  ])('tell settings %j from %j', (one, other) => {
    const scenarios = [made('one', one, step('a')), made('other', other, step('a'))];
    expect(coveringScenarios(scenarios)).toHaveLength(2);
  });

  test('do not tell names of mailboxes, and numbers, from each other', () => {
    const one = made('one', { autoexpunge: { Trash: { maxMails: 3 } } }, step('a'));
    const other = made('other', { autoexpunge: { Junk: { maxMails: 4 } } }, step('a'));
    expect(coveringScenarios([one, other])).toHaveLength(1);
  });
});
