/** Deletions with a grace period: disabled at once, erased later, taken back in between. */
import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { type Account, findAccount } from '../../functions/core/accounts/accounts.ts';
import { setAccountEnabled } from '../../functions/core/accounts/enable-account.ts';
import { requestDeletion } from '../../functions/core/erasure/request-deletion.ts';
import { runDue } from '../../functions/core/erasure/run-due.ts';
import { undoDeletion } from '../../functions/core/erasure/undo-deletion.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import { certificateOf, makeDoomed, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import type { RunOptions, World } from './world.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

let world: World;
let account: Account;

beforeEach(async () => {
  ({ world, account } = await makeDoomed());
});

const soon = () => world.clock.now() + 10_000;
const ask = (more: object = {}) =>
  requestDeletion(
    world.ports,
    { user: USER, allowUnknownUser: false, requestedBy: 'tests', ...more },
    soon(),
  );
const undo = () => undoDeletion(world.ports, USER, soon());
const never = () => expect.fail('nothing may fail');
const due = () => runDue(world.ports, world.clock.now() + HOUR_MS, never);
const userdb = async () => (await world.rows.get(registryKeys.userdb(USER)))?.attributes;

/** Runs the newest execution that was started. */
async function runNewest(options: RunOptions = {}) {
  const { verb, name, input } = world.workflows.starts().at(-1) ?? expect.fail('none was started');
  const run = await world.run(input as object, { ...options, execution: name });
  world.workflows.setStatus(verb, name, run.status === 'SUCCEEDED' ? 'succeeded' : 'failed');
  return run;
}

/** All that an undone deletion leaves as it was: everything but records of operations. */
const mailAndAccount = () => ({
  rows: world.rows
    .rows()
    .filter(({ key }) => !/operation#|deletion-request#/.test(`${key.pk} ${key.sk}`)),
  versions: world.objects.versions(),
});

describe('a deletion with a grace period', () => {
  test('U6: disables at once, erases nothing before its time, and then everything', async () => {
    const before = leftOf(world, account.accountId).length;
    const { operationId } = await ask({ deleteAfter: '30d' });
    const first = await runNewest();
    expect(first).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'waiting' } });
    const ends = new Date(world.clock.now() + 30 * DAY_MS).toISOString().slice(0, 13);
    const shown = await showOperation(world.ports, operationId);
    expect(shown).toMatchObject({ state: 'waiting', step: 'Grace period' });
    expect(shown.deleteAfter?.slice(0, 13)).toBe(ends);
    expect(await findAccount(world.rows, USER)).toMatchObject({ state: 'disabled', operationId });
    expect(await userdb()).toMatchObject({ enabled: false });
    expect(leftOf(world, account.accountId).length).toBeGreaterThanOrEqual(before);

    await world.clock.sleep(29 * DAY_MS);
    expect(await due()).toEqual({ started: 0, failed: 0 });
    await world.clock.sleep(DAY_MS);
    expect(await due()).toEqual({ started: 1, failed: 0 });
    expect(await due()).toEqual({ started: 0, failed: 0 });
    expect(await runNewest()).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(world, account.accountId)).toEqual([]);
    expect((await certificateOf(world, operationId)).erased).toMatchObject({ messageRows: 24 });
  });

  test('O2: the console says it too, and a wrong time is refused by its name', async () => {
    const run = await world.run({ user: USER, deleteAfter: '2026-12-24T00:00:00Z' });
    expect(run).toMatchObject({
      output: { outcome: 'waiting', deleteAfter: '2026-12-24T00:00:00.000Z' },
    });
    for (const deleteAfter of ['soon', '30', '1M', '99999999w', '2026-02-31T00:00:00Z']) {
      await expect(ask({ deleteAfter })).rejects.toThrow(/^deleteAfter: got /);
    }
  });

  test('U6, W1: undone, it leaves everything as it was, sessions and deliveries included', async () => {
    const before = mailAndAccount();
    await ask({ deleteAfter: '7d' });
    await runNewest();
    const { operationId = '' } = (await findAccount(world.rows, USER)) ?? {};
    expect(await undo()).toMatchObject({ state: 'active' });
    expect(mailAndAccount()).toEqual(before);
    expect(await showOperation(world.ports, operationId)).toMatchObject({ state: 'undone' });
    await world.clock.sleep(30 * DAY_MS);
    expect(await due()).toEqual({ started: 0, failed: 0 });
    expect(mailAndAccount()).toEqual(before);
    // Again it is an account that is not being deleted: nothing to do, and no error.
    expect(await undo()).toMatchObject({ state: 'active' });
    await expect(resumeOperation(world.ports, operationId, soon())).rejects.toThrow('was undone');
  });

  test('U6: deleted, undone and deleted again works, each as an operation of its own', async () => {
    const first = await ask({ deleteAfter: '1d' });
    await runNewest();
    await undo();
    const second = await ask();
    expect(second.operationId).not.toBe(first.operationId);
    expect(await runNewest()).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(world, account.accountId)).toEqual([]);
    await expect(undo()).rejects.toMatchObject({ name: 'UnknownUserError' });
    expect((await requireOperation(world.rows, first.operationId)).state).toBe('undone');
  });

  test('U6, O2: once the erasure has begun it is refused, whatever became of it', async () => {
    const { operationId } = await ask();
    const refused: unknown[] = [];
    const tried: Promise<unknown>[] = [];
    await runNewest({
      onState: (name) => {
        if (name !== 'Plan erasure' && name !== 'Verify erasure') return;
        for (const trying of [undo(), ask({ deleteAfter: '30d' })]) {
          tried.push(trying.catch((error: Error) => refused.push(error.name)));
        }
      },
    });
    await Promise.all(tried);
    expect(refused).toEqual(Array.from({ length: 4 }, () => 'ErasureBegunError'));
    expect((await requireOperation(world.rows, operationId)).state).toBe('succeeded');
    expect(leftOf(world, account.accountId)).toEqual([]);
  });

  test('U6: its time can be changed while it waits; a request without one leaves it', async () => {
    const { operationId } = await ask({ deleteAfter: '30d' });
    await runNewest();
    expect((await ask()).state).toBe('waiting');
    await ask({ deleteAfter: '90d' });
    await world.clock.sleep(40 * DAY_MS);
    expect(await due()).toEqual({ started: 0, failed: 0 });
    expect((await ask({ deleteAfter: '0' })).operationId).toBe(operationId);
    expect((await requireOperation(world.rows, operationId)).state).toBe('running');
    expect(await runNewest()).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(world, account.accountId)).toEqual([]);
  });

  test('W6: a hold that is placed while it waits stops it before anything is erased', async () => {
    const before = leftOf(world, account.accountId).length;
    await ask({ deleteAfter: '1d' });
    await runNewest();
    const key = registryKeys.account(account.accountId);
    const change = { set: { hold: 'case-1' } };
    await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    await world.clock.sleep(2 * DAY_MS);
    await due();
    expect(await runNewest()).toMatchObject({ status: 'FAILED', error: 'AccountHeldError' });
    expect(leftOf(world, account.accountId).length).toBeGreaterThanOrEqual(before);
  });
});

