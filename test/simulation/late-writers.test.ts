import { beforeEach, describe, expect, test } from 'vitest';
import { mailKey } from '../../functions/contract/key-layout.ts';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { type Account, findAccount } from '../../functions/core/accounts/accounts.ts';
import { recordCache } from '../../functions/core/caches/caches.ts';
import { setDict } from '../../functions/core/dicts/dicts.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { subscribe } from '../../functions/core/mailboxes/subscriptions.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { startUpload } from '../../functions/core/messages/uploads.ts';
import { putObject } from '../../functions/core/objects/opaque-objects.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { certificateOf, makeDoomed, NEIGHBOUR, operationIdOf, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import { mail } from './mail.ts';
import type { World } from './world.ts';

let world: World;
let account: Account;
let neighbour: Account;

beforeEach(async () => {
  ({ world, account, neighbour } = await makeDoomed());
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

  test('X4: uploads that nobody delivered go with the account, their rows too', async () => {
    const sent = await startUpload(world.ports, account, 4, world.clock.now() + 1000);
    await startUpload(world.ports, account, 4, world.clock.now() + 1000);
    expect(await world.objects.receive(sent, Buffer.from('mail'))).toBe(true);
    await subscribe(world.ports, account, 'Größe', world.clock.now() + 1000);
    // What is written by the URL after the fence is found by the verification.
    const late: Promise<boolean>[] = [];
    const onState = (name: string): void => {
      if (name !== 'Settle' || late.length > 0) return;
      late.push(world.objects.receive(sent, Buffer.from('late')));
    };
    expect(await world.run({ user: USER }, { onState })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await Promise.all(late)).toEqual([true]);
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
    const certificate = await certificateOf(world, operationIdOf(run.output));
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
    const certificate = await certificateOf(world, operationIdOf(run.output));
    expect(certificate.erased).toMatchObject({ messageRows: 25, mailboxRows: 3 });
  });

  const versionsOf = () =>
    world.objects
      .versions()
      .filter(({ key, deleteMarker }) => key.includes(account.accountId) && !deleteMarker).length;

  test('O3: a writer that never stops ends in a failure that says so, not in a loop; resume ends it', async () => {
    const before = versionsOf();
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
    // The writer has stopped: the next attempt finds what it left, and ends.
    const again = await world.run({ user: USER }, { execution: 'again' });
    expect(again.status).toBe('SUCCEEDED');
    expect(leftOf(world, account.accountId)).toEqual([]);
    const { attempts, verification, erased } = await certificateOf(world, operationId);
    expect(attempts).toBe(2);
    expect(verification.foundByRound).toHaveLength(6);
    expect(verification.foundByRound.at(-1)).toEqual({});
    expect(erased['objectVersions']).toBe(before + written);
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
    expect(await findAccount(world.rows, NEIGHBOUR)).toMatchObject(neighbour);
  });
});

function furnishExisting(inWorld: World, target: Account): Promise<unknown>[] {
  const deadline = inWorld.clock.now() + 10_000;
  const { ports } = inWorld;
  const body = mail('late');
  return [
    createMailbox(ports, target, 'Late'),
    setDict(ports, target, { name: 'quota_clone', value: '1' }, deadline),
    recordCache(ports, target, 'backend-9', deadline),
    putObject(ports, target, { kind: 'index', name: 'late', body }, deadline),
    deliverMessages(ports, { user: USER, messages: [{ raw: body }] }, deadline),
  ];
}
