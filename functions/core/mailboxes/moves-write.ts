/** The write that takes trees of folders on their way, or to their end. */
import { registryKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import type { FolderMoves } from '../accounts/folder-moves.ts';
import type { Attributes, Write } from '../ports/row-store.ts';
import { sameNames } from '../settings/settings-store.ts';

/** The row that every change of trees goes through: they come one after the other. */
export function movesWrite(account: Account, moves: FolderMoves, set: Attributes = {}): Write {
  const none = Object.keys(moves).length === 0;
  const values = none ? set : { ...set, moves: moves as unknown as Attributes };
  return {
    kind: 'update',
    key: registryKeys.account(account.accountId),
    guard: sameNames(account),
    change: {
      add: { treeRevision: 1 },
      ...(Object.keys(values).length === 0 ? {} : { set: values }),
      ...(none && account.moves !== undefined ? { unset: ['moves'] } : {}),
    },
  };
}