describe('disabled by itself', () => {
  const set = (enabled: boolean) => setAccountEnabled(world.ports, USER, enabled, soon());

  test('U6: is enabled again, and both can be said twice', async () => {
    const before = mailAndAccount();
    for (const _ of [1, 2]) expect(await set(false)).toMatchObject({ state: 'disabled' });
    expect(await userdb()).toMatchObject({ enabled: false });
    for (const _ of [1, 2]) expect(await set(true)).toMatchObject({ state: 'active' });
    expect(mailAndAccount()).toEqual(before);
  });

  test('U6: stays so when a deletion is undone, and a deletion is not ended by enabling', async () => {
    await set(false);
    await ask({ deleteAfter: '1d' });
    await runNewest();
    await expect(set(true)).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    expect(await undo()).toMatchObject({ state: 'disabled' });
    expect(await userdb()).toMatchObject({ enabled: false });
    expect(await set(true)).toMatchObject({ state: 'active' });
    expect(await userdb()).toMatchObject({ enabled: true });
  });
});

test('U5, U6: with a crash at any change until it waits, the resumed one waits, and undo gives all back', async () => {
  for (const point of ['before', 'after'] as const) {
    for (let call = 1; ; call += 1) {
      ({ world, account } = await makeDoomed());
      const before = mailAndAccount();
      const { operationId } = await ask({ deleteAfter: '2d' });
      await runNewest({ crash: { call, point } });
      const crashed = world.changes >= call;
      if ((await requireOperation(world.rows, operationId)).state !== 'waiting') {
        await resumeOperation(world.ports, operationId, soon());
        await runNewest();
      }
      expect(await requireOperation(world.rows, operationId)).toMatchObject({ state: 'waiting' });
      await undo();
      expect(mailAndAccount()).toEqual(before);
      if (!crashed) break;
    }
  }
});

test('U6: undone at any state of the machine before the fence, nothing that is late disables or erases', async () => {
  for (let at = 1; at < 12; at += 1) {
    ({ world, account } = await makeDoomed());
    const before = mailAndAccount();
    await ask({ deleteAfter: at % 2 === 0 ? '1h' : '0' });
    let states = 0;
    let undone = Promise.resolve<unknown>(undefined);
    await runNewest({
      onState: () => {
        states += 1;
        if (states === at) undone = undo().catch((error: Error) => error.name);
      },
    });
    const outcome = await undone;
    for (const one of world.invocations) await world.redeliver(one).catch(() => {});
    const now = await findAccount(world.rows, USER);
    if (outcome === 'ErasureBegunError' || outcome === 'UnknownUserError') continue;
    if (now === undefined || now.state === 'deleting') expect.fail(`undone at ${at}, and erased`);
    await undo();
    expect(mailAndAccount(), String(at)).toEqual(before);
  }
});
