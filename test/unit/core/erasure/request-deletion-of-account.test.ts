import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys, TTL_ATTRIBUTE } from '../../../../functions/contract/row-layout.ts';
import { type Account, readAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import {
  estimateDeletion,
  requestDeletion,
} from '../../../../functions/core/erasure/request-deletion.ts';
import { furnish } from '../../../simulation/mail.ts';
import { CLASSES, ERASURE, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await furnish(world.ports, CLASSES, USER, 4);
});

const started = () => world.workflows.starts();

describe('a request that names the account it means', () => {
  const asked = (more: object) => {
    const given = { user: USER, allowUnknownUser: false, requestedBy: 'tests', ...more };
    return requestDeletion(world.ports, given, world.clock.now() + 27_000);
  };
  /** The address is another account's from now on. */
  async function takeAddress(): Promise<string> {
    const other = await createAccount(world.ports, CLASSES, { user: 'b@x.org' });
    const given = [registryKeys.address(USER), registryKeys.userdb(USER)];
    for (const key of given) {
      const change = { set: { accountId: other.accountId } };
      await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    }
    const key = registryKeys.account(other.accountId);
    const change = { set: { user: USER } };
    await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    return other.accountId;
  }

  test('W7: deletes it while the address is its own', async () => {
    const { accountId } = account;
    expect(await asked({ accountId })).toMatchObject({ accountId, state: 'running' });
  });

  test('W7: is refused once the address is another account’s, dry or not', async () => {
    const { accountId } = account;
    const other = await takeAddress();
    const before = world.rows.rows();
    const settings = ERASURE;
    const meant = { user: USER, allowUnknownUser: true, accountId };
    for (const late of [asked({ accountId }), estimateDeletion(world.ports, settings, meant)]) {
      await expect(late).rejects.toMatchObject({
        name: 'AccountMismatchError',
        message: expect.stringContaining(other),
      });
    }
    expect(world.rows.rows()).toEqual(before);
    expect(started()).toEqual([]);
  });

  test('W7, U5: with a key it is answered as before, whoever has the address by then', async () => {
    const first = await asked({ idempotencyKey: 'one' });
    await takeAddress();
    const before = world.rows.rows();
    world.clock.advance(30 * 86_400_000);
    expect(await asked({ idempotencyKey: 'one' })).toMatchObject({
      operationId: first.operationId,
      accountId: account.accountId,
    });
    expect(world.rows.rows()).toEqual(before);
    expect(started()).toHaveLength(1);
  });

  test('W7, U5: with a key that joined an operation, too', async () => {
    const first = await asked({});
    await asked({ idempotencyKey: 'two' });
    const other = await takeAddress();
    const { operationId } = await asked({ idempotencyKey: 'two' });
    expect(operationId).toBe(first.operationId);
    expect((await readAccount(world.rows, other))?.operationId).toBeUndefined();
  });

  test('U5: twenty at once with one key are one operation', async () => {
    const all = Array.from({ length: 20 }, () => asked({ idempotencyKey: 'one' }));
    const ids = (await Promise.all(all)).map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(1);
    expect(started()).toHaveLength(1);
  });

  test('O2: a key is for one request', async () => {
    await asked({ idempotencyKey: 'one' });
    for (const more of [{ user: 'b@x.org' }, { accountId: account.accountId }]) {
      await expect(asked({ idempotencyKey: 'one', ...more })).rejects.toMatchObject({
        name: 'IdempotencyKeyReusedError',
      });
    }
  });

  test('U7: what is remembered of a key holds no address and ends by itself', async () => {
    await asked({ idempotencyKey: 'one' });
    const [row] = world.rows
      .rows('registry')
      .filter(({ attributes }) => attributes['type'] === 'idempotency');
    expect(JSON.stringify(row)).not.toContain('x.org');
    const days = (Number(row?.attributes[TTL_ATTRIBUTE]) * 1000 - world.clock.now()) / 86_400_000;
    expect(Math.round(days)).toBe(400);
  });
});
