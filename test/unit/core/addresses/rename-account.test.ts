import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { ADDRESSES_PER_ACCOUNT_MAX } from '../../../../functions/contract/limits.ts';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import { findAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import {
  type OldAddress,
  renameAccount,
} from '../../../../functions/core/addresses/rename-account.ts';
import { requestDeletion } from '../../../../functions/core/erasure/request-deletion.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const SETTINGS = { reservationDays: 180 };
const [OLD, NEW] = ['old@x.org', 'new@y.org'];

let world: World;
beforeEach(() => {
  world = new World();
});

const create = (user: string, aliases: readonly string[] = []) =>
  createAccount(world.ports, CLASSES, { user, aliases });

interface Asked {
  readonly oldAddress?: OldAddress;
  readonly accountId?: string;
  readonly dryRun?: boolean;
  readonly rows?: RowStore;
}

const rename = (from: string, to: string, asked: Asked = {}) => {
  const { rows = world.rows, oldAddress = 'reserve', ...rest } = asked;
  const request = { user: from, to, oldAddress, ...rest };
  const deadline = world.clock.now() + 10_000;
  return renameAccount({ ...world.ports, rows }, SETTINGS, request, deadline);
};

const addressRow = async (address: string) =>
  (await world.rows.get(registryKeys.address(address)))?.attributes;

async function change(accountId: string, set: Record<string, string>): Promise<void> {
  const key = registryKeys.account(accountId);
  await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change: { set } });
}

const digestOf = (rows: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(rows)).digest('hex');

/** Counts every call that reaches the store. */
function counted(rows: RowStore): { readonly rows: RowStore; calls: number } {
  const counter = { calls: 0, rows };
  counter.rows = new Proxy(rows, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]): unknown => {
        counter.calls += 1;
        return Reflect.apply(member, target, given);
      };
    },
  });
  return counter;
}

/** A hundred messages, and so many copies of their rows that no rename can have looked at. */
async function fill(messages: number): Promise<void> {
  const batch = Array.from({ length: 98 }, (_, index) => ({ raw: mail(String(index)) }));
  const request = { user: OLD, mailbox: 'INBOX', messages: batch };
  await deliverMessages(world.ports, request, world.clock.now() + 20_000);
  const row = world.rows.rows('dictmap').find(({ key }) => key.pk.startsWith('mailbox#'));
  if (row === undefined) throw new Error('nothing was delivered');
  const mailboxId = row.key.pk.split('#')[1] ?? '';
  for (let uid = 99; uid <= messages; uid += 1) {
    const key = dictmapKeys.message(mailboxId, uid);
    await world.rows.write({ kind: 'put', key, attributes: row.attributes });
  }
}

