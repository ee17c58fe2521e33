import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { type Account, findAccount } from '../../../../functions/core/accounts/accounts.ts';
import {
  estimateDeletion,
  requestDeletion,
} from '../../../../functions/core/erasure/request-deletion.ts';
import {
  failOperation,
  requireOperation,
} from '../../../../functions/core/operations/operations.ts';
import { resumeOperation } from '../../../../functions/core/operations/run-operation.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { Crashes } from '../../../models/faulty.ts';
import { furnish } from '../../../simulation/mail.ts';
import { CLASSES, ERASURE, World } from '../../../simulation/world.ts';

const VERB = 'delete-account';
const USER = 'a@x.org';
const FAILURE = { name: 'LeftoversError', message: 'something is left', next: 'Resume.' };

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await furnish(world.ports, CLASSES, USER, 4);
});

const request = (user = USER, ports: Ports = world.ports, allowUnknownUser = false) =>
  requestDeletion(
    ports,
    { user, allowUnknownUser, requestedBy: 'tests' },
    world.clock.now() + 27_000,
  );
const resume = (operationId: string) =>
  resumeOperation(world.ports, operationId, world.clock.now() + 27_000);
const estimate = (user = USER, allowUnknownUser = false) =>
  estimateDeletion(world.ports, ERASURE, { user, allowUnknownUser });

const started = () => world.workflows.starts().map(({ name, input }) => ({ name, input }));
const execution = (operationId: string, attempt: number) => ({
  name: `${operationId}-${attempt}`,
  input: { operationId, attempt },
});
const setAccount = (set: Record<string, string>) =>
  world.rows.write({
    kind: 'update',
    key: registryKeys.account(account.accountId),
    guard: { row: 'present' },
    change: { set },
  });

describe('a request', () => {
  test('O1: opens an operation that says who asked, and starts its execution', async () => {
    const operation = await request('A@x.ORG');
    expect(operation).toMatchObject({
      operationId: expect.stringMatching(/^op-[0-9a-f]{24}$/),
      state: 'running',
      attempt: 1,
      user: USER,
      requestedBy: 'tests',
    });
    expect(started()).toEqual([execution(operation.operationId, 1)]);
    expect((await findAccount(world.rows, USER))?.operationId).toBe(operation.operationId);
  });

  test('U5: two at once, or twenty, are one operation and one execution', async () => {
    const operations = await Promise.all(Array.from({ length: 20 }, () => request()));
    const ids = new Set(operations.map(({ operationId }) => operationId));
    expect(ids.size).toBe(1);
    expect(started()).toEqual([execution([...ids][0] ?? '', 1)]);
  });

  test('U5: repeated while it runs starts nothing', async () => {
    const { operationId } = await request();
    world.clock.advance(3_600_000);
    expect(await request()).toMatchObject({ operationId, attempt: 1 });
    expect(started()).toHaveLength(1);
  });

  test('O3: who keeps losing is told so, and nothing has begun', async () => {
    world.rows.conflictNext(1000);
    await expect(request()).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect((await findAccount(world.rows, USER))?.operationId).toBeUndefined();
    expect(started()).toEqual([]);
  });
});

describe('what is refused', () => {
  const nothingBegan = async (name: string, asked: () => Promise<unknown>) => {
    const before = world.rows.rows();
    await expect(asked()).rejects.toMatchObject({ name });
    expect(world.rows.rows()).toEqual(before);
    expect(started()).toEqual([]);
  };

  test.each([
    ['InvalidInputError', 'a@*'],
    ['UnknownUserError', 'b@x.org'],
    ['UnknownUserError', 'a@x.or'],
    ['InvalidInputError', `alias-of-${USER}`],
  ])('O2: with an %s for %s, dry or not', async (name, user) => {
    await nothingBegan(name, () => request(user));
    await nothingBegan(name, () => estimate(user));
  });

  test('W6: a held account', async () => {
    await setAccount({ hold: 'legal' });
    await nothingBegan('AccountHeldError', () => request());
    await nothingBegan('AccountHeldError', () => estimate());
  });

  test('U2: a user unknown to the userdb, unless the caller says so', async () => {
    await world.rows.removeAll([registryKeys.userdb(USER)]);
    await nothingBegan('UnknownUserError', () => request());
    expect(await estimate(USER, true)).toMatchObject({ dryRun: true });
    expect(await request(USER, world.ports, true)).toMatchObject({ state: 'running' });
  });

  test("W7: a userdb entry that is another account's", async () => {
    await world.rows.write({
      kind: 'update',
      key: registryKeys.userdb(USER),
      guard: { row: 'present' },
      change: { set: { accountId: 'f'.repeat(24) } },
    });
    await nothingBegan('UnknownUserError', () => request());
  });
});

