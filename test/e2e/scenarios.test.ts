/**
 * Recorded scenarios of Dovecot and Cyrus, and Lethe's own, on the embedded AWS: as many as show
 * every verb and every error, or all of them (soak-sizes.ts). In memory all are carried out each time.
 */
import { join } from 'node:path';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { coveringScenarios } from '../replay/covering-scenarios.ts';
import { EmbeddedTarget } from '../replay/embedded-target.ts';
import { runScenario } from '../replay/run-scenario.ts';
import { scenarioFiles } from '../replay/scenario-files.ts';
import { SOAK } from '../soak-sizes.ts';

const SCENARIOS = join(import.meta.dirname, '..', 'scenarios');

/** Show more than rows: what S3 keeps, two users, broken storage, time that passes. */
const OWN = [
  'DEV-04-mailbox',
  'DEV-08',
  'E02-copies',
  'E04-storage-expiry',
  'E09-broken-namespace',
  'E11-autoexpunge',
  'E30-in-place-copies',
  'E32-in-place-age',
  'DEV-02',
  'DEV-13',
  'E20-tree',
  'E26-placeholders',
  'E34-purge-tree',
  'E33-other-account',
  'E35-in-place-deleted',
];

const target = new EmbeddedTarget(inject('lethe'));
afterAll(() => target.close());

const recorded = ['dovecot', 'cyrus', 'lethe'].map((source) => join(SCENARIOS, source));
const all = scenarioFiles(recorded).flatMap(({ scenario }) => scenario ?? []);
const scenarios = SOAK.everyScenario ? all : coveringScenarios(all, OWN);

/** Why a scenario is not carried out: the same as in memory. */
const SKIPPED = /^Lethe departs on purpose \(DEV-\d+\)$/;

describe('through the deployed doors', () => {
  test.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    'W1: %s',
    async (_, scenario) => {
      const suffix = `e2e-${Date.now().toString(36)}`;
      const outcome = await runScenario(scenario, target, suffix);
      if (outcome.outcome === 'skip') expect(outcome.reason).toMatch(SKIPPED);
      else expect(outcome).toEqual({ outcome: 'ok' });
    },
  );
});
