import { beforeEach, describe, expect, test } from 'vitest';
import type { OperationContext } from '../../../../functions/contract/payloads.ts';
import { registryKeys, TTL_ATTRIBUTE } from '../../../../functions/contract/row-layout.ts';
import { type Account, readAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import {
  enterStep,
  failOperation,
  finishWrite,
  type Operation,
  openWrites,
  requireOperation,
  requireRunning,
} from '../../../../functions/core/operations/operations.ts';
import { takeOver } from '../../../../functions/core/operations/take-over.ts';
import type { Attributes } from '../../../../functions/core/ports/row-store.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';
const FAILURE = { name: 'LeftoversError', message: 'something is left', next: 'Resume.' };

let world: World;
let account: Account;
let context: OperationContext;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
  context = { operationId: 'op-1', attempt: 1, accountId: account.accountId };
});

const open = (operationId = 'op-1', execution?: string) => {
  const request = { operationId, user: USER, requestedBy: 'tests', allowUnknownUser: false };
  const given = execution === undefined ? request : { ...request, execution };
  return world.rows.transact(openWrites(account, given, world.clock.now()));
};

const setAccount = (set: Attributes) =>
  world.rows.write({
    kind: 'update',
    key: registryKeys.account(account.accountId),
    guard: { row: 'present' },
    change: { set },
  });

const operation = (): Promise<Operation> => requireOperation(world.rows, 'op-1');

describe('opening', () => {
  test('O1: says who, what and when, and which step it is in', async () => {
    expect(await open('op-1', 'by-hand')).toEqual({ outcome: 'written' });
    expect(await operation()).toEqual({
      operationId: 'op-1',
      verb: 'delete-account',
      accountId: account.accountId,
      state: 'running',
      step: 'Resolve account',
      attempt: 1,
      round: 1,
      firstRound: 1,
      user: USER,
      requestedBy: 'tests',
      execution: 'by-hand',
      createdAt: world.clock.now(),
      updatedAt: world.clock.now(),
    });
    expect(await readAccount(world.rows, account.accountId)).toMatchObject({
      operationId: 'op-1',
      state: 'active',
    });
  });

  test('U5: an account has one operation at a time: the second is refused whole', async () => {
    await open('op-1');
    const before = world.rows.rows();
    expect(await open('op-2')).toMatchObject({ outcome: 'refused' });
    expect(world.rows.rows()).toEqual(before);
  });

  test.each([
    ['W6: is held', { hold: { by: 'legal' } }],
    ['U5: is being erased', { state: 'deleting' }],
    ['X5: has been erased', { state: 'erased' }],
  ])('%s: no operation can be opened on it', async (_, set) => {
    await setAccount(set);
    expect(await open()).toMatchObject({ outcome: 'refused' });
    await expect(operation()).rejects.toMatchObject({ name: 'UnknownOperationError' });
  });

  test('a disabled account can be deleted', async () => {
    await setAccount({ state: 'disabled' });
    expect(await open()).toEqual({ outcome: 'written' });
  });
});

describe('a step', () => {
  beforeEach(async () => {
    await open();
    world.clock.advance(1000);
  });

  test('O1: that begins shows on the operation', async () => {
    await enterStep(world.ports, context, 'Fence account', { round: 2 });
    expect(await operation()).toMatchObject({
      step: 'Fence account',
      round: 2,
      updatedAt: world.clock.now(),
    });
    expect(await requireRunning(world.rows, context)).toEqual(await operation());
  });

  test('X5: of an older attempt must stop, and changes nothing', async () => {
    await failOperation(world.ports, context, FAILURE);
    await takeOver(world.ports, await operation());
    const before = world.rows.rows();
    for (const late of [
      enterStep(world.ports, context, 'Erase ranges'),
      requireRunning(world.rows, context),
    ]) {
      await expect(late).rejects.toMatchObject({
        name: 'SupersededError',
        message: 'attempt 1 of operation op-1 must stop: it is running in attempt 2',
      });
    }
    expect(world.rows.rows()).toEqual(before);
  });

  test.each([
    ['has failed', () => failOperation(world.ports, context, FAILURE), 'it is failed'],
    [
      'has succeeded',
      () => world.rows.write(finishWrite(context, world.clock.now())),
      'it is succeeded',
    ],
  ])('X5: that comes after the operation %s must stop', async (_, end, message) => {
    await end();
    const late = enterStep(world.ports, context, 'Erase ranges');
    await expect(late).rejects.toMatchObject({ name: 'SupersededError' });
    await expect(requireRunning(world.rows, context)).rejects.toThrow(message);
  });

  test('X5: that comes when the operation is gone must stop', async () => {
    await world.rows.removeAll([registryKeys.operation('op-1')]);
    await expect(enterStep(world.ports, context, 'Erase ranges')).rejects.toMatchObject({
      name: 'SupersededError',
      message: expect.stringContaining('it is gone'),
    });
    expect(await world.rows.get(registryKeys.operation('op-1'))).toBeUndefined();
  });
});

