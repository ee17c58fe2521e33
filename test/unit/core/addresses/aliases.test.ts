import { beforeEach, describe, expect, test } from 'vitest';
import { ADDRESSES_PER_ACCOUNT_MAX } from '../../../../functions/contract/limits.ts';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import { findAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { toAccountAnswer } from '../../../../functions/core/accounts/show-account.ts';
import { addAlias, removeAlias } from '../../../../functions/core/addresses/aliases.ts';
import { renameAccount } from '../../../../functions/core/addresses/rename-account.ts';
import { requestDeletion } from '../../../../functions/core/erasure/request-deletion.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { Turns } from '../../../simulation/turns.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';

const SETTINGS = { reservationDays: 30 };
const [JOHN, SALES] = ['john@x.org', 'sales@x.org'];

let world: World;
beforeEach(() => {
  world = new World();
});

const create = (user: string, aliases: readonly string[] = []) =>
  createAccount(world.ports, CLASSES, { user, aliases });

interface Asked {
  readonly dryRun?: boolean;
  readonly accountId?: string;
  readonly rows?: RowStore;
}
const soon = () => world.clock.now() + 10_000;

const add = (user: string, address: string, { rows = world.rows, ...asked }: Asked = {}) =>
  addAlias({ ...world.ports, rows }, { user, address, ...asked }, soon());

const remove = (
  user: string,
  address: string,
  oldAddress: 'free' | 'reserve' = 'reserve',
  { rows = world.rows, ...asked }: Asked = {},
) =>
  removeAlias({ ...world.ports, rows }, SETTINGS, { user, address, oldAddress, ...asked }, soon());

const aliasesOf = async (user: string) => {
  const account = await findAccount(world.rows, user);
  if (account === undefined) throw new Error(`nobody is ${user}`);
  return (await toAccountAnswer(world.rows, account)).aliases;
};

async function expectRefused(run: () => Promise<unknown>, name: string): Promise<void> {
  const before = world.rows.rows();
  await expect(run()).rejects.toMatchObject({ name });
  expect(world.rows.rows()).toEqual(before);
}

describe('an alias', () => {
  test('U4: comes to an account once, however often it is asked for', async () => {
    const { accountId } = await create(JOHN);
    const answer = { accountId, address: SALES };
    expect(await add(JOHN, 'Sales@X.org')).toEqual({ outcome: 'added', ...answer });
    expect(await add(JOHN, SALES)).toEqual({ outcome: 'already', ...answer });
    expect(await aliasesOf(JOHN)).toEqual([SALES]);
    expect((await findAccount(world.rows, SALES))?.accountId).toBe(accountId);
  });

  test('U4: is reserved once it is removed, and refused until then to all', async () => {
    const { accountId } = await create(JOHN, [SALES]);
    await create('b@x.org');
    const reservedUntil = world.clock.now() + 30 * DAY_MS;
    const old = { reservedBy: 'remove-alias', reservedUntil };
    expect(await remove(JOHN, SALES)).toEqual({
      ...{ outcome: 'removed', accountId, address: SALES, old },
    });
    expect(await remove(JOHN, SALES)).toMatchObject({ outcome: 'already', old });
    await expectRefused(() => add('b@x.org', SALES), 'AddressReservedError');
    await expectRefused(() => add(JOHN, SALES), 'AddressReservedError');
    await expectRefused(() => create(SALES), 'AddressReservedError');
    await expectRefused(() => create('c@x.org', [SALES]), 'AddressReservedError');
    world.clock.advance(30 * DAY_MS);
    expect(await add('b@x.org', SALES)).toMatchObject({ outcome: 'added' });
    await expectRefused(() => remove(JOHN, SALES), 'AddressTakenError');
  });

  test('U4: is free at once when that is asked for', async () => {
    await create(JOHN, [SALES]);
    expect(await remove(JOHN, SALES, 'free')).toMatchObject({ outcome: 'removed', old: 'free' });
    await expect(create(SALES)).resolves.toMatchObject({ user: SALES });
  });

  test('O1: is shown by a dry run, which changes nothing', async () => {
    await create(JOHN, [SALES]);
    const before = world.rows.rows();
    expect(await add(JOHN, 'b@x.org', { dryRun: true })).toMatchObject({ outcome: 'added' });
    const removed = await remove(JOHN, SALES, 'reserve', { dryRun: true });
    expect(removed).toMatchObject({ outcome: 'removed', old: { reservedBy: 'remove-alias' } });
    expect(world.rows.rows()).toEqual(before);
  });

  test('U4: is refused where it is taken, malformed, one too many, or the main address', async () => {
    const count = ADDRESSES_PER_ACCOUNT_MAX - 1;
    const aliases = Array.from({ length: count }, (_, index) => `a${index}@x.org`);
    await create(JOHN, aliases);
    const { accountId } = await create('b@x.org', [SALES]);
    await expectRefused(() => add(JOHN, 'b@x.org'), 'AddressTakenError');
    await expectRefused(() => add(JOHN, SALES), 'AddressTakenError');
    await expectRefused(() => add(JOHN, 'x'), 'InvalidInputError');
    await expectRefused(() => add(JOHN, 'one-more@x.org'), 'InvalidInputError');
    await expectRefused(() => remove(JOHN, JOHN), 'InvalidInputError');
    await expectRefused(() => remove(JOHN, SALES), 'AddressTakenError');
    await expectRefused(() => add('nobody@x.org', 'c@x.org'), 'UnknownUserError');
    await expectRefused(() => add(SALES, 'c@x.org'), 'InvalidInputError');
    await expectRefused(() => add(JOHN, 'c@x.org', { accountId }), 'AccountMismatchError');
  });

  test('U5: of an account that somebody has begun to delete stays as it is', async () => {
    await create(JOHN, [SALES]);
    await requestDeletion(
      world.ports,
      { user: JOHN, allowUnknownUser: false, requestedBy: 'x' },
      soon(),
    );
    await expectRefused(() => add(JOHN, 'b@x.org'), 'AccountNotActiveError');
    await expectRefused(() => remove(JOHN, SALES), 'AccountNotActiveError');
  });

  test('U4: a deletion by an alias is refused, and told the address to use', async () => {
    await create(JOHN, [SALES]);
    const request = { user: SALES, allowUnknownUser: false, requestedBy: 'x' };
    await expect(requestDeletion(world.ports, request, soon())).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining(`allowed is its main address "${JOHN}"`),
    });
  });
});

