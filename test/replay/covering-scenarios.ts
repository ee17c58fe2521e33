/** Few scenarios that together do and meet everything that many do. */
import type { Scenario } from './scenario.ts';

/**
 * Each verb that a scenario carries out with success, and each error that it meets. Steps that are
 * not carried out show nothing.
 */
export function featuresOf(scenario: Scenario): ReadonlySet<string> {
  if (scenario.deviates === true) return new Set();
  const steps = scenario.steps.filter(({ deviates }) => deviates !== true);
  return new Set(
    steps.map(({ do: verb, expect }) =>
      expect?.error === undefined ? `does ${verb}` : `meets ${expect.error}`,
    ),
  );
}

/** A scenario begins with an account and its mailboxes, which takes as long as some steps. */
const BEGINNING_STEPS = 5;

/**
 * The scenarios that are wanted, and of the others as few as show what all of them show: again and
 * again the one that shows the most for its length that no chosen one does.
 * @param wanted ids
 * @throws TypeError for an id that none of them has
 */
export function coveringScenarios(
  scenarios: readonly Scenario[],
  wanted: readonly string[] = [],
): Scenario[] {
  const chosen = wanted.map((wantedId) => {
    const found = scenarios.find(({ id }) => id === wantedId);
    if (found === undefined) throw new TypeError(`there is no scenario ${wantedId}`);
    return found;
  });
  const missing = new Set(scenarios.flatMap((scenario) => [...featuresOf(scenario)]));
  const take = (scenario: Scenario) => {
    for (const feature of featuresOf(scenario)) missing.delete(feature);
  };
  const worthOf = (scenario: Scenario) =>
    [...featuresOf(scenario)].filter((feature) => missing.has(feature)).length /
    (scenario.steps.length + BEGINNING_STEPS);
  chosen.forEach(take);
  while (missing.size > 0) {
    const best = scenarios.reduce((one, other) => (worthOf(other) > worthOf(one) ? other : one));
    chosen.push(best);
    take(best);
  }
  return chosen;
}