describe('failing', () => {
  beforeEach(async () => {
    await open();
  });

  test('O1: keeps the step it failed in, the error and what to do next', async () => {
    await enterStep(world.ports, context, 'Verify erasure');
    await failOperation(world.ports, context, FAILURE);
    expect(await operation()).toMatchObject({
      state: 'failed',
      step: 'Verify erasure',
      user: USER,
      error: FAILURE,
    });
  });

  test('U5: twice is failing once', async () => {
    await failOperation(world.ports, context, FAILURE);
    const before = world.rows.rows();
    world.clock.advance(1000);
    await failOperation(world.ports, context, { ...FAILURE, name: 'Later' });
    expect(world.rows.rows()).toEqual(before);
  });

  test('X5: late, after the next attempt took over, changes nothing', async () => {
    await failOperation(world.ports, context, FAILURE);
    await takeOver(world.ports, await operation());
    const before = world.rows.rows();
    await failOperation(world.ports, context, FAILURE);
    expect(world.rows.rows()).toEqual(before);
  });

  test('X5: late, after the end, changes nothing', async () => {
    await world.rows.write(finishWrite(context, world.clock.now()));
    const before = world.rows.rows();
    await failOperation(world.ports, context, FAILURE);
    expect(world.rows.rows()).toEqual(before);
  });
});

describe('taking over', () => {
  beforeEach(async () => {
    await open('op-1', 'by-hand');
    await failOperation(world.ports, context, FAILURE);
  });

  test('U5: of many at once one gets the next attempt', async () => {
    const failed = await operation();
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, index) => takeOver(world.ports, failed, `e-${index}`)),
    );
    const [winner, ...others] = won.filter((one) => one !== undefined);
    expect(others).toEqual([]);
    expect(winner).toEqual({ ...context, attempt: 2 });
    expect(await operation()).toMatchObject({
      state: 'running',
      attempt: 2,
      execution: `e-${won.indexOf(winner)}`,
    });
    expect((await operation()).error).toBeUndefined();
  });

  test('X3: after leftovers a round of its own begins; after any other failure the round goes on', async () => {
    await takeOver(world.ports, await operation());
    expect(await operation()).toMatchObject({ round: 2, firstRound: 2 });
    const blocked = { ...FAILURE, name: 'ErasureBlockedError' };
    await failOperation(world.ports, { ...context, attempt: 2 }, blocked);
    await takeOver(world.ports, await operation());
    expect(await operation()).toMatchObject({ attempt: 3, round: 2, firstRound: 2 });
  });

  test('leaves the execution open when none is named, not the old one', async () => {
    await takeOver(world.ports, await operation());
    expect((await operation()).execution).toBeUndefined();
  });

  test('X5: with what was read before somebody else did, does nothing', async () => {
    const failed = await operation();
    await takeOver(world.ports, failed, 'first');
    await failOperation(world.ports, { ...context, attempt: 2 }, FAILURE);
    // Failed again: the state is as it was, the attempt is not.
    expect(await takeOver(world.ports, failed, 'second')).toBeUndefined();
    expect(await operation()).toMatchObject({ state: 'failed', attempt: 2, execution: 'first' });
  });
});

test('U7: a finished operation holds ids only, and goes after 400 days', async () => {
  await open();
  await failOperation(world.ports, context, FAILURE);
  const next = await takeOver(world.ports, await operation());
  expect(next).toBeDefined();
  await world.rows.write(finishWrite(next ?? context, world.clock.now()));
  const row = await world.rows.get(registryKeys.operation('op-1'));
  expect(JSON.stringify(row)).not.toContain('x.org');
  expect(row?.attributes).not.toHaveProperty('error');
  expect(row?.attributes[TTL_ATTRIBUTE]).toBe(world.clock.now() / 1000 + 400 * 86_400);
  expect(await operation()).toMatchObject({ state: 'succeeded', finishedAt: world.clock.now() });
});
