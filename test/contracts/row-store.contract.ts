import { beforeAll, describe } from 'vitest';
import type { RowStore } from '../../functions/core/ports/row-store.ts';
import { guardContract } from './row-store-guards.contract.ts';
import { indexContract } from './row-store-indexes.contract.ts';
import { queryContract } from './row-store-queries.contract.ts';
import { transactionContract } from './row-store-transactions.contract.ts';
import { strictValidationContract, validationContract } from './row-store-validation.contract.ts';
import { writeContract } from './row-store-writes.contract.ts';

/**
 * What every row store must do. `makeStore` is called once: the tests use rows of their own.
 * `lenient`: the store is an emulator that lets some mistakes through.
 */
export function rowStoreContract(
  name: string,
  makeStore: () => Promise<RowStore>,
  options: { readonly lenient?: boolean } = {},
): void {
  describe(`row store: ${name}`, () => {
    let made: RowStore | undefined;
    beforeAll(async () => {
      made = await makeStore();
    });
    const rows = (): RowStore => {
      if (made === undefined) throw new Error('the store was not made');
      return made;
    };
    writeContract(rows);
    guardContract(rows);
    validationContract(rows);
    if (options.lenient !== true) strictValidationContract(rows);
    transactionContract(rows);
    queryContract(rows);
    indexContract(rows);
  });
}
