import type { RowStore } from '../../../functions/core/ports/row-store.ts';

/** Rows in which something else happens just before the first transaction. */
export function interrupted(rows: RowStore, happens: () => Promise<unknown>): RowStore {
  let left = 1;
  return {
    get: (key) => rows.get(key),
    query: (query) => rows.query(query),
    write: (write) => rows.write(write),
    removeAll: (keys) => rows.removeAll(keys),
    transact: async (writes) => {
      left -= 1;
      if (left === 0) await happens();
      return await rows.transact(writes);
    },
  };
}