describe('a rename', () => {
  test('R1: gives the account its new name and keeps the old one from others', async () => {
    const { accountId } = await create(OLD, ['alias@x.org']);
    world.clock.advance(5000);
    const now = world.clock.now();
    const old = { reservedBy: 'rename-account', reservedUntil: now + 180 * DAY_MS };
    expect(await rename('OLD@x.org', 'New@Y.org')).toEqual({
      outcome: 'renamed',
      ...{ accountId, from: OLD, to: NEW, old, userdb: 'renamed' },
    });
    expect(await findAccount(world.rows, OLD)).toBeUndefined();
    expect(await findAccount(world.rows, NEW)).toMatchObject({ accountId, user: NEW });
    expect((await findAccount(world.rows, 'alias@x.org'))?.accountId).toBe(accountId);
    expect(await addressRow(NEW)).toMatchObject({ accountId, ownerSince: now });
    const ttl = Math.ceil(old.reservedUntil / 1000);
    expect(await addressRow(OLD)).toEqual({ v: 1, type: 'reservation', ...old, ttl });
    expect(await world.rows.get(registryKeys.userdb(OLD))).toBeUndefined();
    const userdb = await world.rows.get(registryKeys.userdb(NEW));
    expect(userdb?.attributes).toMatchObject({ accountId, enabled: true });
    expect(await world.rows.get(registryKeys.accountAddress(accountId, OLD))).toBeUndefined();
    expect(await world.rows.get(registryKeys.accountAddress(accountId, NEW))).toBeDefined();
    const list = { table: 'registry', index: 'list', limit: 9 } as const;
    const lists = ['account#x.org', 'account#y.org'].map((pk) => world.rows.query({ ...list, pk }));
    const listed = (await Promise.all(lists)).map(({ rows }) => rows.length);
    expect(listed).toEqual([0, 1]);
  });

  test('R1: frees the old address when that is asked for', async () => {
    await create(OLD);
    expect(await rename(OLD, NEW, { oldAddress: 'free' })).toMatchObject({ old: 'free' });
    expect(await addressRow(OLD)).toBeUndefined();
    await expect(create(OLD)).resolves.toMatchObject({ user: OLD });
  });

  test('R1: keeps the old address as an alias when that is asked for', async () => {
    const { accountId } = await create(OLD);
    const before = await addressRow(OLD);
    expect(await rename(OLD, NEW, { oldAddress: 'alias' })).toMatchObject({ old: 'alias' });
    expect(await addressRow(OLD)).toEqual(before);
    expect(await findAccount(world.rows, OLD)).toMatchObject({ accountId, user: NEW });
  });

  test('R1: to an alias of its own makes the alias its main address', async () => {
    const { accountId, createdAt } = await create(OLD, [NEW]);
    world.clock.advance(5000);
    await rename(OLD, NEW);
    expect(await findAccount(world.rows, NEW)).toMatchObject({ accountId, user: NEW });
    expect(await addressRow(NEW)).toMatchObject({ accountId, ownerSince: createdAt });
  });

  test('U2: of a user whom the userdb does not know says so', async () => {
    await create(OLD);
    await world.rows.write({ kind: 'remove', key: registryKeys.userdb(OLD) });
    expect(await rename(OLD, NEW)).toMatchObject({ outcome: 'renamed', userdb: 'unknown' });
  });

  test('R1: touches no row and no byte of mail, and takes as many requests for 20,000 messages as for none', async () => {
    const { accountId } = await create(OLD);
    const none = counted(world.rows);
    await rename(OLD, 'between@x.org', { oldAddress: 'free', rows: none.rows });
    await rename('between@x.org', OLD, { oldAddress: 'free' });
    await fill(20_000);
    const digest = () => ({
      mail: digestOf(world.rows.rows('dictmap')),
      bytes: digestOf(world.objects.versions('r30/')),
      others: digestOf(
        world.rows.rows('registry').filter(({ key, attributes }) => {
          const isName = ['address', 'account-address', 'userdb', 'reservation'];
          return key.sk !== 'account' && !isName.includes(String(attributes['type']));
        }),
      ),
    });
    const before = digest();
    expect(world.rows.rows('dictmap').length).toBeGreaterThan(20_000);
    const many = counted(world.rows);
    await rename(OLD, NEW, { rows: many.rows });
    expect(digest()).toEqual(before);
    expect(many.calls).toBe(none.calls);
    expect(many.calls).toBe(6);
    expect((await findAccount(world.rows, NEW))?.accountId).toBe(accountId);
  });

  test('O1: as a dry run says what it would do and changes nothing', async () => {
    await create(OLD);
    const before = world.rows.rows();
    expect(await rename(OLD, NEW, { dryRun: true })).toMatchObject({ outcome: 'renamed', to: NEW });
    expect(world.rows.rows()).toEqual(before);
    await create(NEW);
    await expect(rename(OLD, NEW, { dryRun: true })).rejects.toThrow(/taken/);
  });

  test('W6: is not stopped by a hold, which goes by the account and stays', async () => {
    const { accountId } = await create(OLD);
    await change(accountId, { hold: 'case 7' });
    await rename(OLD, NEW);
    expect(await findAccount(world.rows, NEW)).toMatchObject({ accountId, held: true });
  });
});

