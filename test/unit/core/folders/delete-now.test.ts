import { describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import { deleteNow } from '../../../../functions/core/folders/delete-now.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { readMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { Crashes } from '../../../models/faulty.ts';
import { SweptAccount } from '../autoexpunge/swept-account.ts';
import { interrupted } from '../interrupted.ts';

const LAZY: MailSettings = { lazyExpunge: '.EXPUNGED' };
const DAY_MS = 86_400_000;

interface How {
  readonly ports?: Ports;
  readonly bypassStorage?: boolean;
  readonly requireEmpty?: boolean;
  readonly until?: number;
}

/** An account with INBOX, Trash and Work. */
async function desk(settings: MailSettings = LAZY) {
  const own = await SweptAccount.make(settings);
  const { world, account } = own;
  const make = (path: string) => createMailbox(world.ports, account, path);
  await make('Work');
  return {
    own,
    world,
    make,
    remove: async (path: string, { ports = world.ports, until = own.until(), ...how }: How = {}) =>
      deleteNow(ports, own.context, { mailbox: await own.box(path), ...how }, until),
    during: (happens: () => Promise<unknown>): Ports => ({
      ...world.ports,
      rows: interrupted(world.rows, happens),
    }),
  };
}

describe('immediate deletion', () => {
  test('L6: its messages pass through lazy expunge, flags, UIDs and all', async () => {
    const { own, remove, world } = await desk();
    await own.deliver('Work', 'a', 'b');
    const { mailboxId } = await own.box('Work');
    expect(await remove('Work')).toEqual({
      messages: 2,
      bytes: expect.any(Number),
      complete: true,
    });
    await expect(own.box('Work')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    expect(await own.show('.EXPUNGED')).toEqual(['1 a', '2 b']);
    const shell = await readMailbox(world.rows, mailboxId);
    expect(shell).toMatchObject({ state: 'shell', messages: 0, bytes: 0, uidNext: 3 });
    expect(Date.parse(shell?.dueSk ?? '')).toBe(world.clock.now() + 3 * DAY_MS);
  });

  test('L6: an empty one that never held mail leaves no row and makes no storage', async () => {
    const { world, make, remove } = await desk();
    const before = world.rows.rows('dictmap').map(({ key }) => key.sk);
    await make('Empty');
    await remove('Empty');
    expect(world.rows.rows('dictmap').map(({ key }) => key.sk)).toEqual(before);
  });

  test('L6, W2: mail that arrives meanwhile makes it fail, and nothing is lost', async () => {
    const { own, remove, during } = await desk();
    await own.deliver('Work', 'a');
    const ports = during(() => own.deliver('Work', 'late'));
    await expect(remove('Work', { ports })).rejects.toMatchObject({
      name: 'MailboxNotEmptyError',
    });
    expect(await own.show('Work')).toEqual(['2 late']);
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
    await remove('Work');
    expect(await own.show('.EXPUNGED')).toEqual(['1 a', '2 late']);
  });

  test('L6, W8: mail that arrives just before the name goes is not lost either', async () => {
    const { own, remove, during } = await desk();
    const ports = during(() => own.deliver('Work', 'late'));
    await expect(remove('Work', { ports })).rejects.toMatchObject({
      name: 'MailboxNotEmptyError',
    });
    expect(await own.show('Work')).toEqual(['1 late']);
  });

  test('L6: a mailbox of the same name gets another UIDVALIDITY', async () => {
    const { own, make, remove } = await desk();
    const { uidValidity } = await own.box('Work');
    await remove('Work');
    expect((await make('Work')).uidValidity).toBeGreaterThan(uidValidity);
  });

  test('requireEmpty refuses mail of any number, and lets an emptied one go', async () => {
    const { own, remove } = await desk();
    await own.deliver('Work', 'a');
    await expect(remove('Work', { requireEmpty: true })).rejects.toMatchObject({
      name: 'MailboxNotEmptyError',
    });
    expect(await own.show('Work')).toEqual(['1 a']);
    await own.expunge('Work', 1);
    expect(await remove('Work', { requireEmpty: true })).toMatchObject({ complete: true });
  });

  test('bypassing the storage, mail goes for good', async () => {
    const { own, remove } = await desk();
    await own.deliver('Work', 'a');
    await remove('Work', { bypassStorage: true });
    await expect(own.box('.EXPUNGED')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    expect(own.states()).toEqual(['purging']);
  });

  describe('where mail is kept in place', () => {
    const IN_PLACE: MailSettings = { lazyExpunge: 'in-place' };

    test('L6: mail goes at once with its mailbox, also what was expunged before', async () => {
      const { own, remove, world } = await desk(IN_PLACE);
      await own.deliver('Work', 'a', 'b', 'c');
      await own.expunge('Work', 2);
      const { mailboxId } = await own.box('Work');
      expect(own.states().toSorted()).toEqual(['expunged', 'live', 'live']);
      expect(await remove('Work')).toMatchObject({ messages: 2, complete: true });
      expect(own.states()).toEqual(['purging', 'purging', 'purging']);
      expect(await readMailbox(world.rows, mailboxId)).toMatchObject({ state: 'shell' });
    });

    test('L6: a mailbox that holds only what was expunged takes that along', async () => {
      const { own, remove } = await desk(IN_PLACE);
      await own.deliver('Work', 'a');
      await own.expunge('Work', 1);
      await remove('Work', { requireEmpty: true });
      expect(own.states()).toEqual(['purging']);
    });

    test('W1: the INBOX stays, and what is expunged in it stays in reach', async () => {
      const { own, remove } = await desk(IN_PLACE);
      await own.deliver('INBOX', 'a', 'b');
      await own.expunge('INBOX', 1);
      await remove('INBOX');
      expect(own.states()).toEqual(['expunged', 'expunged']);
    });

    test('W6: nothing goes while the account is held', async () => {
      const { own, remove, world } = await desk(IN_PLACE);
      await own.deliver('Work', 'a', 'b');
      await own.expunge('Work', 1);
      const key = registryKeys.account(own.account.accountId);
      const hold = { set: { hold: { by: 'court' } } };
      await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change: hold });
      await expect(remove('Work')).rejects.toMatchObject({ name: 'AccountHeldError' });
      expect(own.states()).toEqual(['expunged', 'live']);
    });

    test('W2, O3: cut by its deadline, or by a crash at any change, it goes on', async () => {
      const { own, remove, world } = await desk(IN_PLACE);
      await own.deliver('Work', ...Array.from({ length: 60 }, (_, index) => `m${index}`));
      for (let uid = 1; uid <= 60; uid += 2) await own.expunge('Work', uid);
      for (let call = 1; ; call += 1) {
        const crashes = new Crashes({ call: 1, point: call % 2 === 0 ? 'after' : 'before' });
        const done = await remove('Work', { ports: crashes.wrapAll({ ...world.ports }) }).catch(
          () => undefined,
        );
        if (done !== undefined || call > 20) break;
      }
      await remove('Work').catch((error) => expect(error.name).toBe('UnknownMailboxError'));
      expect(new Set(own.states())).toEqual(new Set(['purging']));
    });
  });

  test('L6, O3: cut by its deadline it says so, and the same request goes on', async () => {
    const { own, world, remove } = await desk();
    const some = Array.from({ length: 75 }, (_, index) => `m${index}`);
    await own.deliver('Work', ...some);
    await own.deliver('Work', ...some);
    const slow = interrupted(world.rows, async () => world.clock.advance(60_000));
    const ports = { ...world.ports, rows: slow };
    const part = await remove('Work', { ports, until: world.clock.now() + 1000 });
    expect(part.complete).toBe(false);
    expect(part.messages).toBeGreaterThan(50);
    const rest = await remove('Work');
    expect(rest).toMatchObject({ messages: 150 - part.messages, complete: true });
    expect(await own.show('.EXPUNGED')).toHaveLength(150);
  });

  test('L6: the INBOX is emptied and stays', async () => {
    const { own, remove } = await desk();
    await own.deliver('INBOX', 'a');
    const { mailboxId, uidValidity } = await own.box('INBOX');
    await remove('INBOX');
    expect(await own.box('INBOX')).toMatchObject({ mailboxId, uidValidity, messages: 0 });
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
  });

  test('W6: under a hold nothing goes, not even when it is placed meanwhile', async () => {
    const { own, remove, during } = await desk();
    await own.deliver('Work', 'a');
    const ports = during(() => own.hold());
    await expect(remove('Work', { ports })).rejects.toMatchObject({ name: 'AccountHeldError' });
    await expect(remove('Work')).rejects.toMatchObject({ name: 'AccountHeldError' });
    expect(await own.show('Work')).toEqual(['1 a']);
  });

  test('W1: mail stays whose mailbox has got another name meanwhile', async () => {
    const { own, world, remove, during } = await desk();
    await own.deliver('Work', 'a');
    const { mailboxId } = await own.box('Work');
    const path = dictmapKeys.path(own.account.accountId, 'Work');
    const ports = during(() => world.rows.write({ kind: 'remove', key: path }));
    await expect(remove('Work', { ports, bypassStorage: true })).rejects.toMatchObject({
      name: 'UnknownMailboxError',
    });
    expect(await readMailbox(world.rows, mailboxId)).toMatchObject({ messages: 1 });
    expect(own.states()).toEqual(['live']);
  });

  test('W2, L6: a crash at any change leaves all of the mail somewhere; asked again, it ends', async () => {
    let crashed = 0;
    for (const point of ['before', 'after'] as const) {
      for (let call = 1; ; call += 1) {
        const { own, world, remove } = await desk();
        await own.deliver('Work', ...Array.from({ length: 98 }, (_, index) => `m${index}`));
        await own.deliver('Work', 'late');
        const crashes = new Crashes({ call, point });
        await remove('Work', { ports: crashes.wrapAll({ ...world.ports }) }).catch(() => {});
        if (!crashes.crashed) break;
        crashed += 1;
        const storage = await own.show('.EXPUNGED').catch(() => []);
        const left = await own.show('Work').catch(() => []);
        expect(storage.length + left.length).toBe(99);
        await remove('Work').catch((error) => {
          expect(error).toMatchObject({ name: 'UnknownMailboxError' });
        });
        expect(await own.show('.EXPUNGED')).toHaveLength(99);
        await expect(own.box('Work')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
      }
    }
    // The storage, two chunks, and the end.
    expect(crashed).toBe(2 * 4);
  });

  test('L2: in a namespace it merges into the folder of its name, UIDVALIDITY and all', async () => {
    const { own, make, remove } = await desk({ lazyExpunge: '.EXPUNGED/' });
    await own.deliver('Work', 'a');
    await remove('Work');
    const { mailboxId, uidValidity } = await own.box('.EXPUNGED/Work');
    await make('Work');
    await own.deliver('Work', 'b');
    await remove('Work');
    expect(await own.show('.EXPUNGED/Work')).toEqual(['1 a', '2 b']);
    expect(await own.box('.EXPUNGED/Work')).toMatchObject({ mailboxId, uidValidity });
  });

  test('L4: of several instances in it, the last is kept', async () => {
    const { own, remove } = await desk({ ...LAZY, lazyExpungeOnlyLastInstance: true });
    await own.deliver('Work', 'a', 'b');
    await own.copy('Work', 'Work', 1);
    await own.copy('Work', 'INBOX', 2);
    expect(await remove('Work')).toMatchObject({ messages: 3 });
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
    expect(await own.show('INBOX')).toEqual(['1 b']);
  });
});
