/** What the model of the tables charges is what DynamoDB says that the same calls consumed. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { RowKey } from '../../functions/contract/row-layout.ts';
import { Meter } from '../../functions/core/meter/meter.ts';
import type { Usage } from '../../functions/core/meter/usage.ts';
import type { Attributes, RowStore, Write } from '../../functions/core/ports/row-store.ts';
import { MemoryRowStore } from '../models/memory-row-store.ts';
import { MeteredRowStore } from '../models/metered-row-store.ts';
import { freshPartition, keyOf, present } from './contract-rows.ts';

export interface MeteredStore {
  readonly rows: RowStore;
  readonly meter: Meter;
}

/**
 * Where a server is known to charge otherwise than DynamoDB: units more (or less) than the model,
 * by name of the call. Each is checked, so that one that goes away is noticed.
 */
export interface Departures {
  readonly emptyPage?: number;
  readonly missingInBatch?: number;
  /** Factor of index entries in transactions. */
  readonly indexInTransaction?: number;
  /** A transaction's check is charged for 4 KB what a write is for 1. */
  readonly checksAsReads?: boolean;
}

/** Around the sizes at which a unit begins: below, at and above 1, 2, 4 and 8 KB. */
const SIZES = [10, 900, 1023, 1024, 1025, 2048, 2049, 4096, 4097, 9000];

/** Attributes that, with a key of this partition, make a row of exactly so many bytes. */
function sized(key: RowKey, bytes: number, more: Attributes = {}): Attributes {
  const names = Buffer.byteLength(`pk${key.pk}sk${key.sk}body`);
  const others = Object.entries(more).reduce((sum, [name, value]) => {
    return sum + Buffer.byteLength(name) + Buffer.byteLength(String(value));
  }, 0);
  return { ...more, body: 'x'.repeat(Math.max(bytes - names - others, 1)) };
}

