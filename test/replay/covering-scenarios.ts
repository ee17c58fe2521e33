/** Few scenarios that together do and meet everything that many do. */
import type { Scenario, Step } from './scenario.ts';

/**
 * What carrying out a scenario shows: each verb that succeeds, each error of each verb, and each
 * settings that it is done under. Steps that are not carried out show nothing.
 */
export function featuresOf(scenario: Scenario): ReadonlySet<string> {
  if (scenario.deviates === true) return new Set();
  const steps = scenario.steps.filter(({ deviates }) => deviates !== true);
  return new Set([...steps.map(featureOf), ...settingsIn('settings', scenario.settings)]);
}

const featureOf = ({ do: verb, expect }: Step): string => `${verb}: ${expect?.error ?? 'done'}`;

/** Their members are named by mailboxes. */
const BY_MAILBOX: readonly string[] = ['settings.autoexpunge', 'settings.specialUse'];

/** Kinds, such as a mode, by value; numbers and names of mailboxes by being there. */
function settingsIn(path: string, value: unknown): string[] {
  if (typeof value === 'boolean') return [`${path}=${value}`];
  if (typeof value === 'string' && /[mM]ode$/.test(path)) return [`${path}=${value}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, member]) => {
    return settingsIn(`${path}.${BY_MAILBOX.includes(path) ? '*' : name}`, member);
  });
}

/** A step takes as long as any other; a scenario begins with an account and its mailboxes. */
const costOf = ({ steps }: Scenario): number => steps.length + 5;

/**
 * The scenarios that are wanted, and of the others as few as show what all of them show: again and
 * again the one that shows the most that no chosen one does, for its length.
 * @param wanted ids
 */
export function coveringScenarios(
  scenarios: readonly Scenario[],
  wanted: readonly string[] = [],
): Scenario[] {
  const chosen = scenarios.filter(({ id }) => wanted.includes(id));
  const missing = new Set(scenarios.flatMap((scenario) => [...featuresOf(scenario)]));
  for (const feature of chosen.flatMap((scenario) => [...featuresOf(scenario)])) {
    missing.delete(feature);
  }
  const worth = (scenario: Scenario) =>
    [...featuresOf(scenario)].filter((feature) => missing.has(feature)).length / costOf(scenario);
  while (missing.size > 0) {
    const best = scenarios.reduce((one, other) => (worth(other) > worth(one) ? other : one));
    chosen.push(best);
    for (const feature of featuresOf(best)) missing.delete(feature);
  }
  return chosen;
}
