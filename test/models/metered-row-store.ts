import type { RowKey } from '../../functions/contract/row-layout.ts';
import type { Meter } from '../../functions/core/meter/meter.ts';
import { readUnits, rowBytes, writeUnits } from '../../functions/core/meter/row-units.ts';
import type {
  Attributes,
  Page,
  Row,
  RowQuery,
  RowStore,
  Write,
  WriteResult,
} from '../../functions/core/ports/row-store.ts';

/**
 * A store that charges for every call what DynamoDB would, computed from the rows themselves,
 * which it reads before and after behind its caller's back.
 */
export class MeteredRowStore implements RowStore {
  readonly #rows: RowStore;
  readonly #meter: Meter;

  constructor(rows: RowStore, meter: Meter) {
    this.#rows = rows;
    this.#meter = meter;
  }

  async get(key: RowKey): Promise<Row | undefined> {
    const row = await this.#rows.get(key);
    this.#read(row === undefined ? [] : [row], true);
    return row;
  }

  async query(query: RowQuery): Promise<Page> {
    const { keysOnly: _, ...whole } = query;
    const page = await this.#rows.query(whole);
    this.#read(page.rows, query.index === undefined && query.eventual !== true);
    return query.keysOnly === true ? await this.#rows.query(query) : page;
  }

  async write(write: Write): Promise<WriteResult> {
    const alone = write.kind !== 'check' && !(write.kind === 'update' && write.change.add);
    return await this.#charged([write], !alone, () => this.#rows.write(write));
  }

  async transact(writes: readonly Write[]): Promise<WriteResult> {
    return await this.#charged(writes, true, () => this.#rows.transact(writes));
  }

  async removeAll(keys: readonly RowKey[]): Promise<void> {
    const distinct = new Map(keys.map((key) => [JSON.stringify(key), key]));
    for (const key of distinct.values()) {
      this.#wrote({ key, before: await this.#attributes(key), after: undefined }, false);
    }
    await this.#rows.removeAll(keys);
  }

  async #charged(
    writes: readonly Write[],
    transactional: boolean,
    run: () => Promise<WriteResult>,
  ): Promise<WriteResult> {
    const before = await Promise.all(writes.map(({ key }) => this.#attributes(key)));
    const result = await run();
    for (const [index, { key }] of writes.entries()) {
      const after = await this.#attributes(key);
      this.#wrote({ key, before: before[index], after }, transactional);
    }
    return result;
  }

  async #attributes(key: RowKey): Promise<Attributes | undefined> {
    return (await this.#rows.get(key))?.attributes;
  }

  #read(rows: readonly Row[], consistent: boolean): void {
    const bytes = rows.reduce((sum, { key, attributes }) => sum + rowBytes(key, attributes), 0);
    this.#meter.add('dynamodbReadUnits', readUnits(bytes, consistent));
  }

  #wrote(change: Parameters<typeof writeUnits>[0], transactional: boolean): void {
    this.#meter.add('dynamodbWriteUnits', writeUnits(change, transactional));
  }
}
