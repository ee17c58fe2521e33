import { describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_SECONDS, policies, SweptAccount } from './swept-account.ts';

const LAZY = { lazyExpunge: '.EXPUNGED' };
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `x${index + 1}`);

describe('by count and age', () => {
  test('A1: of six messages the three with the lowest UIDs go, whatever their dates (D52)', async () => {
    const it = await SweptAccount.make(policies({ Trash: { maxMails: 3 } }));
    await it.deliver('Trash', ...numbered(6));
    expect(await it.dueIn('Trash')).toBe(0);
    expect(await it.sweep('Trash')).toMatchObject({ outcome: 'done', messages: 3 });
    expect(await it.show('Trash')).toEqual(['4 x4', '5 x5', '6 x6']);
    expect(await it.dueIn('Trash')).toBeUndefined();
    expect(await it.box('Trash')).toMatchObject({ uidNext: 7, firstLiveUid: 4, messages: 3 });
  });

  test('A1: age counts from the save date and stops at the first message not due (D57)', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 7 * DAY_SECONDS } }));
    await it.deliver('Trash', 'old1', 'fresh2', 'old3');
    await it.age('Trash', 1, 20 * DAY_SECONDS);
    await it.age('Trash', 2, DAY_SECONDS);
    await it.age('Trash', 3, 19 * DAY_SECONDS);
    await it.sweep('Trash');
    expect(await it.show('Trash')).toEqual(['2 fresh2', '3 old3']);
    expect(await it.dueIn('Trash')).toBe(6 * DAY_SECONDS);
  });

  test('A1: first what is too many, then by age, from the lowest UID on (D60)', async () => {
    const both = { afterSeconds: 7 * DAY_SECONDS, maxMails: 4 };
    const it = await SweptAccount.make(policies({ Trash: both }));
    await it.deliver('Trash', ...numbered(6));
    for (const [index, days] of [1, 20, 20, 2, 20, 1].entries()) {
      await it.age('Trash', index + 1, days * DAY_SECONDS);
    }
    expect(await it.sweep('Trash')).toMatchObject({ messages: 3 });
    expect(await it.show('Trash')).toEqual(['4 x4', '5 x5', '6 x6']);
  });

  test('A1: due is at least so old, to the second', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 2 } }));
    await it.deliver('Trash', 'x1');
    expect(await it.dueIn('Trash')).toBe(2);
    it.world.clock.advance(1999);
    expect(await it.sweep('Trash')).toMatchObject({ messages: 0 });
    it.world.clock.advance(1);
    expect(await it.sweep('Trash')).toMatchObject({ messages: 1 });
  });

  test('A2: a rename restarts the clock (D59)', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 3 } }));
    await it.deliver('Trash', 'o1');
    it.world.clock.advance(5000);
    await it.set('Trash', { renamedAt: it.world.clock.now() });
    expect(await it.sweep('Trash')).toMatchObject({ messages: 0 });
    expect(await it.dueIn('Trash')).toBe(3);
    it.world.clock.advance(5000);
    expect(await it.sweep('Trash')).toMatchObject({ messages: 1 });
  });

  test('A3: what goes is in the expunge storage, where a new clock starts (D51)', async () => {
    const it = await SweptAccount.make({
      ...LAZY,
      ...policies({ Trash: { afterSeconds: 2 }, '.EXPUNGED': { afterSeconds: 4 } }),
    });
    await it.deliver('Trash', 'x1');
    it.world.clock.advance(5000);
    await it.sweep('Trash');
    expect(await it.show('.EXPUNGED')).toEqual(['1 x1']);
    expect(await it.dueIn('.EXPUNGED')).toBe(4);
    it.world.clock.advance(2000);
    expect(await it.sweep('.EXPUNGED')).toMatchObject({ messages: 0 });
    expect(await it.show('.EXPUNGED')).toEqual(['1 x1']);
    it.world.clock.advance(2000);
    expect(await it.show('.EXPUNGED')).toEqual([]);
    expect(it.states()).toEqual(['expunged']);
    expect(await it.sweep('.EXPUNGED')).toMatchObject({ messages: 1 });
    expect(it.states()).toEqual(['purging']);
    expect(await it.dueIn('.EXPUNGED')).toBeUndefined();
  });

  test('A5: a thousand messages over several buckets of expunged ones; a second sweep does nothing', async () => {
    const it = await SweptAccount.make({ ...LAZY, ...policies({ Trash: { maxMails: 7 } }) });
    for (let at = 0; at < 300; at += 60) await it.deliver('Trash', ...numbered(60));
    expect(await it.sweep('Trash')).toMatchObject({ outcome: 'done', messages: 293 });
    expect(await it.box('Trash')).toMatchObject({ messages: 7, firstLiveUid: 294 });
    expect(await it.sweep('Trash')).toMatchObject({ outcome: 'done', messages: 0 });
    expect(await it.show('.EXPUNGED')).toHaveLength(293);
  });

  test('O3: it stops when time is over and goes on where it was', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 1 } }));
    for (let at = 0; at < 240; at += 60) await it.deliver('Trash', ...numbered(60));
    it.world.clock.advance(1000);
    const until = it.world.clock.now() - 1;
    expect(await it.sweep('Trash', { until })).toMatchObject({ outcome: 'again' });
    const left = (await it.box('Trash')).messages;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(240);
    expect(await it.sweep('Trash')).toMatchObject({ outcome: 'done', messages: left });
    expect(await it.dueIn('Trash')).toBeUndefined();
  });

  test('O1: a dry run counts and changes nothing', async () => {
    const it = await SweptAccount.make(policies({ Trash: { maxMails: 3 } }));
    await it.deliver('Trash', ...numbered(6));
    const before = it.world.rows.rows();
    expect(await it.sweep('Trash', { dryRun: true })).toEqual({
      outcome: 'done',
      messages: 3,
      bytes: 3 * ((await it.box('Trash')).bytes / 6),
    });
    expect(it.world.rows.rows()).toEqual(before);
  });
});

