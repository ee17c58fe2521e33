/**
 * What a transaction asks of the row of its account. Mail ends only while the account is active and
 * not held (W6); and what was judged by which mailboxes there are holds only while no tree of
 * folders has moved: every change of one raises a number on that row. One item guards both.
 */
import { type RowKey, registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { SWEEPABLE } from '../accounts/while-active.ts';
import type { Change, Guard, Refusal, Row, Write } from '../ports/row-store.ts';
import { optionalNumber, text } from '../rows/attributes.ts';

type PresentGuard = Extract<Guard, { readonly row: 'present' }>;

export class AccountGuard {
  readonly #key: RowKey;
  #trees: { readonly revision: number | undefined } | undefined;
  #endsMail = false;
  #states: readonly string[] = ['active'];

  constructor(accountId: string) {
    this.#key = registryKeys.account(accountId);
  }

  /** @param account as read before the mailboxes were; the first one counts */
  guardTrees({ treeRevision }: Pick<Account, 'treeRevision'>): void {
    this.#trees ??= { revision: treeRevision };
  }

  /** The transaction ends mail, or starts the clock by which it ends (W6). */
  guardMail(): void {
    this.#endsMail = true;
  }

  /** In which states of the account mail may end, or start its clock; only `active` otherwise. */
  allow(states: readonly string[]): void {
    this.#states = states;
  }

  /**
   * A transaction names a row once: a check of the account that is there takes this one in.
   * @throws TypeError when something else happens to that row
   */
  addTo(writes: readonly Write[]): readonly Write[] {
    const own = this.#guard();
    if (own === undefined) return writes;
    if (!writes.some(({ key }) => this.#isMine(key))) {
      return [...writes, { kind: 'check', key: this.#key, guard: own }];
    }
    return writes.map((write) => {
      if (!this.#isMine(write.key)) return write;
      if (write.kind !== 'check' || write.guard.row !== 'present') {
        throw new TypeError('the row of the account is changed where it is to be checked');
      }
      return { ...write, guard: both(write.guard, own) };
    });
  }

  /** Whether a tree has moved, and that was refused: then the same may be tried anew. */
  sawTreesMove(refusals: readonly Refusal[]): boolean {
    const trees = this.#trees;
    if (trees === undefined) return false;
    const row = this.#mine(refusals);
    return row !== undefined && optionalNumber(row, 'treeRevision') !== trees.revision;
  }

  /** Whether it was refused because mail of the account may not end now. */
  sawProtection(refusals: readonly Refusal[]): boolean {
    if (!this.#endsMail) return false;
    const row = this.#mine(refusals);
    if (row === undefined) return false;
    return row.attributes['hold'] !== undefined || !this.#states.includes(text(row, 'state'));
  }

  #mine(refusals: readonly Refusal[]): Row | undefined {
    return refusals.find(({ row }) => row !== undefined && this.#isMine(row.key))?.row;
  }

  #guard(): PresentGuard | undefined {
    const trees = this.#trees && treesGuard(this.#trees.revision);
    if (!this.#endsMail) return trees;
    const mail = this.#mailGuard();
    return trees === undefined ? mail : both(mail, trees);
  }

  #mailGuard(): PresentGuard {
    const [state, ...others] = this.#states;
    if (state === 'active' && others.length === 0) return SWEEPABLE;
    return { row: 'present', oneOf: { state: this.#states }, without: ['hold'] };
  }

  #isMine({ table, pk, sk }: RowKey): boolean {
    return table === this.#key.table && pk === this.#key.pk && sk === this.#key.sk;
  }
}

function treesGuard(treeRevision: number | undefined): PresentGuard {
  return treeRevision === undefined
    ? { row: 'present', without: ['treeRevision'] }
    : { row: 'present', equals: { treeRevision } };
}

function both(one: PresentGuard, other: PresentGuard): PresentGuard {
  const without = new Set([...(one.without ?? []), ...(other.without ?? [])]);
  return {
    ...one,
    equals: { ...one.equals, ...other.equals },
    ...(one.oneOf === undefined && other.oneOf === undefined
      ? {}
      : { oneOf: { ...one.oneOf, ...other.oneOf } }),
    ...(without.size === 0 ? {} : { without: [...without] }),
  };
}

/**
 * Whether a message ends by a change of its row, or gets a time at which it does. The tombstone of a
 * move is no end: in the same transaction its message lives on in another mailbox.
 */
export function endsMail({ set = {} }: Change): boolean {
  const { state } = set;
  if (state === 'moved') return false;
  return (state !== undefined && state !== 'live') || 'expiresAt' in set || TTL_ATTRIBUTE in set;
}
