/** Deleting the expunge storage itself: what it shows ends for good. */
import { describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { deleteNow } from '../../../../functions/core/folders/delete-now.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import type { RowQuery, RowStore } from '../../../../functions/core/ports/row-store.ts';
import { usedQuota } from '../../../../functions/core/quota/quota.ts';
import { SweptAccount } from '../autoexpunge/swept-account.ts';
import { interrupted } from '../interrupted.ts';

const LAZY: MailSettings = { lazyExpunge: '.EXPUNGED' };
const DAY_MS = 86_400_000;

async function desk(settings: MailSettings = LAZY) {
  const own = await SweptAccount.make(settings);
  const { world } = own;
  await createMailbox(world.ports, own.account, 'Work');
  await own.deliver('Work', 'a', 'b');
  await own.expunge('Work', 1);
  return {
    own,
    world,
    remove: async (path: string, ports: Ports = world.ports, until = own.until()) =>
      deleteNow(ports, own.context, { mailbox: await own.box(path) }, until),
    expiries: () => world.rows.rows('dictmap').filter(({ key }) => key.sk.startsWith('expiry#')),
  };
}

/** An index that shows nothing the first so many times. */
function lateIndex(rows: RowStore, times: number): RowStore {
  let left = times;
  return {
    get: (key) => rows.get(key),
    write: (write) => rows.write(write),
    transact: (writes) => rows.transact(writes),
    removeAll: (keys) => rows.removeAll(keys),
    query: async (query: RowQuery) => {
      if (query.index !== 'lazy') return await rows.query(query);
      left -= 1;
      return left < 0 ? await rows.query(query) : { rows: [] };
    },
  };
}

describe('deleting the expunge storage', () => {
  test('L2, X2: all it shows ends, its counts and its name go; the next expunge makes another', async () => {
    const { own, remove, expiries } = await desk();
    const { uidValidity } = await own.box('.EXPUNGED');
    expect(await remove('.EXPUNGED')).toMatchObject({ messages: 1, complete: true });
    await expect(own.box('.EXPUNGED')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    expect(own.states()).toEqual(['live', 'purging']);
    expect(expiries()).toEqual([]);
    expect(await own.show('Work')).toEqual(['2 b']);
    await own.expunge('Work', 2);
    expect(await own.show('.EXPUNGED')).toEqual(['1 b']);
    expect((await own.box('.EXPUNGED')).uidValidity).toBeGreaterThan(uidValidity);
  });

  test('L6, W2: what is expunged into it meanwhile makes it fail, and stays', async () => {
    const { own, world, remove } = await desk();
    const rows = interrupted(world.rows, () => own.expunge('Work', 2));
    await expect(remove('.EXPUNGED', { ...world.ports, rows })).rejects.toMatchObject({
      name: 'MailboxNotEmptyError',
    });
    expect(await own.show('.EXPUNGED')).toEqual(['2 b']);
    const { account, context } = own;
    const { messages } = await usedQuota(world.ports, account, context.settings);
    expect(messages).toBe(1);
  });

  test('L2, W3: an expunge that meets its end goes into a new one', async () => {
    const { own, world, remove } = await desk();
    const rows = interrupted(world.rows, () => remove('.EXPUNGED'));
    const ports = { ...world.ports, rows };
    const box = await own.box('Work');
    await expungeMessages({ ports, context: own.context, deadline: own.until() }, box, [2], {});
    expect(await own.show('.EXPUNGED')).toEqual(['1 b']);
    expect(own.states()).toEqual(['expunged', 'purging']);
  });

  test('W8: an index that is late hides nothing from it', async () => {
    const { own, world, remove } = await desk();
    const late = { ...world.ports, rows: lateIndex(world.rows, 3) };
    expect(await remove('.EXPUNGED', late)).toMatchObject({ messages: 1, complete: true });
    expect(own.states()).toEqual(['live', 'purging']);
  });

  test('W8, O3: while it shows less than was counted, the storage stays', async () => {
    const { own, world, remove } = await desk();
    const never = { ...world.ports, rows: lateIndex(world.rows, 1e6) };
    const until = world.clock.now() + 5000;
    expect(await remove('.EXPUNGED', never, until)).toEqual({
      messages: 0,
      bytes: 0,
      complete: false,
    });
    expect(await own.show('.EXPUNGED')).toEqual(['1 a']);
  });

  test('X1: what has expired goes along, and is not counted in the answer', async () => {
    const settings = {
      ...LAZY,
      mailboxes: { '.EXPUNGED': { autoexpunge: { afterSeconds: 3600 } } },
    };
    const { own, world, remove } = await desk(settings);
    world.clock.advance(2 * 3600_000);
    expect(await own.show('.EXPUNGED')).toEqual([]);
    expect(await remove('.EXPUNGED')).toMatchObject({ messages: 0, complete: true });
    expect(own.states()).toEqual(['live', 'purging']);
  });

  test('D97: after a deleted folder, whose shell holds them, its messages end too', async () => {
    const { own, world, remove } = await desk();
    await remove('Work');
    world.clock.advance(DAY_MS);
    expect(await remove('.EXPUNGED')).toMatchObject({ messages: 2, complete: true });
    expect(own.states()).toEqual(['purging', 'purging']);
  });
});