describe('what may not go', () => {
  test.each([{ hold: { by: 'court' } }, { state: 'disabled' }])(
    'W6: nothing of an account with %j',
    async (attributes) => {
      const it = await SweptAccount.make(policies({ Trash: { maxMails: 1 } }));
      await it.deliver('Trash', ...numbered(6));
      await it.world.rows.write({
        kind: 'update',
        key: registryKeys.account(it.account.accountId),
        guard: { row: 'present' },
        change: { set: attributes },
      });
      expect(await it.sweep('Trash')).toMatchObject({ outcome: 'skipped', messages: 0 });
      expect(await it.dueIn('Trash')).toBe(0);
      expect((await it.box('Trash')).messages).toBe(6);
    },
  );

  test('W8: a counter that is too high takes nobody', async () => {
    const it = await SweptAccount.make(policies({ Trash: { maxMails: 3 } }));
    await it.deliver('Trash', 'a', 'b', 'c');
    await it.set('Trash', { messages: 9 });
    expect(await it.sweep('Trash')).toMatchObject({ outcome: 'done', messages: 0 });
    expect(await it.show('Trash')).toHaveLength(3);
  });

  test('A1: settings decide, not the row, which is corrected', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 100 } }));
    await it.deliver('Trash', 'a');
    await it.set('Trash', { autoexpungeAfterSeconds: 1, autoexpungeMaxMails: 1 });
    it.world.clock.advance(5000);
    expect(await it.sweep('Trash')).toMatchObject({ messages: 0 });
    const row = await it.box('Trash');
    expect(row.autoexpungeAfterSeconds).toBe(100);
    expect(row.autoexpungeMaxMails).toBeUndefined();
    expect(await it.dueIn('Trash')).toBe(95);
  });

  test('A1: a policy that is no more leaves row and index', async () => {
    const it = await SweptAccount.make({});
    await it.set('Trash', { autoexpungeAfterSeconds: 1 });
    await it.deliver('Trash', 'a');
    it.world.clock.advance(5000);
    expect(await it.sweep('Trash')).toMatchObject({ messages: 0 });
    expect(await it.box('Trash')).not.toHaveProperty('autoexpungeAfterSeconds');
    expect(await it.dueIn('Trash')).toBeUndefined();
  });
});
