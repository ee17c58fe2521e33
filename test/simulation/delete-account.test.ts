import { createPublicKey, verify } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { classPrefix, mailKey } from '../../functions/contract/key-layout.ts';
import { dictmapKeys, registryKeys } from '../../functions/contract/row-layout.ts';
import { type Account, findAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { requestDeletion, resumeOperation } from '../../functions/core/erasure/request-deletion.ts';
import type { Certificate } from '../../functions/core/evidence/certificate.ts';
import { readCertificate } from '../../functions/core/evidence/read-certificate.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { allBut, leftOf } from './leftovers.ts';
import { furnish, mail } from './mail.ts';
import { CLASSES, World } from './world.ts';

const USER = 'a@x.co';
/** Whose address, and whose account, begin like the first one's. */
const NEIGHBOUR = 'a@x.com';

let world: World;
let account: Account;
let neighbour: Account;

async function makeWorld(messages = 12): Promise<void> {
  world = new World();
  account = await furnish(world.ports, CLASSES, USER, messages);
  neighbour = await furnish(world.ports, CLASSES, NEIGHBOUR, 5);
  addDebris(account.accountId);
}

/** Several versions of a key, markers, uploads and mail of a class that is deployed no more. */
function addDebris(accountId: string): void {
  const [first] = world.objects.versions(classPrefix('r30', '0', accountId));
  for (const shard of ['0', 'f']) {
    const key = mailKey('r14', accountId, shard.repeat(32));
    for (let version = 0; version < 9; version += 1) void world.objects.put(key, mail('old'));
    world.objects.deleteMarker(key);
    world.objects.startUpload(`uploads/${accountId}/${shard}`);
  }
  if (first !== undefined) world.objects.deleteMarker(first.key);
}

async function certificateOf(operationId: string): Promise<Certificate> {
  const signed = await readCertificate(world.ports, operationId);
  return JSON.parse(Buffer.from(signed.payload, 'base64url').toString()) as Certificate;
}

const operationIdOf = (output: unknown): string =>
  (output as { operation: { operationId: string } }).operation.operationId;

beforeEach(() => makeWorld());

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
    const certificate = await certificateOf(operationId);
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
    expect(certificate.verification.foundByRound).toEqual([{}]);
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
    expect(await findAccount(world.rows, USER)).toEqual(next);
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
    expect((await certificateOf(operationId)).attempts).toBe(2);
  });

  test('X3: SlowDown is flow control, not a failure', async () => {
    const [slow] = world.objects.versions(classPrefix('r14', 'f', account.accountId));
    world.objects.failKey(slow?.key ?? '', 'SlowDown', 12);
    expect((await world.run({ user: USER })).status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
  });
});

