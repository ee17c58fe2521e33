/**
 * Trees of folders on the move, as the row of their account names them: every request reads that
 * row, so that a tree of any size is gone, or back, for every reader at one moment (F1, F4).
 */
import { isAtOrBelow } from '../mailboxes/mailbox-path.ts';
import type { Value } from '../ports/row-store.ts';
import { isObject } from '../rows/attributes.ts';

/** Large trees of one account that may be on the move at a time: some 7 KB on its row. */
export const MOVES_MAX = 8;

interface FolderMove {
  /** `delete`: gone since it began. `restore`: not there before it has ended. */
  readonly kind: 'delete' | 'restore';
  /** Path of the tree: the one that it had, or the one that it gets. */
  readonly root: string;
  /** `delete`: only what is below `root` goes yet to come; a new INBOX has its name already. */
  readonly below?: true;
  /** `restore`: the mark on the mailboxes that come back with it. */
  readonly returnId?: string;
}

/** By deletion id. */
export type FolderMoves = Readonly<Record<string, FolderMove>>;

/** What an account row says about moves. */
export interface WithMoves {
  readonly accountId: string;
  readonly moves?: FolderMoves;
}

/** @throws TypeError for a damaged row: hidden mail must not show, nor the other way round */
export function toMoves(value: Value | undefined): FolderMoves | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new TypeError('damaged account row: its moves are not an object');
  for (const move of Object.values(value)) {
    const sound =
      isObject(move) &&
      (move['kind'] === 'delete' || move['kind'] === 'restore') &&
      typeof move['root'] === 'string' &&
      (move['kind'] === 'delete' || typeof move['returnId'] === 'string');
    if (!sound) throw new TypeError('damaged account row: a move without kind, root and mark');
  }
  return value as unknown as FolderMoves;
}

/** Whether a mailbox is part of a tree that is gone already, or not back yet. */
export function isHidden(
  { moves = {} }: WithMoves,
  { path, returnId }: { readonly path: string; readonly returnId?: string },
): boolean {
  return Object.values(moves).some((move) => {
    if (move.kind === 'restore') return move.returnId === returnId;
    return isAtOrBelow(path, move.root) && !(move.below === true && path === move.root);
  });
}

/** The moves that concern names at, above or below a path. */
export function movesAround({ moves = {} }: WithMoves, path: string): string[] {
  return Object.entries(moves)
    .filter(([, { root }]) => isAtOrBelow(path, root) || isAtOrBelow(root, path))
    .map(([deletionId]) => deletionId);
}