describe('the same rename again', () => {
  test.each(['reserve', 'free', 'alias'] as const)(
    'R1: is done already, whatever became of the old address: %s',
    async (oldAddress) => {
      const { accountId } = await create(OLD);
      const first = await rename(OLD, NEW, { oldAddress });
      const before = world.rows.rows();
      expect(await rename(OLD, NEW, { oldAddress })).toMatchObject({
        ...first,
        outcome: 'already',
        accountId,
      });
      expect(world.rows.rows()).toEqual(before);
    },
  );

  test('W7: is no rename of whoever has got the old address since', async () => {
    const { accountId } = await create(OLD);
    await rename(OLD, NEW, { oldAddress: 'free' });
    await create(OLD);
    const before = world.rows.rows();
    const again = await rename(OLD, NEW, { oldAddress: 'free' });
    expect(again).toMatchObject({ outcome: 'already', accountId, old: 'anotherAccount' });
    const other = rename(OLD, 'third@x.org', { accountId });
    await expect(other).rejects.toMatchObject({ name: 'AccountMismatchError' });
    expect(world.rows.rows()).toEqual(before);
  });
});

describe('a rename is refused, and changes nothing', () => {
  const expectRefused = async (run: () => Promise<unknown>, name: string, words = /./) => {
    const before = world.rows.rows();
    const error = await run().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error).toMatchObject({ name, message: expect.stringMatching(words) });
    expect(world.rows.rows()).toEqual(before);
  };

  test('R1: to an address of another account, main or alias', async () => {
    await create(OLD);
    await create('b@x.org', ['c@x.org']);
    await expectRefused(() => rename(OLD, 'b@x.org'), 'AddressTakenError', /"b@x.org" is taken/);
    await expectRefused(() => rename(OLD, 'c@x.org'), 'AddressTakenError');
  });

  test('U4: to a reserved address, saying until when; once that is over it is free', async () => {
    await create(OLD);
    await create('b@x.org');
    await rename('b@x.org', 'c@x.org');
    const until = new Date(world.clock.now() + 180 * DAY_MS).toISOString();
    const refused = () => rename(OLD, 'b@x.org');
    await expectRefused(refused, 'AddressReservedError', new RegExp(until));
    world.clock.advance(180 * DAY_MS - 1);
    await expectRefused(refused, 'AddressReservedError');
    world.clock.advance(1);
    await expect(refused()).resolves.toMatchObject({ outcome: 'renamed' });
    expect(await addressRow('b@x.org')).not.toHaveProperty('ttl');
  });

  test('O2: to a malformed address, or to the one it has', async () => {
    await create(OLD);
    for (const to of ['', 'x', 'a b@x.org', '*@x.org', OLD, 'OLD@X.org']) {
      await expectRefused(() => rename(OLD, to), 'InvalidInputError', /^to: /);
    }
  });

  test('O2: of nobody, and by an alias, naming the main address', async () => {
    await create(OLD, ['alias@x.org']);
    await expectRefused(() => rename('nobody@x.org', NEW), 'UnknownUserError');
    const words = /alias of account \w+, allowed is its main address "old@x\.org"/;
    await expectRefused(() => rename('alias@x.org', NEW), 'InvalidInputError', words);
  });

  test('R1: of an account that somebody has begun to delete, or that is not active', async () => {
    const { accountId } = await create(OLD);
    await change(accountId, { state: 'disabled' });
    await expectRefused(() => rename(OLD, NEW), 'AccountNotActiveError', /disabled/);
    await change(accountId, { state: 'active' });
    const request = { user: OLD, allowUnknownUser: false, requestedBy: 'x' };
    await requestDeletion(world.ports, request, world.clock.now() + 10_000);
    await expectRefused(() => rename(OLD, NEW), 'AccountNotActiveError', /about to be deleted/);
  });

  test('U5: when the old address would be one alias too many', async () => {
    const aliases = Array.from({ length: ADDRESSES_PER_ACCOUNT_MAX - 1 }, (_, n) => `a${n}@x.org`);
    await create(OLD, aliases);
    await expectRefused(() => rename(OLD, NEW, { oldAddress: 'alias' }), 'InvalidInputError', /32/);
    await expect(rename(OLD, NEW)).resolves.toMatchObject({ outcome: 'renamed' });
  });

  test('W5: to an address whose row says neither who has it nor until when it is reserved', async () => {
    await create(OLD);
    const attributes = { v: 1, type: 'address' };
    await world.rows.write({ kind: 'put', key: registryKeys.address(NEW), attributes });
    await expectRefused(() => rename(OLD, NEW), 'TypeError', /damaged/);
  });
});