describe('writers that are late', () => {
  const LATE = { user: USER, messages: [{ raw: mail('late') }] };

  test('X3: a delivery that stored its body before the fence cannot link it afterwards', async () => {
    let run: Promise<unknown> | undefined;
    const objects = new Proxy(world.objects, {
      get(target, name, receiver) {
        if (name !== 'put') return Reflect.get(target, name, receiver);
        return async (key: string, body: Uint8Array) => {
          const stored = await target.put(key, body);
          // The body is stored; before the row is written, the account is deleted.
          run = world.run({ user: USER });
          await run;
          return stored;
        };
      },
    });
    const delivery = deliverMessages({ ...world.ports, objects }, LATE, world.clock.now() + 1e9);
    await expect(delivery).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    expect(await run).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(world, account.accountId)).toEqual([]);
  });

  test('X3: a body that lands after the erasure is found and erased by the verification', async () => {
    const late = mailKey('r30', account.accountId, 'ab'.repeat(16));
    const landed: Promise<unknown>[] = [];
    const run = await world.run(
      { user: USER },
      {
        onState: (name) => {
          if (name !== 'Settle' || landed.length > 0) return;
          landed.push(world.objects.put(late, mail('late')));
          world.objects.startUpload(`uploads/${account.accountId}/late`);
        },
      },
    );
    expect(run.status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
    const certificate = await certificateOf(operationIdOf(run.output));
    expect(certificate.verification.foundByRound).toEqual([
      { objectVersions: 1, multipartUploads: 1 },
      {},
    ]);
  });

  test('X3: rows that appear behind the fence are found, their mailbox joins the plan', async () => {
    const mailboxId = `${account.accountId}.${'9'.repeat(16)}`;
    const attributes = {
      v: 1,
      type: 'mailbox',
      mailboxId,
      path: 'Late',
      state: 'active',
      uidValidity: 1,
      uidNext: 10_002,
      messages: 1,
      bytes: 1,
    };
    const landed: Promise<unknown>[] = [];
    const run = await world.run(
      { user: USER },
      {
        onState: (name) => {
          if (name !== 'Settle' || landed.length > 0) return;
          const message = dictmapKeys.message(mailboxId, 10_001);
          const mailbox = dictmapKeys.mailbox(mailboxId);
          landed.push(world.rows.write({ kind: 'put', key: mailbox, attributes }));
          landed.push(world.rows.write({ kind: 'put', key: message, attributes: { v: 1 } }));
        },
      },
    );
    expect(run.status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
    const certificate = await certificateOf(operationIdOf(run.output));
    expect(certificate.erased).toMatchObject({ messageRows: 25, mailboxRows: 3 });
  });

  test('O3: a writer that never stops ends in a failure that says so, not in a loop', async () => {
    let written = 0;
    const run = await world.run(
      { user: USER },
      {
        onState: (name) => {
          if (name !== 'Settle') return;
          written += 1;
          const blobId = String(written).padStart(32, '0');
          void world.objects.put(mailKey('r30', account.accountId, blobId), mail('again'));
        },
      },
    );
    expect(run).toMatchObject({ status: 'FAILED', error: 'LeftoversError' });
    expect(written).toBe(5);
    const { operationId = '' } = (await findAccount(world.rows, USER)) ?? {};
    expect(world.evidence.names()).toEqual([]);
    expect((await requireOperation(world.rows, operationId)).state).toBe('failed');
  });

  test('X3: nothing can be created in an account once its fence stands', async () => {
    const refused: Promise<unknown>[] = [];
    await world.run(
      { user: USER },
      {
        onState: (name) => {
          if (name !== 'Plan erasure') return;
          const attempts = furnishExisting(world, account);
          refused.push(
            ...attempts.map((attempt) =>
              attempt.then(
                () => 'done',
                (e) => e.name,
              ),
            ),
          );
        },
      },
    );
    expect(await Promise.all(refused)).toEqual(Array(5).fill('AccountNotActiveError'));
    expect(leftOf(world, account.accountId)).toEqual([]);
    expect(await findAccount(world.rows, NEIGHBOUR)).toEqual(neighbour);
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

function furnishExisting(inWorld: World, target: Account): Promise<unknown>[] {
  const deadline = inWorld.clock.now() + 10_000;
  const { ports } = inWorld;
  const body = mail('late');
  return [
    import('../../functions/core/mailboxes/mailboxes.ts').then(({ createMailbox }) =>
      createMailbox(ports, target, 'Late'),
    ),
    import('../../functions/core/dicts/dicts.ts').then(({ setDict }) =>
      setDict(ports, target, { name: 'quota_clone', value: '1' }, deadline),
    ),
    import('../../functions/core/caches/caches.ts').then(({ recordCache }) =>
      recordCache(ports, target, 'backend-9', deadline),
    ),
    import('../../functions/core/objects/opaque-objects.ts').then(({ putObject }) =>
      putObject(ports, target, { kind: 'index', name: 'late', body }, deadline),
    ),
    deliverMessages(ports, { user: USER, messages: [{ raw: body }] }, deadline),
  ];
}
