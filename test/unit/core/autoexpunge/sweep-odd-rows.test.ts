import { describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import { passedOverReport } from '../../../../functions/core/autoexpunge/sweep-due.ts';
import { rowBytes } from '../../../../functions/core/meter/row-units.ts';
import type { Change, RowStore } from '../../../../functions/core/ports/row-store.ts';
import { DAY_SECONDS, policies, RETENTION_DAYS, SweptAccount } from './swept-account.ts';

const WEEK = policies({ Trash: { afterSeconds: 7 * DAY_SECONDS } });
const KIB = 1024;

/** Six messages that are due. @param odd what the row of the third has become */
async function withThird(odd: Change | 'full', settings = WEEK): Promise<SweptAccount> {
  const it = await SweptAccount.make({ lazyExpunge: '.EXPUNGED', ...settings });
  await it.deliver('Trash', 'x1', 'x2', 'x3', 'x4', 'x5', 'x6');
  for (const uid of [1, 2, 3, 4, 5, 6]) await it.age('Trash', uid, 20 * DAY_SECONDS);
  await change(it, 3, odd === 'full' ? await filling(it) : odd);
  return it;
}

/** What brings its row to ten bytes below what DynamoDB takes. */
async function filling(it: SweptAccount): Promise<Change> {
  const { mailboxId } = await it.box('Trash');
  const row = await it.world.rows.get(dictmapKeys.message(mailboxId, 3));
  const bytes = row === undefined ? 0 : rowBytes(row.key, row.attributes);
  return { set: { padding: 'x'.repeat(400 * KIB - bytes - 'padding'.length - 10) } };
}

async function change(it: SweptAccount, uid: number, to: Change): Promise<void> {
  const { mailboxId } = await it.box('Trash');
  const key = dictmapKeys.message(mailboxId, uid);
  const guard = { row: 'present' } as const;
  await it.world.rows.write({ kind: 'update', key, guard, change: to });
}

const rowsWith = (it: SweptAccount, write: RowStore['write']): RowStore =>
  new Proxy<RowStore>(it.world.rows, {
    get: (target, name) => (name === 'write' ? write : Reflect.get(target, name).bind(target)),
  });

const keywords = (bytes: number): ReadonlySet<string> =>
  new Set(Array.from({ length: bytes / 100 }, (_, n) => String(n).padStart(100, 'k')));

const ODD: readonly (readonly [string, Change | 'full'])[] = [
  ['lacks its envelope', { unset: ['envelope'] }],
  ['lacks its state', { unset: ['state'] }],
  ['has flags that are no set', { set: { flags: 'x' } }],
  ['was copied, and no row of links names it', { set: { copied: true } }],
  ['is too large for another attribute', 'full'],
];

describe('a message whose row is odd', () => {
  test.each(ODD)('A5, W5: one that %s stays; all the others go', async (_, odd) => {
    const it = await withThird(odd);
    const swept = await it.sweep('Trash');
    expect(swept).toMatchObject({ outcome: 'done', messages: 5 });
    expect(swept.passedOver?.map(({ uid }) => uid)).toEqual([3]);
    expect(it.states().filter((state) => state === 'expunged')).toHaveLength(5);
    expect(await it.box('Trash')).toMatchObject({ messages: 1 });
  });

  test.each(ODD)(
    'A5: one that %s is looked at every day, and found once mended',
    async (_, odd) => {
      const it = await withThird(odd);
      await it.sweep('Trash');
      expect(await it.dueIn('Trash')).toBe(DAY_SECONDS);
      expect((await it.box('Trash')).firstLiveUid).toBe(3);
      it.world.clock.advance(DAY_SECONDS * 1000);
      expect((await it.sweep('Trash')).passedOver).toHaveLength(1);
      const envelope = { from: '', to: '', subject: 'x3', messageId: '', attachments: false };
      const unset = ['flags', 'copied', 'padding'];
      await change(it, 3, { set: { state: 'live', envelope }, unset });
      expect(await it.sweep('Trash')).toMatchObject({ outcome: 'done', messages: 1 });
      expect(await it.dueIn('Trash')).toBeUndefined();
    },
  );

  test('W1: one that stays is listed after a sweep that mail came between', async () => {
    const it = await withThird('full');
    let left = 1;
    const write: RowStore['write'] = async (given) => {
      const settles = given.key.sk.startsWith('mailbox#') && given.kind === 'update';
      if (settles) left -= 1;
      if (settles && left === 0) await it.deliver('Trash', 'x7');
      return await it.world.rows.write(given);
    };
    await it.sweep('Trash', { ports: { ...it.world.ports, rows: rowsWith(it, write) } });
    expect(left).toBe(-1);
    expect(await it.show('Trash')).toEqual(['3 x3', '7 x7']);
  });

  test('W1: one that stays is listed after a sweep that had no time for all', async () => {
    const it = await withThird('full');
    const texts = Array.from({ length: 100 }, (_, n) => `x${n + 7}`);
    for (const part of [texts.slice(0, 50), texts.slice(50)]) await it.deliver('Trash', ...part);
    for (const [n] of texts.entries()) await it.age('Trash', n + 7, 20 * DAY_SECONDS);
    const until = it.world.clock.now() - 1;
    expect(await it.sweep('Trash', { until })).toMatchObject({ outcome: 'again' });
    expect((await it.show('Trash'))[0]).toBe('3 x3');
  });

  test('A1, W5: one that cannot be read makes no other go by the count limit', async () => {
    const it = await withThird({ unset: ['envelope'] }, policies({ Trash: { maxMails: 5 } }));
    expect(await it.sweep('Trash')).toMatchObject({ messages: 0 });
  });

  test('O1: each is reported by its mailbox and UID, without its content', async () => {
    const it = await withThird({ unset: ['envelope'] });
    const { mailboxId } = await it.box('Trash');
    const told: unknown[] = [];
    const config = {
      deployment: {},
      retentionDays: RETENTION_DAYS,
      parallelAccounts: 1,
      onFailure: (what: string) => void told.push(what),
    };
    const report = passedOverReport(config, mailboxId, await it.sweep('Trash'));
    expect(told).toEqual([`${mailboxId} UID 3`]);
    expect(report).toMatchObject({ failed: 1, failures: [{ what: `${mailboxId} UID 3` }] });
  });

  test('O3: rows of 20 MB together go in transactions that DynamoDB takes', async () => {
    const it = await SweptAccount.make({ lazyExpunge: '.EXPUNGED', ...WEEK });
    const texts = Array.from({ length: 60 }, (_, n) => `x${n}`);
    await it.deliver('Trash', ...texts);
    const set = { keywords: keywords(350 * KIB) };
    for (const [index] of texts.entries()) {
      await it.age('Trash', index + 1, 20 * DAY_SECONDS);
      await change(it, index + 1, { set });
    }
    const swept = await it.sweep('Trash');
    expect(swept).toEqual({ outcome: 'done', messages: 60, bytes: expect.any(Number) });
  });
});