describe('a request for what did not end', () => {
  test('U5: an operation that failed goes on with its next attempt', async () => {
    const { operationId, accountId } = await request();
    await failOperation(world.ports, { operationId, attempt: 1, accountId }, FAILURE);
    world.workflows.setStatus(VERB, `${operationId}-1`, 'failed');
    const again = await request();
    expect(again).toMatchObject({ operationId, attempt: 2, state: 'running' });
    expect(again.error).toBeUndefined();
    expect(started()).toEqual([execution(operationId, 1), execution(operationId, 2)]);
  });

  test('U5: asked for by many at once it still has one next attempt', async () => {
    const { operationId, accountId } = await request();
    await failOperation(world.ports, { operationId, attempt: 1, accountId }, FAILURE);
    const asked = [0, 1, 2, 3, 4].flatMap(() => [request(), resume(operationId)]);
    for (const { attempt } of await Promise.all(asked)) expect(attempt).toBe(2);
    expect(started()).toEqual([execution(operationId, 1), execution(operationId, 2)]);
  });

  test.each(['failed', 'succeeded'] as const)(
    'U5: an execution that %s without a word is followed by the next attempt',
    async (status) => {
      const { operationId } = await request();
      world.workflows.setStatus(VERB, `${operationId}-1`, status);
      expect(await resume(operationId)).toMatchObject({ attempt: 2, state: 'running' });
      expect(await request()).toMatchObject({ attempt: 2 });
      expect(started()).toHaveLength(2);
    },
  );

  test('U5: one that an operator began in the console is joined', async () => {
    const [version] = world.objects.versions();
    world.objects.failKey(version?.key ?? '', 'AccessDenied');
    const run = await world.run({ user: USER }, { execution: 'by-hand' });
    expect(run.status).toBe('FAILED');
    const [operation] = world.rows
      .rows('registry')
      .filter(({ attributes }) => attributes['type'] === 'operation');
    expect(operation?.attributes).toMatchObject({ execution: 'by-hand', state: 'failed' });
    const again = await request();
    expect(again).toMatchObject({ operationId: operation?.attributes['operationId'], attempt: 2 });
  });

  const crashes = [1, 2].flatMap((call) => [
    { call, point: 'before' as const },
    { call, point: 'after' as const },
  ]);

  test.each(crashes)(
    'U5: a request that crashed $point change $call is made good by the next',
    async (crash) => {
      const process = new Crashes(crash);
      const asked = request(USER, process.wrapAll({ ...world.ports }));
      await expect(asked).rejects.toMatchObject({ name: 'CrashError' });
      const { operationId, attempt } = await request();
      expect(attempt).toBe(1);
      expect(started()).toEqual([execution(operationId, 1)]);
      expect((await findAccount(world.rows, USER))?.operationId).toBe(operationId);
    },
  );

  test.each(crashes)('U5: so is a resumption that crashed $point change $call', async (crash) => {
    const { operationId, accountId } = await request();
    await failOperation(world.ports, { operationId, attempt: 1, accountId }, FAILURE);
    const process = new Crashes(crash);
    const asked = request(USER, process.wrapAll({ ...world.ports }));
    await expect(asked).rejects.toMatchObject({ name: 'CrashError' });
    expect(await resume(operationId)).toMatchObject({ attempt: 2, state: 'running' });
    expect(started()).toEqual([execution(operationId, 1), execution(operationId, 2)]);
  });
});

describe('once it has succeeded', () => {
  test('U5, X6: it cannot be resumed, and its user is unknown', async () => {
    const { operationId } = await request();
    const run = await world.run({ operationId, attempt: 1 }, { execution: `${operationId}-1` });
    expect(run.status).toBe('SUCCEEDED');
    await expect(resume(operationId)).rejects.toMatchObject({
      name: 'OperationFinishedError',
      next: 'Nothing to do: fetch its certificate.',
    });
    await expect(request()).rejects.toMatchObject({ name: 'UnknownUserError' });
    expect(await requireOperation(world.rows, operationId)).toMatchObject({
      state: 'succeeded',
      attempt: 1,
    });
    expect(started()).toHaveLength(1);
  });

  test('O2: an operation that does not exist cannot be resumed', async () => {
    await expect(resume('op-0')).rejects.toMatchObject({ name: 'UnknownOperationError' });
  });
});

test('O1: a dry run counts what there is and what it costs, and changes nothing', async () => {
  const before = world.rows.rows();
  const answer = await estimate();
  expect(answer).toMatchObject({
    dryRun: true,
    accountId: account.accountId,
    counts: { mailboxes: 2, messages: 8 },
    pricesOf: '2026-08-31',
  });
  const rows = world.rows.rows('dictmap').filter(({ key }) => key.pk.startsWith('account#'));
  expect(answer.counts['accountRows']).toBe(rows.length);
  // Current and replaced ones of three kinds: both are bytes to erase.
  expect(answer.counts['objects']).toBe(9);
  const versions = world.objects.versions();
  expect(answer.counts['bytes']).toBe(versions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  expect(answer.estimatedCostDollars).toBeGreaterThan(0);
  expect(world.rows.rows()).toEqual(before);
});
