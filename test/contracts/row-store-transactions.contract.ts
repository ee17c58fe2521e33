import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Guard, RowStore, Write, WriteResult } from '../../functions/core/ports/row-store.ts';
import { freshPartition, keyOf, store } from './contract-rows.ts';

const WRITTEN: WriteResult = { outcome: 'written' };
const PRESENT = { row: 'present' } as const;
const ABSENT: Guard = { row: 'absent' };

/** Repeats until it is written, as the core does; bounded, so that a lost wake-up fails. */
async function insist(attempt: () => Promise<WriteResult>, triesMax = 200): Promise<number> {
  for (let tries = 1; tries <= triesMax; tries += 1) {
    const { outcome } = await attempt();
    if (outcome === 'written') return tries;
    await wait(Math.random() * 50);
  }
  throw new Error(`not written after ${triesMax} tries`);
}

export function transactionContract(rows: () => RowStore): void {
  describe('transactions', () => {
    test('W2: writes of every kind happen together, over both tables', async () => {
      const pk = freshPartition();
      const [made, changed, removed] = [keyOf(pk, 'made'), keyOf(pk, 'changed'), keyOf(pk, 'gone')];
      const account = keyOf(pk, 'account', 'registry');
      await store(rows(), changed, { n: 1 });
      await store(rows(), removed, { v: 1 });
      await store(rows(), account, { state: 'active' });
      const result = await rows().transact([
        { kind: 'put', key: made, attributes: { v: 1 }, guard: ABSENT },
        { kind: 'update', key: changed, change: { add: { n: 1 } }, guard: PRESENT },
        { kind: 'remove', key: removed, guard: PRESENT },
        { kind: 'check', key: account, guard: { ...PRESENT, equals: { state: 'active' } } },
      ]);
      expect(result).toEqual(WRITTEN);
      expect((await rows().get(made))?.attributes).toEqual({ v: 1 });
      expect((await rows().get(changed))?.attributes).toEqual({ n: 2 });
      expect(await rows().get(removed)).toBeUndefined();
      expect((await rows().get(account))?.attributes).toEqual({ state: 'active' });
    });

    test('W2: one guard that fails stops all, and each refusal brings its row', async () => {
      const pk = freshPartition();
      const attributes = { state: 'deleting', flags: new Set(['a']) };
      const account = { key: keyOf(pk, 'account', 'registry'), attributes };
      const taken = { key: keyOf(pk, 'taken'), attributes: { v: 1 } };
      await store(rows(), account.key, account.attributes);
      await store(rows(), taken.key, taken.attributes);
      const missing = keyOf(pk, 'missing');
      const result = await rows().transact([
        { kind: 'put', key: keyOf(pk, 'new'), attributes: {}, guard: ABSENT },
        { kind: 'check', key: account.key, guard: { ...PRESENT, equals: { state: 'active' } } },
        { kind: 'remove', key: keyOf(pk, 'unguarded') },
        { kind: 'update', key: missing, change: { set: { v: 1 } }, guard: PRESENT },
        { kind: 'put', key: taken.key, attributes: { v: 2 }, guard: ABSENT },
      ]);
      expect(result).toEqual({
        outcome: 'refused',
        refusals: [{ index: 1, row: account }, { index: 3 }, { index: 4, row: taken }],
      });
      expect(await rows().get(keyOf(pk, 'new'))).toBeUndefined();
      expect(await rows().get(missing)).toBeUndefined();
      expect(await rows().get(taken.key)).toEqual(taken);
    });

    test('W2: a mistake in the last of 100 writes stops all', async () => {
      const pk = freshPartition();
      const writes = Array.from(
        { length: 100 },
        (_, i): Write => ({
          kind: 'put',
          key: keyOf(pk, `m${i}`),
          attributes: i < 99 ? { v: i } : { s: new Set() },
        }),
      );
      await expect(rows().transact(writes)).rejects.toThrow();
      expect((await rows().query({ table: 'dictmap', pk, limit: 1 })).rows).toEqual([]);
    });

    test('takes 100 writes', async () => {
      const pk = freshPartition();
      const puts = Array.from(
        { length: 100 },
        (_, i): Write => ({ kind: 'put', key: keyOf(pk, `m${i}`), attributes: { i } }),
      );
      expect(await rows().transact(puts)).toEqual(WRITTEN);
      const page = await rows().query({ table: 'dictmap', pk, limit: 200 });
      expect(page.rows).toHaveLength(100);
    });

    test('O2: refuses no writes, 101 writes, and two on one row', async () => {
      const pk = freshPartition();
      const put = (sk: string): Write => ({ kind: 'put', key: keyOf(pk, sk), attributes: {} });
      const tooMany = Array.from({ length: 101 }, (_, i) => put(`m${i}`));
      await expect(rows().transact([])).rejects.toThrow(RangeError);
      await expect(rows().transact(tooMany)).rejects.toThrow(RangeError);
      const twice: Write[] = [put('a'), { kind: 'check', key: keyOf(pk, 'a'), guard: ABSENT }];
      await expect(rows().transact(twice)).rejects.toThrow(RangeError);
      expect((await rows().query({ table: 'dictmap', pk, limit: 1 })).rows).toEqual([]);
    });
  });
  concurrencyContract(rows);
}

