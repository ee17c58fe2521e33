/**
 * A deleted tree of folders: one row under one deletion id, and a row for each of its mailboxes,
 * which stands for the path row that it had (F1). Messages and objects are not touched by any of
 * it, so what a deletion costs does not depend on them.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { DELIMITER } from '../../contract/mailbox-names.ts';
import { accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import { isAtOrBelow } from '../names/mailbox-path.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { isMap, number, optionalNumber, optionalText, text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';

/**
 * `moving`: deleted; its rows are on their way. `restoring`: coming back, as a whole or a branch.
 * `purging`: claimed by a purge, which nothing else may come between. `leaving`: claimed by a
 * hand-over that copies it. `arriving`: being copied from another account. `restored`, `purged`:
 * records.
 */
export type TreeState =
  | 'moving'
  | 'deleted'
  | 'restoring'
  | 'purging'
  | 'leaving'
  | 'arriving'
  | 'restored'
  | 'purged';

export interface Tree {
  readonly deletionId: string;
  readonly state: TreeState;
  /** Path that was deleted. */
  readonly root: string;
  /** What `deletedPrefix` said then. */
  readonly prefix: string;
  /** Unix seconds in its name: those of the deletion, or the next that were free (F2). */
  readonly hex: string;
  /** Epoch milliseconds. */
  readonly deletedAt: number;
  /** When the last delivery that belongs to it can have come, if later; epoch milliseconds. */
  readonly settledAt?: number;
  readonly requestedBy: string;
  /** What is in it now. */
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** Another INBOX has taken the place of the one in it. */
  readonly keepInbox?: true;
  /** Not all of it has come from another account yet, where all of it is still kept. */
  readonly partial?: true;
  /** What the tree that it was copied from counted: all of that has come. */
  readonly whole?: Whole;
  /** What comes back or came back last: so whoever asks again gets the same answer. */
  readonly returned?: Returned;
  /** Tells one return from the next of the same tree. */
  readonly returnId?: string;
  /** The operation that purges it, or the hand-over, and since when, in epoch milliseconds. */
  readonly claim?: string;
  readonly claimedAt?: number;
}

export interface Returned {
  /** Path at which it was deleted: that of the tree, or of a branch of it. */
  readonly branch: string;
  readonly to: string;
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
}

type Whole = Pick<Tree, 'mailboxes' | 'messages' | 'bytes'>;

export interface Member {
  /** As it was deleted. */
  readonly path: string;
  readonly mailboxId: string;
}

const PAGE_ROWS = 500;
const PARALLEL_READS = 16;

/** Hexadecimal digits of Unix seconds: enough until 2106. */
const HEX_DIGITS = 8;

export const hexOf = (seconds: number): string =>
  seconds.toString(16).toUpperCase().padStart(HEX_DIGITS, '0');

/** The name that administrators see, as Cyrus makes it. */
export const deletedName = ({ prefix, hex }: Pick<Tree, 'prefix' | 'hex'>, path: string): string =>
  [prefix, path, hex].join(DELIMITER);

/** Where a mailbox of a tree comes to be, when `branch` of it goes to `to`. */
export const targetPath = (path: string, branch: string, to: string): string =>
  `${to}${path.slice(branch.length)}`;

/** Whether a tree can be listed: not when it is a record only. */
export const isStored = ({ state }: Tree): boolean => state !== 'restored' && state !== 'purged';

export function toTree(row: Row): Tree {
  const returned = row.attributes['returned'];
  const whole = row.attributes['whole'];
  const returnId = optionalText(row, 'returnId');
  const claim = optionalText(row, 'claim');
  const claimedAt = optionalNumber(row, 'claimedAt');
  const settledAt = optionalNumber(row, 'settledAt');
  return {
    deletionId: text(row, 'deletionId'),
    state: text(row, 'state') as TreeState,
    root: text(row, 'root'),
    prefix: text(row, 'prefix'),
    hex: text(row, 'hex'),
    deletedAt: number(row, 'deletedAt'),
    requestedBy: text(row, 'requestedBy'),
    mailboxes: number(row, 'mailboxes'),
    messages: number(row, 'messages'),
    bytes: number(row, 'bytes'),
    ...(row.attributes['keepInbox'] === true ? { keepInbox: true } : {}),
    ...(row.attributes['partial'] === true ? { partial: true } : {}),
    ...(isMap(whole) ? { whole: whole as unknown as Whole } : {}),
    ...(isMap(returned) ? { returned: returned as unknown as Returned } : {}),
    ...(returnId === undefined ? {} : { returnId }),
    ...(claim === undefined ? {} : { claim }),
    ...(claimedAt === undefined ? {} : { claimedAt }),
    ...(settledAt === undefined ? {} : { settledAt }),
  };
}

/** Strongly consistent. */
export async function readTree(
  rows: RowStore,
  accountId: string,
  deletionId: string,
): Promise<Tree | undefined> {
  const row = await rows.get(dictmapKeys.tree(accountId, deletionId));
  return row && toTree(row);
}

/** @throws UnknownMailboxError: what was purged, and what came back, is no deletion any more */
export async function requireTree(
  rows: RowStore,
  accountId: string,
  deletionId: string,
): Promise<Tree> {
  const tree = await readTree(rows, accountId, deletionId);
  if (tree !== undefined && isStored(tree)) return tree;
  throw unknownDeletion(quoted(deletionId));
}

export function unknownDeletion(what: string): LetheError {
  return new LetheError(
    ERROR_NAMES.unknownMailbox,
    `there is no deleted folder ${what}`,
    'List the deleted folders to see which there are.',
  );
}

/** Trees of an account in the order of their deletion; records too. */
export async function* everyTree(
  rows: RowStore,
  accountId: string,
  prefix = '',
): AsyncGenerator<Tree> {
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: dictmapKeys.tree(accountId, prefix).sk },
    limit: PAGE_ROWS,
  })) {
    yield toTree(row);
  }
}

/** Mailboxes of a tree at or below a path, parents first. */
export async function treeMembers(
  rows: RowStore,
  accountId: string,
  deletionId: string,
  branch?: string,
): Promise<Member[]> {
  const start = dictmapKeys.deletedPath(accountId, deletionId, '').sk;
  const members: Member[] = [];
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: `${start}${branch ?? ''}` },
    limit: PAGE_ROWS,
  })) {
    const path = row.key.sk.slice(start.length);
    if (branch !== undefined && !isAtOrBelow(path, branch)) continue;
    members.push({ path, mailboxId: text(row, 'mailboxId') });
  }
  return members.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** The rows of these mailboxes; those that are gone are left out. */
export async function readMailboxes(
  rows: RowStore,
  members: readonly Pick<Member, 'mailboxId'>[],
): Promise<Mailbox[]> {
  const found = await inParallel(members, PARALLEL_READS, ({ mailboxId }) =>
    readMailbox(rows, mailboxId),
  );
  return found.filter((mailbox) => mailbox !== undefined);
}

/** The same, or `lost` when somebody has given one another name since its member was read. */
export async function readNamed(
  rows: RowStore,
  members: readonly Member[],
): Promise<Mailbox[] | 'lost'> {
  const mailboxes = await readMailboxes(rows, members);
  const paths = new Map(members.map(({ mailboxId, path }) => [mailboxId, path]));
  const moved = mailboxes.some(({ mailboxId, path }) => paths.get(mailboxId) !== path);
  return moved ? 'lost' : mailboxes;
}
