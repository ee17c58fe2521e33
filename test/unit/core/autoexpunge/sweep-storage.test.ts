import { describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import { restoreMessages } from '../../../../functions/core/messages/restore-messages.ts';
import type { Row, RowQuery } from '../../../../functions/core/ports/row-store.ts';
import { DAY_SECONDS, policies, SweptAccount } from './swept-account.ts';

const STORAGE = '.EXPUNGED';

/** Five messages delivered and expunged in this order, a second apart. */
async function expunged(settings: MailSettings, order: readonly number[]): Promise<SweptAccount> {
  const it = await SweptAccount.make({ lazyExpunge: STORAGE, ...settings });
  await it.deliver('INBOX', 'm1', 'm2', 'm3', 'm4', 'm5');
  for (const uid of order) {
    it.world.clock.advance(1000);
    await it.expunge('INBOX', uid);
  }
  return it;
}

describe('the count limit of the storage', () => {
  test('A1: the lowest UIDs of the storage go, in the order of expunging (D53)', async () => {
    const both = { afterSeconds: 7 * DAY_SECONDS, maxMails: 2 };
    const it = await expunged(policies({ [STORAGE]: both }), [5, 1, 4, 2]);
    expect(await it.sweep(STORAGE)).toMatchObject({ outcome: 'done', messages: 2 });
    expect(await it.show(STORAGE)).toEqual(['3 m4', '4 m2']);
    expect(it.states()).toEqual(['expunged', 'expunged', 'live', 'purging', 'purging']);
    expect(await it.dueIn(STORAGE)).toBe(7 * DAY_SECONDS - 1);
    expect(await it.box(STORAGE)).toMatchObject({ messages: 0, uidNext: 5 });
  });

  test('W8: neither a counter nor a late index makes a victim', async () => {
    const it = await expunged(policies({ [STORAGE]: { maxMails: 2 } }), [1, 2, 3]);
    const { mailboxId } = await it.box(STORAGE);
    const late = it.world.rows.rows('dictmap').filter(({ key }) => key.sk === '0000000003');
    const { ports, rows } = it.world;
    await restoreMessages(
      { ports, context: it.context, deadline: it.until() },
      await it.box(STORAGE),
      [3],
      {},
    );
    const counted = it.world.rows.rows('dictmap').find(({ key }) => key.sk.startsWith('expiry#'));
    const key = counted?.key ?? dictmapKeys.expiry(mailboxId, 'never');
    const change = { set: { messages: 9 } };
    await rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    const stale = lateIndex(it, late);
    expect(await it.sweep(STORAGE, { ports: stale })).toMatchObject({ messages: 0 });
    expect(await it.show(STORAGE)).toEqual(['1 m1', '2 m2']);
    expect(await it.dueIn(STORAGE), 'it is looked at again').toBeLessThanOrEqual(0);
  });

  test('A5: what the index does not show yet is looked at again', async () => {
    const it = await expunged(policies({ [STORAGE]: { maxMails: 2 } }), [1, 2, 3]);
    const { ports } = it.world;
    const none = {
      ...ports,
      rows: queriesOf(
        it,
        ({ index }) => index === 'lazy',
        () => [],
      ),
    };
    expect(await it.sweep(STORAGE, { ports: none })).toMatchObject({ messages: 0 });
    expect(await it.dueIn(STORAGE)).toBeDefined();
    expect(await it.sweep(STORAGE)).toMatchObject({ messages: 1 });
    expect(await it.dueIn(STORAGE)).toBeUndefined();
  });

  test('A5: under the limit it reads no messages', async () => {
    const it = await expunged(policies({ [STORAGE]: { maxMails: 5 } }), [1, 2, 3]);
    expect(await it.sweep(STORAGE)).toMatchObject({ messages: 0 });
    expect(await it.dueIn(STORAGE)).toBeUndefined();
  });
});

describe('the age limit of the storage', () => {
  test('X2: what its class ends is left to TTL and lifecycle', async () => {
    const it = await expunged(policies({ [STORAGE]: { afterSeconds: 90 * DAY_SECONDS } }), [1]);
    expect(await it.dueIn(STORAGE)).toBe(90 * DAY_SECONDS);
    it.world.clock.advance(31 * DAY_MS);
    expect(await it.sweep(STORAGE)).toMatchObject({ messages: 0 });
    expect(it.states()).toEqual(['expunged', 'live', 'live', 'live', 'live']);
    expect(await it.dueIn(STORAGE)).toBeUndefined();
  });

  test('X1: a limit set later ends what it finds too old, and no more', async () => {
    const it = await expunged({}, [1, 2]);
    it.world.clock.advance(10_000);
    await it.expunge('INBOX', 3);
    const later = SweptAccount.join(it, {
      lazyExpunge: STORAGE,
      ...policies({ [STORAGE]: { afterSeconds: 5 } }),
    });
    expect(await later.sweep(STORAGE)).toMatchObject({ messages: 2 });
    expect(await later.show(STORAGE)).toEqual(['3 m3']);
    expect(await later.dueIn(STORAGE)).toBe(5);
  });

  test('X1: a limit that is no more still clears away what it has hidden', async () => {
    const it = await expunged(policies({ [STORAGE]: { afterSeconds: 5 } }), [1]);
    it.world.clock.advance(6000);
    const later = SweptAccount.join(it, { lazyExpunge: STORAGE });
    expect(await later.sweep(STORAGE)).toMatchObject({ messages: 1 });
    expect(later.states()).toEqual(['live', 'live', 'live', 'live', 'purging']);
    expect(await later.dueIn(STORAGE)).toBeUndefined();
  });

  test('W5: expired mail whose row of links TTL has taken is left to the lifecycle', async () => {
    const it = await SweptAccount.make({
      lazyExpunge: STORAGE,
      ...policies({ [STORAGE]: { afterSeconds: 5 } }),
    });
    await it.deliver('INBOX', 'm1', 'm2');
    await it.copy('INBOX', 'Trash', 1);
    await it.expunge('INBOX', 1, 2);
    await it.expunge('Trash', 1);
    it.world.clock.advance(6000);
    const blob = it.world.rows
      .rows('dictmap')
      .find(({ attributes }) => attributes['type'] === 'blob');
    if (blob !== undefined) await it.world.rows.write({ kind: 'remove', key: blob.key });
    expect(blob).toBeDefined();
    expect(await it.sweep(STORAGE)).toMatchObject({ outcome: 'done', messages: 1 });
    expect(it.states()).toEqual(['expunged', 'expunged', 'purging']);
  });
});

/** The index still shows these rows. */
function lateIndex(it: SweptAccount, late: readonly Row[]) {
  const isLazy = ({ index }: RowQuery) => index === 'lazy';
  const bySk = ({ attributes }: Row) => String(attributes['lazySk']);
  const rows = queriesOf(it, isLazy, (found) =>
    [...found, ...late].toSorted((one, other) => bySk(one).localeCompare(bySk(other))),
  );
  return { ...it.world.ports, rows };
}

/** The row store, with the answers of some queries changed. */
function queriesOf(
  it: SweptAccount,
  concerned: (query: RowQuery) => boolean,
  change: (found: readonly Row[]) => readonly Row[],
) {
  const { rows } = it.world.ports;
  return new Proxy(rows, {
    get: (target, name) => {
      if (name !== 'query') return (Reflect.get(target, name) as () => unknown).bind(target);
      return async (query: RowQuery) => {
        const page = await target.query(query);
        return concerned(query) ? { ...page, rows: change(page.rows) } : page;
      };
    },
  });
}
