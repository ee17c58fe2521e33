import { createPublicKey, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { classPrefix } from '../../functions/contract/key-layout.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { type Account, findAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { requestDeletion } from '../../functions/core/erasure/request-deletion.ts';
import { readCertificate } from '../../functions/core/evidence/read-certificate.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import { certificateOf, makeDoomed, NEIGHBOUR, operationIdOf, USER } from './doomed-account.ts';
import { allBut, leftOf } from './leftovers.ts';
import { furnish } from './mail.ts';
import { CLASSES, type World } from './world.ts';

let world: World;
let account: Account;

beforeEach(async () => {
  ({ world, account } = await makeDoomed());
});

describe('delete-account', () => {
  test('X3, X4, U3: nothing of the account is left, and the neighbour is untouched', async () => {
    const before = allBut(world, account.accountId);
    expect(leftOf(world, account.accountId).length).toBeGreaterThan(60);
    const run = await world.run({ user: USER });
    expect(run).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(world, account.accountId)).toEqual([]);
    const after = allBut(world, account.accountId) as { rows: unknown[] };
    // The addresses of the account are no rows of its partition: they are gone as well.
    const own = new Set([USER, `alias-of-${USER}`].map((address) => `address#${address}`));
    const kept = (before as { rows: { key: { pk: string } }[] }).rows.filter(
      ({ key }) => !own.has(key.pk),
    );
    expect(after).toEqual({ ...(before as object), rows: kept });
    expect(await findAccount(world.rows, NEIGHBOUR)).toMatchObject({ state: 'active' });
  });

  test('U7: the certificate counts what was there, verifies, and holds no personal data', async () => {
    const listed = world.objects.versions().filter(({ key }) => key.includes(account.accountId));
    const run = await world.run({ user: USER });
    const operationId = operationIdOf(run.output);
    const certificate = await certificateOf(world, operationId);
    expect(certificate.erased).toMatchObject({
      objectVersions: listed.filter(({ deleteMarker }) => !deleteMarker).length,
      deleteMarkers: listed.filter(({ deleteMarker }) => deleteMarker).length,
      objectBytes: listed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      multipartUploads: 2,
      messageRows: 24,
      mailboxRows: 2,
      dictRows: 3,
      cacheRows: 2,
      objectRows: 9,
    });
    expect(certificate.verification).toMatchObject({ settledSeconds: 1800, foundByRound: [{}] });
    expect(certificate.remains.map(({ where }) => where)).toContain(
      'caches of backend backend-2.example.org',
    );
    const signed = await readCertificate(world.ports, operationId);
    const key = createPublicKey({
      key: Buffer.from(await world.ports.signer.publicKey()),
      format: 'der',
      type: 'spki',
    });
    const options = { key, padding: 6, saltLength: 32 };
    const input = Buffer.from(`${signed.protected}.${signed.payload}`);
    expect(verify('sha256', input, options, Buffer.from(signed.signature, 'base64url'))).toBe(true);
    expect(JSON.stringify(certificate)).not.toMatch(/a@x\.co|alias-of/);
    const row = await world.rows.get(registryKeys.operation(operationId));
    expect(JSON.stringify(row?.attributes)).not.toContain('@');
    expect(row?.attributes['state']).toBe('succeeded');
  });

  test('O2: bad input fails at once, names the field and changes nothing', async () => {
    const before = world.rows.rows();
    const cases: readonly [object, string, RegExp][] = [
      [{}, 'InvalidInputError', /user: missing/],
      [{ user: 'john' }, 'InvalidInputError', /user: got "john"/],
      [{ user: 'a*@x.co' }, 'InvalidInputError', /user: got .*wildcards/],
      [{ user: USER, dryrun: true }, 'InvalidInputError', /dryrun: unknown, allowed are user/],
      [{ user: USER, dryRun: 'yes' }, 'InvalidInputError', /dryRun: got "yes"/],
      [{ user: `alias-of-${USER}` }, 'InvalidInputError', /user: .* is an alias/],
      [{ user: 'nobody@x.co' }, 'UnknownUserError', /nobody@x\.co/],
      [{ operationId: 'op-1' }, 'UnknownOperationError', /op-1/],
    ];
    for (const [input, error, cause] of cases) {
      const run = await world.run(input);
      expect(run).toMatchObject({ status: 'FAILED', error });
      expect(run.cause).toMatch(cause);
    }
    expect(world.rows.rows()).toEqual(before);
  });

  test('O1: a dry run names counts, bytes and cost, and changes nothing', async () => {
    const before = world.rows.rows();
    const run = await world.run({ user: USER, dryRun: true });
    expect(run).toMatchObject({ status: 'SUCCEEDED' });
    expect(run.output).toMatchObject({
      estimate: { dryRun: true, counts: { messages: 24, mailboxes: 2, objects: 9 } },
    });
    const { estimate } = run.output as { estimate: { estimatedCostDollars: number } };
    expect(estimate.estimatedCostDollars).toBeGreaterThan(0);
    expect(estimate.estimatedCostDollars).toBeLessThan(0.01);
    expect(world.rows.rows()).toEqual(before);
  });

  test('U5: two requests for one account are one operation, whatever started them', async () => {
    const asked = { user: USER, allowUnknownUser: false, requestedBy: 'test' };
    const deadline = world.clock.now() + 10_000;
    const [first, second] = await Promise.all([
      requestDeletion(world.ports, asked, deadline),
      requestDeletion(world.ports, asked, deadline),
    ]);
    expect(second.operationId).toBe(first.operationId);
    expect(world.workflows.starts()).toHaveLength(1);
    const { name, input } = world.workflows.starts()[0] ?? { name: '', input: {} };
    let other: unknown;
    let during: Promise<void> | undefined;
    const run = await world.run(input as object, {
      execution: name,
      onState: (state) => {
        if (state !== 'Settle') return;
        during = world.run({ user: USER }, { execution: 'console' }).then((answer) => {
          other = answer;
        });
      },
    });
    await during;
    expect(run.status).toBe('SUCCEEDED');
    expect(other).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'alreadyRunning', operationId: first.operationId },
    });
  });

  test('X6, W7: a late repetition of any step never touches the next owner of the address', async () => {
    await world.run({ user: USER });
    const old = world.invocations;
    const next = await furnish(world.ports, CLASSES, USER, 3);
    const before = world.rows.rows();
    const versions = world.objects.versions();
    for (const invocation of old) {
      if (invocation.token === 'ResolveAccountFunctionArn') continue;
      await world.redeliver(invocation).catch(() => undefined);
    }
    expect(world.rows.rows()).toEqual(before);
    expect(world.objects.versions()).toEqual(versions);
    expect(await findAccount(world.rows, USER)).toMatchObject(next);
  });

  test('U2: a user whom the userdb does not know is erased only when the caller says so', async () => {
    await world.rows.write({ kind: 'remove', key: registryKeys.userdb(USER) });
    expect(await world.run({ user: USER })).toMatchObject({ error: 'UnknownUserError' });
    const run = await world.run({ user: USER, allowUnknownUser: true });
    expect(run.status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
  });

  test('W6: a held account is refused, also when the hold comes just before the fence', async () => {
    const hold = (set: boolean) =>
      world.rows.write({
        kind: 'update',
        key: registryKeys.account(account.accountId),
        guard: { row: 'present' },
        change: set ? { set: { hold: 'case 7' } } : { unset: ['hold'] },
      });
    await hold(true);
    expect(await world.run({ user: USER })).toMatchObject({ error: 'AccountHeldError' });
    await hold(false);
    const before = leftOf(world, account.accountId);
    const placed: Promise<unknown>[] = [];
    const run = await world.run(
      { user: USER },
      { onState: (name) => void (name === 'Grace period' && placed.push(hold(true))) },
    );
    await Promise.all(placed);
    expect(run).toMatchObject({ status: 'FAILED', error: 'AccountHeldError' });
    expect(leftOf(world, account.accountId)).toEqual(before);
    const { operationId = '' } = (await findAccount(world.rows, USER)) ?? {};
    expect(await requireOperation(world.rows, operationId)).toMatchObject({
      state: 'failed',
      error: { name: 'AccountHeldError', next: expect.stringContaining('Nothing was erased') },
    });
  });

  test('O3, U5: what cannot be removed fails the operation by name; resume finishes it', async () => {
    const [stuck] = world.objects.versions(classPrefix('r14', 'f', account.accountId));
    world.objects.failKey(stuck?.key ?? '', 'AccessDenied');
    const run = await world.run({ user: USER });
    expect(run).toMatchObject({ status: 'FAILED' });
    const { operationId = '' } = (await findAccount(world.rows, USER)) ?? {};
    const failed = await requireOperation(world.rows, operationId);
    expect(failed).toMatchObject({ state: 'failed', attempt: 1 });
    expect(failed.error?.message).toContain('AccessDenied');
    world.objects.failKey(stuck?.key ?? '', 'AccessDenied', 0);
    const deadline = world.clock.now() + 10_000;
    const resumed = await resumeOperation(world.ports, operationId, deadline);
    expect(resumed).toMatchObject({ state: 'running', attempt: 2 });
    const start = world.workflows.starts().at(-1);
    expect(start?.name).toBe(`${operationId}-2`);
    const again = await world.run(start?.input as object, { execution: start?.name ?? '' });
    expect(again.status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
    expect((await certificateOf(world, operationId)).attempts).toBe(2);
  });

  test('W5: a step that removes does nothing when the fence of its operation does not stand', async () => {
    const before = leftOf(world, account.accountId);
    const opened: string[] = [];
    await world
      .run(
        { user: USER },
        {
          onState: (name) => {
            opened.push(name);
            if (name === 'Fence account') throw new Error('stopped before the fence');
          },
        },
      )
      .catch(() => undefined);
    expect(opened).toContain('Fence account');
    const { operationId = '' } = (await findAccount(world.rows, USER)) ?? {};
    const operation = { operationId, attempt: 1, accountId: account.accountId };
    for (const [token, numbers] of [
      ['EraseRangeFunctionArn', { round: 1, range: 0, rangeCount: 1 }],
      ['EraseAccountRowsFunctionArn', { round: 1 }],
    ] as const) {
      const delivery = world.redeliver({ token, payload: { operation, ...numbers } });
      await expect(delivery).rejects.toMatchObject({ name: 'NotFencedError' });
    }
    expect(leftOf(world, account.accountId)).toEqual(before);
  });

  test('X3: SlowDown is flow control, not a failure', async () => {
    const [slow] = world.objects.versions(classPrefix('r14', 'f', account.accountId));
    world.objects.failKey(slow?.key ?? '', 'SlowDown', 12);
    expect((await world.run({ user: USER })).status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
  });
});

test('W2, U4: an address that is taken refuses the whole account', async () => {
  const before = world.rows.rows();
  const creation = createAccount(world.ports, CLASSES, {
    user: 'new@x.co',
    aliases: [`alias-of-${USER}`],
  });
  await expect(creation).rejects.toMatchObject({ name: 'AddressTakenError' });
  expect(world.rows.rows()).toEqual(before);
});
