import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MemoryTarget } from '../../replay/memory-target.ts';
import { runScenario } from '../../replay/run-scenario.ts';
import type { Scenario, Step } from '../../replay/scenario.ts';
import { scenarioFiles } from '../../replay/scenario-files.ts';
import { useQuietLog } from '../runtime/log-lines.ts';

useQuietLog();

const SCENARIOS = join(import.meta.dirname, '..', '..', 'scenarios');

/** Laws that a feature of the seeds is about. */
const LAWS: Readonly<Record<string, string>> = {
  exclude: 'L5',
  move: 'L4',
  'storage-access': 'L2',
  'shared-mailbox': 'L8',
  'rename-mailbox': 'A2',
  'delayed-delete': 'F1',
  undelete: 'F4',
  'purge-deleted': 'F5',
  'delete-user': 'X4',
  'only-last-instance': 'L4',
  'delete-mailbox': 'L6',
  autoexpunge: 'A1',
  quota: 'L7',
  acl: 'L8',
  query: 'L9',
  restore: 'L3',
  'delayed-expunge': 'W4',
};

const run = (scenario: Scenario) => runScenario(scenario, new MemoryTarget(), 'replay');

/** Why a scenario is not carried out. */
const SKIPPED = /^Lethe departs on purpose \(DEV-\d+\)$/;

describe.each(['dovecot', 'cyrus', 'lethe'])('scenarios of %s', (server) => {
  const scenarios = scenarioFiles([join(SCENARIOS, server)]).flatMap(
    ({ scenario }) => scenario ?? [],
  );

  test('there are scenarios', () => {
    expect(scenarios.length).toBeGreaterThan(10);
  });

  const titled = scenarios.map((scenario) => {
    const { id, title = '', seedFeature = '' } = scenario;
    return [LAWS[seedFeature] ?? 'L1', id, title, scenario] as const;
  });

  test.each(titled)('%s: %s, %s', async (_law, _id, _title, scenario) => {
    const outcome = await run(scenario);
    if (outcome.outcome === 'skip') expect(outcome.reason).toMatch(SKIPPED);
    else expect(outcome).toEqual({ outcome: 'ok' });
  });
});

const scenario = (steps: Step[], settings: object = {}): Scenario => ({
  id: 'x',
  title: 'x',
  settings: { ...settings },
  steps,
});

const LAZY = { lazyExpunge: { mode: 'mailbox', name: '.EXPUNGED', onlyLastInstance: false } };

const expunged: Step[] = [
  { do: 'append', mailbox: 'INBOX', message: 'm1', guid: 'g1' },
  { do: 'addFlags', mailbox: 'INBOX', uids: [1], flags: ['\\Deleted'] },
  { do: 'expunge', mailbox: 'INBOX', expect: { expunged: [1] } },
];

const stored = (message: object): Step => ({
  do: 'snapshot',
  expect: { mailboxes: { '.EXPUNGED': [message], INBOX: [] } },
});

describe('a replay can fail', () => {
  test.each<[string, object]>([
    ['by UID', { uid: 2, message: 'm1' }],
    ['by message', { uid: 1, message: 'm2' }],
    ['by a flag that is not there', { uid: 1, message: 'm1', flags: ['\\Seen'] }],
    ['by a keyword that is not there', { uid: 1, message: 'm1', keywords: ['k'] }],
    ['by internal date', { uid: 1, message: 'm1', internalDate: '2024-01-01T00:00:00Z' }],
    ['by save date', { uid: 1, message: 'm1', savedAgo: 60 }],
  ])('%s', async (_, message) => {
    const outcome = await run(scenario([...expunged, stored(message)], LAZY));
    expect(outcome).toMatchObject({ outcome: 'FAIL', step: 'step 4 (snapshot)' });
  });

  test.each<[string, Step]>([
    ['by a message too many', { do: 'messages', mailbox: '.EXPUNGED', expect: { messages: [] } }],
    ['by UIDNEXT', { do: 'snapshot', expect: { uidNext: { '.EXPUNGED': 3 } } }],
    ['by a mailbox that is not there', { do: 'snapshot', expect: { mailboxes: { Other: [] } } }],
    ['by a message elsewhere', { do: 'snapshot', expect: { mailboxes: { INBOX: [] } } }],
    [
      'by an error that does not come',
      { do: 'create', mailbox: 'A', expect: { error: 'mailboxExists' } },
    ],
    ['by another error', { do: 'create', mailbox: 'INBOX', expect: { error: 'notAllowed' } }],
    ['by an error', { do: 'create', mailbox: 'INBOX' }],
    ['by a list', { do: 'list', patterns: ['*'], expect: { mailboxes: ['INBOX'] } }],
    ['by a count', { do: 'storedCopies', message: 'm1', expect: { count: 2 } }],
    ['by a verb that nobody knows', { do: 'jump' }],
  ])('%s', async (_, step) => {
    const outcome = await run(scenario([...expunged, step], LAZY));
    expect(outcome).toMatchObject({ outcome: 'FAIL' });
  });

  test('and the same steps pass with what is there', async () => {
    const message = { uid: 1, message: 'm1', savedAgo: 0, guid: 'g1' };
    const steps: Step[] = [
      ...expunged,
      stored(message),
      { do: 'storedCopies', message: 'm1', expect: { count: 1 } },
      { do: 'create', mailbox: 'INBOX', expect: { error: 'mailboxExists' } },
    ];
    expect(await run(scenario(steps, LAZY))).toEqual({ outcome: 'ok' });
  });
});

describe('a replay skips', () => {
  test('what departs on purpose, and what needs what the replayer cannot do', async () => {
    expect(await run({ ...scenario([]), deviates: true, deviation: 'DEV-04' })).toEqual({
      outcome: 'skip',
      reason: 'Lethe departs on purpose (DEV-04)',
    });
    expect(await run({ ...scenario([]), needs: ['wings'] })).toEqual({
      outcome: 'skip',
      reason: 'needs wings',
    });
  });

  test('a step that is marked, and no other', async () => {
    const marked: Step = { do: 'create', mailbox: 'INBOX', deviates: true };
    expect(await run(scenario([marked, ...expunged]))).toEqual({ outcome: 'ok' });
  });
});