export function rowUnitsContract(
  name: string,
  makeReal: () => Promise<MeteredStore>,
  departures: Departures = {},
): void {
  describe(`units of rows: ${name}`, () => {
    let real: MeteredStore;
    let model: MeteredStore;
    let pk: string;

    beforeEach(async () => {
      real = await makeReal();
      const meter = new Meter();
      model = { rows: new MeteredRowStore(new MemoryRowStore(), meter), meter };
      pk = freshPartition();
    });

    /** Runs the same call on both and compares what each charged for it. */
    async function charge(
      what: string,
      call: (rows: RowStore) => Promise<unknown>,
      departure = 0,
    ): Promise<Usage> {
      for (const { rows, meter } of [real, model]) {
        meter.take();
        await call(rows);
      }
      const charged = model.meter.take();
      const expected = Object.entries(charged).map(([unit, amount]) => [unit, amount + departure]);
      expect({ what, ...real.meter.take() }).toEqual({ what, ...Object.fromEntries(expected) });
      return charged;
    }

    const lessForCheck = (bytes: number): number =>
      departures.checksAsReads === true
        ? 2 * (Math.ceil(bytes / 4096) - Math.ceil(bytes / 1024))
        : 0;

    const put = (key: RowKey, attributes: Attributes, guard?: Write['guard']) => (rows: RowStore) =>
      rows.write({ kind: 'put', key, attributes, ...(guard === undefined ? {} : { guard }) });

    test.each(SIZES)('puts, reads, updates and removals of %i bytes', async (bytes) => {
      const key = keyOf(pk, 'row');
      await charge('put', put(key, sized(key, bytes)));
      await charge('the same put', put(key, sized(key, bytes)));
      await charge('get', (rows) => rows.get(key));
      await charge('set', (rows) =>
        rows.write({ kind: 'update', key, guard: present(), change: { set: { n: 1 } } }),
      );
      await charge('add', (rows) =>
        rows.write({ kind: 'update', key, guard: present(), change: { add: { n: 1 } } }),
      );
      await charge('shrink', (rows) =>
        rows.write({ kind: 'update', key, guard: present(), change: { set: { body: 'x' } } }),
      );
      await charge('grow', put(key, sized(key, bytes)));
      await charge('refused', put(key, {}, { row: 'absent' }));
      const check: Write = { kind: 'check', key, guard: present() };
      await charge('check', (rows) => rows.write(check), lessForCheck(bytes));
      await charge('remove', (rows) => rows.write({ kind: 'remove', key }));
      await charge('remove what is gone', (rows) => rows.write({ kind: 'remove', key }));
      await charge('get what is gone', (rows) => rows.get(key));
    });

    test('pages: consistent and eventual, whole rows and keys only, empty ones', async () => {
      const query = { table: 'dictmap', pk, limit: 10 } as const;
      await charge('an empty partition', (rows) => rows.query(query), departures.emptyPage);
      const eventual = (rows: RowStore) => rows.query({ ...query, eventual: true });
      await charge('eventually', eventual, (departures.emptyPage ?? 0) / 2);
      for (let index = 0; index < 12; index += 1) {
        const key = keyOf(pk, `row-${String(index).padStart(2, '0')}`);
        await charge('put', put(key, sized(key, 700)));
      }
      const whole = await charge('a page', (rows) => rows.query(query));
      expect(whole.dynamodbReadUnits).toBe(2);
      const keys = (rows: RowStore) => rows.query({ ...query, keysOnly: true });
      expect(await charge('keys only', keys)).toEqual(whole);
      await charge('half', (rows) => rows.query({ ...query, eventual: true, keysOnly: true }));
      await charge('one', (rows) => rows.query({ ...query, limit: 1 }));
    });

    test('removal of many rows: large ones, missing ones, ones with an index entry', async () => {
      const keys = Array.from({ length: 30 }, (_, index) => keyOf(pk, `row-${index}`));
      for (const [index, key] of keys.entries()) {
        const lazy = index % 3 === 0 ? { lazyPk: pk, lazySk: `${index}` } : {};
        await charge('put', put(key, sized(key, 200 * (index + 1), lazy)));
      }
      await charge('removal', (rows) => rows.removeAll(keys));
      const more = (departures.missingInBatch ?? 0) * keys.length;
      await charge('again', (rows) => rows.removeAll(keys), more);
    });

    const indexed: readonly [string, 'dictmap' | 'registry', string][] = [
      ['lazy', 'dictmap', 'everything'],
      ['due', 'dictmap', 'keys'],
      ['due', 'registry', 'keys'],
      ['list', 'registry', 'everything'],
    ];
    test.each(indexed)(
      'entries of index %s of %s, which holds %s',
      async (index, table, content) => {
        const key = keyOf(pk, 'row', table);
        const at = (place: string): Attributes => ({
          [`${index}Pk`]: `${pk}-${index}`,
          [`${index}Sk`]: place,
        });
        const update = (change: object) => (rows: RowStore) =>
          rows.write({ kind: 'update', key, guard: present(), change });
        await charge('a row without entry', put(key, sized(key, 1500)));
        await charge('an entry comes', update({ set: at('1') }));
        await charge('it moves', update({ set: at('2') }));
        await charge('it stays where it is', update({ set: at('2') }));
        await charge('another attribute changes', update({ set: { n: 1 } }));
        await charge('nothing changes', update({ set: { n: 1 } }));
        await charge('only half of its key', update({ unset: [`${index}Sk`] }));
        await charge('it comes back', update({ set: at('3') }));
        const page = { table, index: index as 'due', pk: `${pk}-${index}`, limit: 5 };
        await charge('the index is read', (rows) => rows.query(page));
        const moved: Write = { kind: 'update', key, guard: present(), change: { set: at('4') } };
        const entries = content === 'everything' ? 4 : 2;
        const more = ((departures.indexInTransaction ?? 1) - 1) * entries;
        await charge('a transaction moves it', (rows) => rows.transact([moved]), more);
        await charge('it goes with its row', (rows) => rows.write({ kind: 'remove', key }));
      },
    );

    test('transactions: every kind of write, both tables, large rows', async () => {
      const [made, changed, gone] = ['made', 'changed', 'gone'].map((sk) => keyOf(pk, sk));
      const account = keyOf(pk, 'account', 'registry');
      if (!made || !changed || !gone) throw new Error('three keys');
      await charge('put', put(changed, sized(changed, 3000)));
      await charge('put', put(gone, sized(gone, 2000)));
      await charge('put', put(account, sized(account, 5000)));
      // Not put and removal together: DynamoDB Local charges nothing for one of the two then.
      const first: readonly Write[] = [
        { kind: 'put', key: made, attributes: sized(made, 1100), guard: { row: 'absent' } },
        { kind: 'update', key: changed, guard: present(), change: { add: { n: 1 } } },
        { kind: 'check', key: account, guard: present() },
      ];
      const charged = await charge('first', (rows) => rows.transact(first), lessForCheck(5000));
      expect(charged).toEqual({ dynamodbWriteUnits: 4 + 6 + 10 });
      const second: readonly Write[] = [
        { kind: 'update', key: changed, guard: present(), change: { set: { body: 'x' } } },
        { kind: 'remove', key: gone },
      ];
      await charge('second', (rows) => rows.transact(second));
    });
  });
}
