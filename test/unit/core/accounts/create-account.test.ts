import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { findAccount, readAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { CRASH_POINTS, Crashes } from '../../../models/faulty.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

let world: World;

beforeEach(() => {
  world = new World();
});

const create = (user: string, rest: { aliases?: string[]; retentionClass?: string } = {}) =>
  createAccount(world.ports, CLASSES, { user, ...rest });

const nothingWritten = () => expect(world.rows.rows()).toEqual([]);

describe('a new account', () => {
  test('W2: comes whole, with addresses, userdb entry and INBOX', async () => {
    const account = await create('John@X.org', { aliases: ['sales@x.org'] });
    expect(account).toEqual({
      accountId: expect.stringMatching(/^[0-9a-f]{24}$/),
      state: 'active',
      retentionClass: 'r30',
      user: 'john@x.org',
      createdAt: world.clock.now(),
      held: false,
      hasDirectory: true,
    });
    expect(await findAccount(world.rows, 'john@x.org')).toEqual(account);
    expect(await findAccount(world.rows, 'sales@x.org')).toEqual(account);
    const types = world.rows.rows().map(({ attributes }) => attributes['type']);
    expect(types.sort()).toEqual(
      ['account', 'account-address', 'account-address', 'address', 'address', 'mailbox', 'path']
        .concat('userdb')
        .sort(),
    );
    const userdb = await world.rows.get(registryKeys.userdb('john@x.org'));
    expect(userdb?.attributes).toMatchObject({ accountId: account.accountId, enabled: true });
    expect(await world.rows.get(registryKeys.userdb('sales@x.org'))).toBeUndefined();
  });

  test('X6: is known by an id of its own, whatever its address was before', async () => {
    const ids = new Set<string>();
    for (const user of ['a@x.org', 'b@x.org', 'c@x.org']) ids.add((await create(user)).accountId);
    expect(ids.size).toBe(3);
    expect(JSON.stringify([...ids])).not.toMatch(/x\.org/);
  });

  test('remembers since when its owner has the address (RFC 7293)', async () => {
    await create('a@x.org');
    const row = await world.rows.get(registryKeys.address('a@x.org'));
    expect(row?.attributes['ownerSince']).toBe(world.clock.now());
  });

  test('is in the list of its domain', async () => {
    for (const user of ['b@x.org', 'a@x.org', 'a@y.org']) await create(user);
    const query = { table: 'registry', index: 'list', pk: 'account#x.org', limit: 10 } as const;
    const { rows } = await world.rows.query(query);
    expect(rows.map(({ attributes }) => attributes['user'])).toEqual(['a@x.org', 'b@x.org']);
  });
});

describe('what is refused', () => {
  test.each([
    ['user', { user: '*@x.org' }],
    ['aliases[1]', { user: 'a@x.org', aliases: ['b@x.org', 'b c@x.org'] }],
    ['aliases', { user: 'a@x.org', aliases: ['B@x.org', 'b@X.ORG'] }],
    ['aliases', { user: 'a@x.org', aliases: ['A@x.org'] }],
    ['aliases', { user: 'a@x.org', aliases: Array.from({ length: 32 }, (_, i) => `b${i}@x.org`) }],
    ['retentionClass', { user: 'a@x.org', retentionClass: 'r14' }],
    ['retentionClass', { user: 'a@x.org', retentionClass: '' }],
  ])('O2: a wrong %s is named and changes nothing: %j', async (field, { user, ...rest }) => {
    await expect(create(user, rest)).rejects.toMatchObject({
      name: 'InvalidInputError',
      problems: [{ field }],
    });
    nothingWritten();
  });

  test('O2: the message on a class names the classes there are', async () => {
    await expect(create('a@x.org', { retentionClass: 'forever' })).rejects.toThrow(
      'retentionClass: got "forever", allowed are r7, r30, keep',
    );
  });

  test('31 aliases fit in one transaction', async () => {
    const aliases = Array.from({ length: 31 }, (_, index) => `b${index}@x.org`);
    const { accountId } = await create('a@x.org', { aliases });
    expect((await findAccount(world.rows, 'b30@x.org'))?.accountId).toBe(accountId);
  });

  test.each([
    ['as its address', 'taken@x.org', []],
    ['as an alias', 'new@x.org', ['taken@x.org']],
    ['as its address, an alias elsewhere', 'alias@x.org', []],
    ['as an alias, an alias elsewhere', 'new@x.org', ['other@x.org', 'alias@x.org']],
  ])('U4: a taken address is refused %s, and nothing is written', async (_, user, aliases) => {
    await create('taken@x.org', { aliases: ['alias@x.org'] });
    const before = world.rows.rows();
    await expect(create(user, { aliases })).rejects.toMatchObject({ name: 'AddressTakenError' });
    expect(world.rows.rows()).toEqual(before);
  });

  test.each([
    ['account', 'kept@x.org', []],
    ['alias', 'new@x.org', ['kept@x.org']],
  ])(
    'U4: a reserved address is refused to an %s and belongs to nobody',
    async (_, user, aliases) => {
      const reservation = { reservedUntil: world.clock.now() + 1, reservedBy: 'rename-account' };
      const attributes = { v: 1, type: 'reservation', ...reservation };
      await world.rows.write({ kind: 'put', key: registryKeys.address('kept@x.org'), attributes });
      await expect(create(user, { aliases })).rejects.toMatchObject({
        name: 'AddressReservedError',
        message: expect.stringContaining('2026-11-22T00:00:00.001Z'),
      });
      expect(await findAccount(world.rows, 'kept@x.org')).toBeUndefined();
    },
  );
});

describe('several at once', () => {
  test('U4: of many requests for one address exactly one gets it', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        create(index % 2 === 0 ? 'a@x.org' : `b${index}@x.org`, {
          aliases: index % 2 === 0 ? [] : ['a@x.org'],
        }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason.name] : [],
    );
    expect(new Set(reasons)).toEqual(new Set(['AddressTakenError']));
    expect(world.rows.rows('registry').filter(({ key }) => key.sk === 'account')).toHaveLength(1);
  });

  test('O3: a conflict is retried, until the deadline and no longer', async () => {
    world.rows.conflictNext(3);
    const start = world.clock.now();
    expect((await create('a@x.org')).createdAt).toBe(start);
    world.rows.conflictNext(1000);
    await expect(create('b@x.org')).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(world.clock.now() - start).toBeLessThan(2 * 10_000);
    expect(await findAccount(world.rows, 'b@x.org')).toBeUndefined();
  });

  test.each(CRASH_POINTS)(
    'W2: a crash %s the write leaves all of an account or nothing',
    async (point) => {
      const process = new Crashes({ call: 1, point });
      const ports = process.wrapAll({ ...world.ports });
      await expect(createAccount(ports, CLASSES, { user: 'a@x.org' })).rejects.toThrow();
      const account = await findAccount(world.rows, 'a@x.org');
      if (point !== 'after') {
        nothingWritten();
        expect(await create('a@x.org')).toMatchObject({ state: 'active' });
        return;
      }
      expect(await readAccount(world.rows, account?.accountId ?? '')).toMatchObject({
        state: 'active',
      });
      await expect(create('a@x.org')).rejects.toMatchObject({ name: 'AddressTakenError' });
    },
  );
});
