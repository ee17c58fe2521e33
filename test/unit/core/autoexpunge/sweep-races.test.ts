import { describe, expect, test } from 'vitest';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { CRASH_POINTS, Crashes } from '../../../models/faulty.ts';
import { DAY_SECONDS, policies, SweptAccount } from './swept-account.ts';

const LAZY = { lazyExpunge: '.EXPUNGED', lazyExpungeOnlyLastInstance: true };
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `x${index + 1}`);

/** Calls `first` before the first transaction or write that a port makes. */
function justBefore(rows: RowStore, first: () => Promise<unknown>): RowStore {
  let done = false;
  const once = async () => {
    if (done) return;
    done = true;
    await first();
  };
  return new Proxy(rows, {
    get: (target, name) => {
      const member = (Reflect.get(target, name) as (...args: unknown[]) => unknown).bind(target);
      if (name !== 'transact' && name !== 'write') return member;
      return async (...args: unknown[]) => {
        await once();
        return await member(...args);
      };
    },
  });
}

describe('meeting others', () => {
  test('A5: mail that comes while the last one goes gets an entry', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 2 } }));
    await it.deliver('Trash', 'a');
    it.world.clock.advance(2000);
    const rows = justBefore(it.world.rows, () => it.sweep('Trash'));
    await it.deliverBy({ ...it.world.ports, rows }, 'Trash', 'b');
    expect(await it.show('Trash')).toEqual(['2 b']);
    expect(await it.dueIn('Trash')).toBe(2);
  });

  test('A5: mail that comes before the entry is rewritten leaves it as it was', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 2 } }));
    await it.deliver('Trash', 'a');
    it.world.clock.advance(1000);
    const { dueSk } = await it.box('Trash');
    await it.set('Trash', { dueSk: new Date(it.world.clock.now()).toISOString() });
    const rows = justBefore(it.world.rows, () => it.deliver('Trash', 'b'));
    await it.sweep('Trash', { ports: { ...it.world.ports, rows } });
    expect(await it.dueIn('Trash')).toBe(0);
    await it.sweep('Trash');
    expect((await it.box('Trash')).dueSk).toBe(dueSk);
  });

  test('W6: a hold that comes while it sweeps stops it', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 1 } }));
    for (let at = 0; at < 240; at += 60) await it.deliver('Trash', ...numbered(60));
    it.world.clock.advance(1000);
    const rows = justBefore(it.world.rows, () => it.hold());
    const swept = await it.sweep('Trash', { ports: { ...it.world.ports, rows } });
    expect(swept).toMatchObject({ outcome: 'skipped', messages: 0 });
    expect((await it.box('Trash')).messages).toBe(240);
  });

  test('A2: a rename that comes while it sweeps stops it', async () => {
    const it = await SweptAccount.make(policies({ Trash: { afterSeconds: 1 } }));
    for (let at = 0; at < 240; at += 60) await it.deliver('Trash', ...numbered(60));
    it.world.clock.advance(1000);
    const rename = () => it.set('Trash', { renamedAt: it.world.clock.now() });
    const rows = justBefore(it.world.rows, rename);
    const swept = await it.sweep('Trash', { ports: { ...it.world.ports, rows } });
    expect(swept).toMatchObject({ outcome: 'skipped' });
    expect((await it.box('Trash')).messages).toBeGreaterThan(0);
    expect(await it.sweep('Trash')).toMatchObject({ outcome: 'done', messages: 0 });
    expect(await it.dueIn('Trash')).toBe(1);
  });

  test('A5, W3: three sweeps, deliveries and expunges at once lose and double nothing', async () => {
    const it = await SweptAccount.make({ ...LAZY, ...policies({ Trash: { maxMails: 20 } }) });
    await it.deliver('Trash', ...numbered(75));
    await it.deliver('Trash', ...numbered(150).slice(75));
    await Promise.all([
      it.sweep('Trash'),
      it.deliver('Trash', 'y1', 'y2'),
      it.sweep('Trash'),
      it.expunge('Trash', 1, 2, 140, 141),
      it.sweep('Trash'),
    ]);
    await it.sweep('Trash');
    const live = await it.show('Trash');
    const stored = await it.show('.EXPUNGED');
    expect(live.length).toBeLessThanOrEqual(20);
    expect(live.length + stored.length).toBe(152);
    const texts = [...live, ...stored].map((line) => line.split(' ')[1]);
    expect(new Set(texts).size).toBe(152);
    expect((await it.box('Trash')).messages).toBe(live.length);
    expect((await it.box('.EXPUNGED')).uidNext).toBe(stored.length + 1);
  });
});

describe('crashes', () => {
  interface Crash {
    readonly call: number;
    readonly point: (typeof CRASH_POINTS)[number];
  }

  /** Mail in two mailboxes with copies, swept to the end whatever happens. */
  async function run(crash?: Crash) {
    const it = await SweptAccount.make({
      ...LAZY,
      ...policies({ Trash: { afterSeconds: DAY_SECONDS, maxMails: 60 } }),
    });
    await it.deliver('Trash', ...numbered(90));
    await it.copy('Trash', 'INBOX', 3, 4, 70);
    await it.age('Trash', 31, 2 * DAY_SECONDS);
    const process = new Crashes(crash);
    const ports = process.wrapAll({ ...it.world.ports });
    const crashed = await it.sweep('Trash', { ports }).then(
      () => false,
      () => true,
    );
    if (crashed) await it.sweep('Trash');
    const { dueSk, firstLiveUid, messages, bytes, uidNext } = await it.box('Trash');
    const end = { dueSk, firstLiveUid, messages, bytes, uidNext };
    const shown = { trash: await it.show('Trash'), stored: await it.show('.EXPUNGED') };
    return { calls: process.calls, crashed, end, shown, states: it.states() };
  }

  test.each(CRASH_POINTS)('A5, W3: a crash %s any change ends as none does', async (point) => {
    const { calls, crashed: _, ...clean } = await run();
    expect(clean.shown.trash).toHaveLength(59);
    expect(clean.shown.stored).toHaveLength(29);
    expect(calls).toBeGreaterThan(2);
    for (let call = 1; call <= calls; call += 1) {
      const { calls: __, crashed, ...end } = await run({ call, point });
      expect(crashed).toBe(true);
      expect({ call, ...end }).toEqual({ call, ...clean });
    }
  });
});