function concurrencyContract(rows: () => RowStore): void {
  describe('at the same time', () => {
    test('W1: of 100 increments at the same time all arrive, each with its row', async () => {
      const pk = freshPartition();
      const counter = keyOf(pk, 'mailbox');
      await store(rows(), counter, { messages: 0 });
      await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          insist(() =>
            rows().transact([
              { kind: 'update', key: counter, change: { add: { messages: 1 } }, guard: PRESENT },
              { kind: 'put', key: keyOf(pk, `message#${i}`), attributes: { i }, guard: ABSENT },
            ]),
          ),
        ),
      );
      expect((await rows().get(counter))?.attributes).toEqual({ messages: 100 });
      const query = { table: 'dictmap', pk, sk: { prefix: 'message#' }, limit: 200 } as const;
      expect((await rows().query(query)).rows).toHaveLength(100);
    });

    test('W1: UIDs handed out under a guard have no gap and no duplicate', async () => {
      const pk = freshPartition();
      const mailbox = keyOf(pk, 'mailbox');
      await store(rows(), mailbox, { uidNext: 1 });
      await Promise.all(
        Array.from({ length: 12 }, (_, writer) =>
          insist(async () => {
            const uidNext = Number((await rows().get(mailbox))?.attributes['uidNext']);
            return await rows().transact([
              {
                kind: 'update',
                key: mailbox,
                change: { set: { uidNext: uidNext + 1 } },
                guard: { ...PRESENT, equals: { uidNext } },
              },
              { kind: 'put', key: keyOf(pk, `uid#${uidNext}`), attributes: { writer } },
            ]);
          }),
        ),
      );
      expect((await rows().get(mailbox))?.attributes).toEqual({ uidNext: 13 });
      const query = { table: 'dictmap', pk, sk: { prefix: 'uid#' }, limit: 50 } as const;
      const found = (await rows().query(query)).rows;
      const writers = found.map(({ attributes }) => attributes['writer']);
      expect(new Set(writers).size).toBe(12);
      expect(found).toHaveLength(12);
    });

    test('W1: single writes that meet transactions wait for them and are not lost', async () => {
      const key = keyOf(freshPartition());
      await store(rows(), key, { n: 0, names: new Set(['start']) });
      const add = { kind: 'update' as const, key, change: { add: { n: 1 } }, guard: PRESENT };
      const join = (name: string): Write => ({
        kind: 'update',
        key,
        change: { addToSet: { names: [name] } },
        guard: PRESENT,
      });
      const singles = Array.from({ length: 20 }, (_, i) =>
        rows().write(i % 2 === 0 ? add : join(`w${i}`)),
      );
      const together = Array.from({ length: 20 }, () => insist(() => rows().transact([add])));
      const results = await Promise.all(singles);
      await Promise.all(together);
      expect(results).toEqual(results.map(() => WRITTEN));
      const row = await rows().get(key);
      expect(row?.attributes['n']).toBe(30);
      expect(row?.attributes['names']).toHaveProperty('size', 11);
    });

    test('X3: after a fence, a transaction that checks it writes nothing', async () => {
      const pk = freshPartition();
      const account = keyOf(pk, 'account', 'registry');
      await store(rows(), account, { state: 'active' });
      const late = Array.from({ length: 30 }, async (_, i) => {
        const deliver = () =>
          rows().transact([
            { kind: 'check', key: account, guard: { ...PRESENT, equals: { state: 'active' } } },
            { kind: 'put', key: keyOf(pk, `message#${i}`), attributes: { i }, guard: ABSENT },
          ]);
        for (let tries = 0; tries < 200; tries += 1) {
          const { outcome } = await deliver();
          if (outcome !== 'conflict') return outcome;
          await wait(Math.random() * 50);
        }
        throw new Error('never decided');
      });
      const fence: Write = {
        kind: 'update',
        key: account,
        change: { set: { state: 'deleting' } },
        guard: { ...PRESENT, equals: { state: 'active' } },
      };
      expect((await rows().write(fence)).outcome).toBe('written');
      const outcomes = await Promise.all(late);
      const written = outcomes.filter((outcome) => outcome === 'written').length;
      const page = await rows().query({ table: 'dictmap', pk, limit: 100 });
      expect(page.rows).toHaveLength(written);
      const [after] = await Promise.all([
        rows().transact([
          { kind: 'check', key: account, guard: { ...PRESENT, equals: { state: 'active' } } },
          { kind: 'put', key: keyOf(pk, 'message#late'), attributes: {} },
        ]),
      ]);
      expect(after.outcome).toBe('refused');
      expect(await rows().get(keyOf(pk, 'message#late'))).toBeUndefined();
    });
  });
}