describe('what meets a change of aliases', () => {
  test('W7: the address comes to somebody else meanwhile: it is left alone', async () => {
    await create(JOHN, [SALES]);
    const rows = interrupted(world.rows, async () => {
      await remove(JOHN, SALES, 'free');
      await create(SALES);
    });
    const late = remove(JOHN, SALES, 'reserve', { rows });
    await expect(late).rejects.toMatchObject({ name: 'AddressTakenError' });
    expect((await findAccount(world.rows, SALES))?.user).toBe(SALES);
  });

  test('U5: additions at once never make more addresses than end with the account', async () => {
    const aliases = Array.from(
      { length: ADDRESSES_PER_ACCOUNT_MAX - 3 },
      (_, index) => `a${index}@x.org`,
    );
    await create(JOHN, aliases);
    const adding = [0, 1, 2, 3, 4].map((n) => add(JOHN, `more${n}@x.org`));
    const outcomes = (await Promise.allSettled(adding)).map(({ status }) => status);
    expect(outcomes.filter((status) => status === 'fulfilled')).toHaveLength(2);
    expect(await aliasesOf(JOHN)).toHaveLength(ADDRESSES_PER_ACCOUNT_MAX - 1);
  });

  test('R1, U4: renames, aliases, removals and deletions in any order leave each address one owner', async () => {
    for (let seed = 0; seed < 150; seed += 1) {
      world = new World({ seed });
      const [a, b] = [await create('a@x.org', ['c@x.org']), await create('b@x.org')];
      const turns = new Turns();
      const ports = { ...world.ports, rows: turns.wrap(world.rows) };
      const rename = (user: string, to: string) =>
        renameAccount(ports, SETTINGS, { user, to, oldAddress: 'free' }, soon());
      const acts = [
        () => rename('a@x.org', 'new@x.org'),
        () => rename('b@x.org', 'new@x.org'),
        () => addAlias(ports, { user: 'b@x.org', address: 'a@x.org' }, soon()),
        () => removeAlias(ports, SETTINGS, { ...REMOVAL, user: 'a@x.org' }, soon()),
        () => createAccount(ports, CLASSES, { user: 'a@x.org' }),
        () => requestDeletion(ports, DELETION, soon()),
      ];
      // Whoever comes too late is refused.
      const ends = acts.map((act) => () => act().catch((error: Error) => error));
      await turns.run(ends, () => world.ids.fraction());
      const rows = world.rows.rows('registry');
      const noted = rows.filter(({ attributes }) => attributes['type'] === 'account-address');
      for (const { attributes } of noted) {
        const row = await world.rows.get(registryKeys.address(String(attributes['address'])));
        expect({ seed, owner: row?.attributes['accountId'] }).toEqual({
          seed,
          owner: attributes['accountId'],
        });
      }
      const owned = rows.filter(({ attributes }) => attributes['type'] === 'address');
      expect({ seed, owned: owned.length }).toEqual({ seed, owned: noted.length });
      for (const { accountId } of [a, b]) {
        const account = await world.rows.get(registryKeys.account(accountId));
        const user = String(account?.attributes['user']);
        const found = await findAccount(world.rows, user);
        expect({ seed, user, accountId: found?.accountId }).toEqual({ seed, user, accountId });
        const { operationId } = account?.attributes ?? {};
        if (operationId === undefined) continue;
        const operation = await world.rows.get(registryKeys.operation(String(operationId)));
        expect({ seed, user: operation?.attributes['user'] }).toEqual({ seed, user });
      }
    }
  });
});

const REMOVAL = { address: 'c@x.org', oldAddress: 'free' } as const;
const DELETION = { user: 'b@x.org', allowUnknownUser: true, requestedBy: 'x' };
