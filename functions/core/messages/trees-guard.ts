/**
 * Makes a transaction hold only while no tree of folders has moved: every change of one raises a
 * number on the row of the account. So which mailboxes there are can be judged by reads, and one
 * item guards them all.
 */
import { type RowKey, registryKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Guard, Refusal, Write } from '../ports/row-store.ts';
import { optionalNumber } from '../rows/attributes.ts';

export class TreesGuard {
  readonly #key: RowKey;
  readonly #treeRevision: number | undefined;

  /** @param account as read before the mailboxes were */
  constructor({ accountId, treeRevision }: Account) {
    this.#key = registryKeys.account(accountId);
    this.#treeRevision = treeRevision;
  }

  /**
   * A transaction names a row once: a check of the account that is there takes this one in.
   * @throws TypeError when something else happens to that row
   */
  addTo(writes: readonly Write[]): readonly Write[] {
    const own = this.#guard();
    if (!writes.some(({ key }) => this.#isMine(key))) {
      return [...writes, { kind: 'check', key: this.#key, guard: own }];
    }
    return writes.map((write) => {
      if (!this.#isMine(write.key)) return write;
      if (write.kind !== 'check' || write.guard.row !== 'present') {
        throw new TypeError('the row of the account is changed where it is to be checked');
      }
      const { guard } = write;
      const equals = { ...guard.equals, ...own.equals };
      const without = [...(guard.without ?? []), ...(own.without ?? [])];
      return { ...write, guard: { ...guard, equals, without } };
    });
  }

  /** Whether that is what was refused: then the same may be tried anew. */
  hasMoved(refusals: readonly Refusal[]): boolean {
    return refusals.some(
      ({ row }) =>
        row !== undefined &&
        this.#isMine(row.key) &&
        optionalNumber(row, 'treeRevision') !== this.#treeRevision,
    );
  }

  #guard(): Extract<Guard, { readonly row: 'present' }> {
    const treeRevision = this.#treeRevision;
    return treeRevision === undefined
      ? { row: 'present', without: ['treeRevision'] }
      : { row: 'present', equals: { treeRevision } };
  }

  #isMine({ table, pk, sk }: RowKey): boolean {
    return table === this.#key.table && pk === this.#key.pk && sk === this.#key.sk;
  }
}
