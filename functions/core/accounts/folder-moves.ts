/**
 * Trees of folders on the move, as the row of their account names them: every request reads that
 * row, so that a tree of any size is gone, or back, for every reader at one moment (F1, F4).
 */
import { StoreBusyError } from '../errors.ts';
import { isAtOrBelow } from '../names/mailbox-path.ts';
import type { Value } from '../ports/row-store.ts';
import { isMap } from '../rows/attributes.ts';

/** Large trees of one account that may be on the move at a time: some 7 KB on its row. */
const MOVES_MAX = 8;

interface FolderMove {
  /**
   * `delete`: gone since it began. `restore`: not there before it has ended. `rename`: it is there,
   * each mailbox under one of both names; whoever needs one of the names takes it to its end.
   */
  readonly kind: 'delete' | 'restore' | 'rename';
  /** Path of the tree: the one that it had, or the one that it gets when it comes back. */
  readonly root: string;
  /** `rename`: the path that it gets. */
  readonly to?: string;
  /** `delete`: only what is below `root` goes yet to come; a new INBOX has its name already. */
  readonly below?: true;
  /** `restore`: the mark on the mailboxes that come back with it. */
  readonly returnId?: string;
}

/** By deletion id; renames by an id of their own. */
export type FolderMoves = Readonly<Record<string, FolderMove>>;

/** What an account row says about moves. */
export interface WithMoves {
  readonly accountId: string;
  readonly moves?: FolderMoves;
}

/** @throws TypeError for a damaged row: hidden mail must not show, nor the other way round */
export function toMoves(value: Value | undefined): FolderMoves | undefined {
  if (value === undefined) return undefined;
  if (!isMap(value)) throw new TypeError('damaged account row: its moves are not an object');
  for (const move of Object.values(value)) {
    const sound =
      isMap(move) &&
      typeof move['root'] === 'string' &&
      (move['kind'] === 'delete' ||
        (move['kind'] === 'restore' && typeof move['returnId'] === 'string') ||
        (move['kind'] === 'rename' && typeof move['to'] === 'string'));
    if (!sound) throw new TypeError('damaged account row: a move that does not say what it moves');
  }
  return value as unknown as FolderMoves;
}

/** Whether a mailbox is part of a tree that is gone already, or not back yet. */
export function isHidden(
  { moves = {} }: WithMoves,
  { path, returnId }: { readonly path: string; readonly returnId?: string },
): boolean {
  return Object.values(moves).some((move) => {
    if (move.kind === 'rename') return false;
    if (move.kind === 'restore') return move.returnId === returnId;
    return isAtOrBelow(path, move.root) && !(move.below === true && path === move.root);
  });
}

/** The moves that concern names at, above or below a path. */
export function movesAround({ moves = {} }: WithMoves, path: string): string[] {
  const touches = (root: string) => isAtOrBelow(path, root) || isAtOrBelow(root, path);
  return Object.entries(moves)
    .filter(([, { root, to = root }]) => touches(root) || touches(to))
    .map(([deletionId]) => deletionId);
}

/** The rename of this very path to the other that is on its way. */
export function ownRename({ moves = {} }: WithMoves, from: string, to: string): string | undefined {
  const own = Object.entries(moves).find(
    ([, move]) => move.kind === 'rename' && move.root === from && move.to === to,
  );
  return own?.[0];
}

/** @throws StoreBusyError when there are as many moves as the account's row may name */
export function withMove({ moves = {} }: WithMoves, id: string, move: FolderMove): FolderMoves {
  if (Object.keys(moves).length < MOVES_MAX) return { ...moves, [id]: move };
  throw new StoreBusyError(`${MOVES_MAX} trees of folders of the account are on the move`);
}
