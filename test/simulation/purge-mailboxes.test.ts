import { beforeEach, describe, expect, test } from 'vitest';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import { requestPurge } from '../../functions/core/purge/request-purge.ts';
import { DAY_MS, PurgedAccounts, USERS } from './purged-accounts.ts';

const [A, B, C] = USERS;
const ALL = { olderThanDays: 0 };

let purged: PurgedAccounts;

beforeEach(async () => {
  purged = await new PurgedAccounts().furnish();
});

const report = (run: { readonly output?: unknown }) =>
  (run.output as { readonly report: Readonly<Record<string, number>> }).report;

describe('purge-mailboxes', () => {
  test('F5: trees go that are older than the retention, younger ones stay', async () => {
    await purged.delete(A, 'Old');
    purged.world.clock.advance(6 * DAY_MS);
    await purged.delete(B, 'Old');
    expect(report(await purged.run({}))).toMatchObject({ trees: 0, notDue: 2 });
    purged.world.clock.advance(DAY_MS);
    const run = await purged.run({}, { execution: 'second' });
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'purged', counts: { trees: 1, mailboxes: 3, messages: 18 } },
    });
    expect((await purged.trees(A)).map(({ state }) => state)).toEqual(['purged']);
    expect((await purged.trees(B)).map(({ state }) => state)).toEqual(['deleted']);
    expect(await purged.states(A)).toEqual([
      'INBOX active',
      'Kept active',
      'Old shell',
      'Old/a shell',
      'Old/b shell',
    ]);
    await expect(purged.undelete(A, (await purged.trees(A))[0]?.deletionId ?? '')).rejects.toThrow(
      'no deleted folder',
    );
  });

  test('F5: bytes of what was purged go, all others stay readable (W1)', async () => {
    const before = purged.versions();
    await purged.delete(A, 'Old');
    await purged.run(ALL);
    await purged.world.reconciler.settle();
    expect(purged.versions()).toBe(before - 18);
    expect(await purged.show(A, 'Kept')).toHaveLength(6);
    expect(await purged.show(B, 'Old/a')).toHaveLength(6);
  });

  test('B1, W1: a copy elsewhere survives the purge of its source, and the other way round', async () => {
    await purged.copy(A, 'Old', 'Kept', 1, 2);
    await purged.copy(A, 'Kept', 'Old/a', 3);
    await purged.delete(A, 'Old');
    await purged.run(ALL);
    await purged.world.reconciler.settle();
    expect(await purged.show(A, 'Kept')).toEqual([
      ...[0, 1, 2, 3, 4, 5].map((index) => `Kept ${index}`),
      'Old 0',
      'Old 1',
    ]);
    // Links within the tree go together.
    await purged.copy(B, 'Old', 'Old/a', 1);
    const before = purged.versions();
    await purged.delete(B, 'Old');
    await purged.run(ALL, { execution: 'second' });
    await purged.world.reconciler.settle();
    expect(purged.versions()).toBe(before - 18);
  });

  test('F5: what was expunged in a purged folder keeps its own retention', async () => {
    await purged.expunge(A, 'Old/a', 1, 2);
    await purged.delete(A, 'Old');
    const run = await purged.run(ALL);
    expect(report(run)).toMatchObject({ messages: 16 });
    await purged.world.reconciler.settle();
    expect(await purged.show(A, '.EXPUNGED')).toEqual(['Old/a 0', 'Old/a 1']);
  });

  test('F5: own retention is that folder’s alone; never stays; 0 is everything', async () => {
    purged.deployment = {
      ...purged.deployment,
      deletedRetentionDays: 'never',
      mailboxes: { 'Old/a': { deletedRetentionDays: 0 }, 'Old/b': { deletedRetentionDays: 3 } },
    };
    await purged.delete(A, 'Old');
    expect((await purged.run({})).output).toMatchObject({ counts: { trees: 0, mailboxes: 1 } });
    const [tree] = await purged.trees(A);
    expect(tree).toMatchObject({ state: 'deleted', mailboxes: 2, messages: 12 });
    purged.world.clock.advance(3 * DAY_MS);
    await purged.run({}, { execution: 'second' });
    expect((await purged.trees(A))[0]).toMatchObject({ state: 'deleted', mailboxes: 1 });
    purged.world.clock.advance(400 * DAY_MS);
    await purged.run({}, { execution: 'third' });
    expect(await purged.undelete(A, tree?.deletionId ?? '')).toMatchObject({ messages: 6 });
    expect(await purged.show(A, 'Old')).toHaveLength(6);
  });

  test('F5: a request overrides settings, but own ones only when it says so', async () => {
    purged.deployment = {
      ...purged.deployment,
      mailboxes: { 'Old/b': { deletedRetentionDays: 'never' } },
    };
    await purged.delete(A, 'Old');
    purged.world.clock.advance(1500);
    expect(report(await purged.run({ user: A, olderThanSeconds: 1.6 }))).toMatchObject({
      notDue: 1,
    });
    const run = await purged.run({ user: A, olderThanSeconds: 1.5 }, { execution: 'second' });
    expect(run.output).toMatchObject({ counts: { mailboxes: 2 } });
    const all = { ...ALL, ignoreOwnRetention: true };
    await purged.run(all, { execution: 'third' });
    expect((await purged.trees(A))[0]).toMatchObject({ state: 'purged', mailboxes: 0 });
  });

  test('F5: for a user, for a domain, and one deletion whatever its age', async () => {
    for (const user of USERS) await purged.delete(user, 'Old');
    await purged.run({ ...ALL, user: 'A@x.org' });
    expect(await Promise.all(USERS.map((user) => purged.states(user)))).toMatchObject([
      expect.arrayContaining(['Old shell']),
      expect.arrayContaining(['Old deleted']),
      expect.arrayContaining(['Old deleted']),
    ]);
    await purged.run({ ...ALL, domain: 'x.org' }, { execution: 'second' });
    expect((await purged.trees(B))[0]?.state).toBe('purged');
    expect((await purged.trees(C))[0]?.state).toBe('deleted');
    const kept = await purged.delete(C, 'Kept');
    await purged.run({ user: C, deletionId: kept.deletionId }, { execution: 'third' });
    expect((await purged.trees(C)).map(({ root, state }) => `${root} ${state}`)).toEqual([
      expect.any(String),
      expect.any(String),
    ]);
    expect(await purged.states(C)).toEqual(
      expect.arrayContaining(['Kept shell', 'Old deleted', 'Old/a deleted']),
    );
  });

  test('F5: mode, prefix and retention that changed meanwhile strand nothing', async () => {
    await purged.delete(A, 'Old');
    purged.deployment = { ...purged.deployment, deletedPrefix: 'GONE', deletedRetentionDays: 1 };
    await purged.delete(A, 'Kept');
    purged.deployment = { ...purged.deployment, deleteMode: 'immediate', lazyExpunge: 'off' };
    purged.world.clock.advance(DAY_MS);
    expect((await purged.run({})).output).toMatchObject({ counts: { trees: 2, messages: 24 } });
    expect((await purged.trees(A)).map(({ state }) => state)).toEqual(['purged', 'purged']);
  });

  test('F5: with a backup gate only what is covered goes; the rest is told with its age', async () => {
    await purged.delete(A, 'Old');
    const covered = purged.world.clock.now() + 1;
    purged.world.clock.advance(2 * DAY_MS);
    await purged.delete(B, 'Old');
    const deletedAt = purged.world.clock.now();
    purged.isCovered = (at) => at < covered;
    const run = await purged.run(ALL);
    expect(run.output).toMatchObject({
      counts: { trees: 1, waitingForBackup: 1 },
      report: { waiting: 1, waitingSince: deletedAt },
    });
    expect((await purged.trees(B))[0]).toMatchObject({ state: 'deleted', messages: 18 });
    const [{ deletionId = '' } = {}] = await purged.trees(B);
    await purged.run({ user: B, deletionId }, { execution: 'named' });
    expect((await purged.trees(B))[0]?.state).toBe('deleted');
  });

  test.each([ALL, { ...ALL, user: A }, { ...ALL, domain: 'x.org' }])(
    'O1: a dry run of %j names counts, bytes and cost, and changes no mail',
    async (input) => {
      for (const user of USERS) await purged.delete(user, 'Old');
      const before = purged.world.rows.rows('dictmap');
      const run = await purged.run({ ...input, dryRun: true });
      expect(run).toMatchObject({ status: 'SUCCEEDED', output: { dryRun: true } });
      const { operationId } = run.output as unknown as { operationId: string };
      const { expected, estimatedCostDollars, counts, user } = await showOperation(
        purged.world.ports,
        operationId,
      );
      expect(expected?.['messages']).toBeGreaterThanOrEqual(18);
      expect(expected?.['bytes']).toBeGreaterThan(1000);
      expect(estimatedCostDollars).toBeGreaterThan(0.0001);
      expect([counts, user]).toEqual([{}, undefined]);
      expect(purged.world.rows.rows('dictmap')).toEqual(before);
    },
  );

  test.each([
    [{ user: 'nobody@x.org' }, 'UnknownUserError'],
    [{ user: 5 }, 'InvalidInputError'],
    [{ user: A, domain: 'x.org' }, 'InvalidInputError'],
    [{ olderThanDays: 'never' }, 'InvalidInputError'],
    [{ olderThanDays: -1 }, 'InvalidInputError'],
    [{ olderThanDays: 1.5 }, 'InvalidInputError'],
    [{ olderThanDays: 1, olderThanSeconds: 1 }, 'InvalidInputError'],
    [{ deletionId: 'x' }, 'InvalidInputError'],
    [{ user: A, deletionId: 'x' }, 'UnknownMailboxError'],
    [{ operationId: 'op-none' }, 'UnknownOperationError'],
  ])('O2: %j is refused and changes nothing', async (input, error) => {
    const before = purged.world.rows.rows();
    expect(await purged.run(input)).toMatchObject({ status: 'FAILED', error });
    expect(purged.world.rows.rows()).toEqual(before);
  });

  test('O1: asked for over the API, the record says who, how much and in which step', async () => {
    await purged.delete(A, 'Old');
    const { ports, workflows } = purged.world;
    const { operationId } = await requestPurge(ports, { ...ALL, user: A }, 'anna', purged.until());
    const [started] = workflows.starts();
    expect(started).toMatchObject({ verb: 'purge-mailboxes', name: `${operationId}-1` });
    expect(await showOperation(ports, operationId)).toMatchObject({
      state: 'running',
      step: 'Resolve purge',
      user: A,
    });
    const execution = `${operationId}-1`;
    await purged.run(started?.input as object, { execution });
    const done = await showOperation(ports, operationId);
    expect(done).toMatchObject({
      verb: 'purge-mailboxes',
      state: 'succeeded',
      step: 'Finish purge',
      requestedBy: 'anna',
      counts: { trees: 1, mailboxes: 3, messages: 18, skipped: 0 },
    });
    expect(done.user).toBeUndefined();
    // Started again, and under another name, nothing is done twice.
    expect(await purged.run(started?.input as object, { execution })).toMatchObject({
      output: { outcome: 'alreadyRunning' },
    });
  });

  test('W6: a hold placed in the middle stops it; nothing more goes, and resume goes on', async () => {
    purged.keysPerSecond = 2;
    const tree = await purged.delete(A, 'Old');
    const { ports } = purged.world;
    const { operationId } = await requestPurge(ports, { ...ALL, user: A }, 'anna', purged.until());
    const input = purged.world.workflows.starts()[0]?.input as object;
    const run = await purged.run(input, {
      execution: `${operationId}-1`,
      invocationMs: 0,
      onStep: async (_, call) => {
        if (call === 5) await purged.hold(A, true);
      },
    });
    expect(run).toMatchObject({ status: 'FAILED', error: 'PurgeIncompleteError' });
    const { counts } = await showOperation(ports, operationId);
    const gone = counts['messages'] ?? 0;
    expect(gone).toBeGreaterThan(0);
    expect(gone).toBeLessThan(18);
    expect((await purged.trees(A))[0]).toMatchObject({ state: 'deleted', messages: 18 - gone });
    expect(await purged.run({ ...ALL, user: A }, { execution: 'other' })).toMatchObject({
      error: 'AccountHeldError',
    });
    expect(report(await purged.run(ALL, { execution: 'all' }))).toMatchObject({ skipped: 1 });
    await purged.hold(A, false);
    purged.world.workflows.setStatus('purge-mailboxes', `${operationId}-1`, 'failed');
    await resumeOperation(ports, operationId, purged.until());
    const again = purged.world.workflows.starts().at(-1);
    await purged.run(again?.input as object, { execution: again?.name ?? '' });
    expect(await showOperation(ports, operationId)).toMatchObject({
      state: 'succeeded',
      counts: { trees: 1, mailboxes: 3, messages: 18 },
    });
    // A purge has no certificate.
    await expect(resumeOperation(ports, operationId, purged.until())).rejects.toMatchObject({
      next: 'Nothing to do: look at what it did.',
    });
    await expect(purged.undelete(A, tree.deletionId)).rejects.toThrow('no deleted folder');
  });

  test('O3: with hardly any time for an invocation it comes to the same end', async () => {
    for (const user of USERS) await purged.delete(user, 'Old');
    const run = await purged.run(ALL, { invocationMs: 0 });
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { counts: { trees: 3, mailboxes: 9, messages: 54 } },
    });
  });

  test('O3: one tree that cannot be purged stops no other, and says so at the end', async () => {
    for (const user of USERS) await purged.delete(user, 'Old');
    const damaged = purged.world.rows
      .rows('dictmap')
      .find(
        ({ attributes }) => attributes['path'] === 'Old/a' && attributes['state'] === 'deleted',
      );
    if (damaged === undefined) throw new Error('no mailbox row');
    const change = { set: { treeId: 'none' } };
    const write = { kind: 'update', key: damaged.key, guard: { row: 'present' } } as const;
    await purged.world.rows.write({ ...write, change });
    const run = await purged.run(ALL);
    expect(run).toMatchObject({ status: 'FAILED', error: 'PurgeIncompleteError' });
    expect(run.cause).toContain('damaged data');
    const states = await Promise.all(USERS.map(async (user) => (await purged.trees(user))[0]));
    expect(states.map((tree) => tree?.state).toSorted()).toEqual(['deleted', 'purged', 'purged']);
  });
});
