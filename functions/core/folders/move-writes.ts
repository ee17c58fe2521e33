/** The writes that take trees of folders away and bring them back: three rows for each mailbox. */
import { INBOX } from '../../contract/mailbox-names.ts';
import { dictmapKeys, ROW_VERSION, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { isRemembered, leavingWrites, type NameMemory } from '../mailboxes/name-memory.ts';
import { renamed } from '../mailboxes/renamed.ts';
import type { Attributes, Guard, Write } from '../ports/row-store.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { type Tree, type TreeState, targetPath } from './tree.ts';

/** A path row less, one more, and the mailbox row. */
export const MOVED_ROWS_EACH = 3;

/** A deletion writes what the name remembers as well, of a mailbox that has given UIDs. */
const rowsOf = (mailbox: Mailbox): number => MOVED_ROWS_EACH + Number(isRemembered(mailbox));

/** As many of the mailboxes, from the first on, as a deletion can take away with so many rows. */
export function deletableWith<M extends Mailbox>(rows: number, mailboxes: readonly M[]): M[] {
  let sum = 0;
  return mailboxes.filter((mailbox) => {
    sum += rowsOf(mailbox);
    return sum <= rows;
  });
}

/** Records of what came back or was purged: long enough for whoever asks twice. */
const RECORD_DAYS = 30;

/** Index partition of trees that a purge has to look at, by the first random digit of their ids. */
export const treeDuePartition = (shard: string): string => `due#tree#${shard}`;

const shardOf = (deletionId: string): string => deletionId.charAt(deletionId.indexOf('-') + 1);

export function treePut(accountId: string, tree: Tree, guard: Guard = { row: 'absent' }): Write {
  return {
    kind: 'put',
    key: dictmapKeys.tree(accountId, tree.deletionId),
    guard,
    attributes: {
      v: ROW_VERSION,
      type: 'tree',
      ...(tree as unknown as Attributes),
      duePk: treeDuePartition(shardOf(tree.deletionId)),
      dueSk: new Date(tree.deletedAt).toISOString(),
    },
  };
}

/** Sums of mailboxes that come into a tree (1) or leave it (-1). */
export function countedIn(mailboxes: readonly Mailbox[], sign: 1 | -1) {
  const sum = (of: (mailbox: Mailbox) => number) =>
    mailboxes.reduce((total, mailbox) => total + sign * of(mailbox), 0);
  return {
    mailboxes: sign * mailboxes.length,
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
  };
}

interface TreeChange {
  /** The state that it must be in. */
  readonly from: TreeState;
  readonly claim?: string;
  /** What else must be as it was read. */
  readonly same?: Partial<Pick<Tree, 'mailboxes' | 'messages' | 'bytes'>>;
  readonly set?: Attributes;
  readonly add?: Readonly<Record<string, number>>;
  readonly unset?: readonly string[];
}

export function treeUpdate(
  accountId: string,
  deletionId: string,
  { from, claim, same = {}, ...change }: TreeChange,
): Write {
  return {
    kind: 'update',
    key: dictmapKeys.tree(accountId, deletionId),
    guard: {
      row: 'present',
      equals: { state: from, ...same, ...(claim === undefined ? {} : { claim }) },
    },
    change,
  };
}

/** What is left of a tree of which nothing is left: a record, for a while. */
export function recordChange(state: 'restored' | 'purged', now: number) {
  const ends = Math.ceil(now / 1000) + RECORD_DAYS * 86_400;
  return {
    set: { state, endedAt: now, [TTL_ATTRIBUTE]: ends },
    unset: ['duePk', 'dueSk', 'claim', 'claimedAt'],
  } as const;
}

/** As the rows were when they were read: what arrives meanwhile makes the caller read again. */
function unchanged({ state, path, uidValidity, uidNext, messages, bytes }: Mailbox) {
  return { state, path, uidValidity, uidNext, messages, bytes };
}

/**
 * @param memory what its name has shown
 * @param inbox the new one, when the INBOX itself is deleted
 */
export function deleteWrites(
  accountId: string,
  { deletionId }: Pick<Tree, 'deletionId'>,
  { mailbox, memory }: { readonly mailbox: Mailbox; readonly memory: NameMemory },
  inbox?: Mailbox,
): Write[] {
  const { mailboxId, path } = mailbox;
  const key = dictmapKeys.path(accountId, path);
  const guard = { row: 'present', equals: { mailboxId } } as const;
  const named: Write =
    inbox === undefined || path !== INBOX
      ? { kind: 'remove', key, guard }
      : { kind: 'put', key, guard, attributes: pathRow(inbox.mailboxId) };
  return [
    named,
    {
      kind: 'put',
      key: dictmapKeys.deletedPath(accountId, deletionId, path),
      guard: { row: 'absent' },
      attributes: { ...pathRow(mailboxId), type: 'deleted-path' },
    },
    {
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present', equals: unchanged(mailbox) },
      // Nothing in a deleted folder falls due: it is kept until it is purged as a whole.
      change: { set: { state: 'deleted', treeId: deletionId }, unset: ['duePk', 'dueSk'] },
    },
    ...leavingWrites(accountId, memory, mailbox),
  ];
}

const pathRow = (mailboxId: string) => ({ v: ROW_VERSION, type: 'path', mailboxId });

export interface Return {
  readonly branch: string;
  readonly to: string;
  readonly settings: ResolvedSettings;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Those of what comes back: its own, unless another has shown that under the name. */
  readonly uidValidityOf: (mailbox: Mailbox, target: string) => number;
  /** The mark of a return that takes more than one transaction. */
  readonly returnId?: string;
}

/** The clock of autoexpunge starts anew, as after a rename (A2). */
export function restoreWrites(
  accountId: string,
  { deletionId }: Pick<Tree, 'deletionId'>,
  mailbox: Mailbox,
  { branch, to, settings, now, uidValidityOf, returnId }: Return,
): Write[] {
  const { mailboxId, path } = mailbox;
  const target = targetPath(path, branch, to);
  const uidValidity = uidValidityOf(mailbox, target);
  const { set, unset = [] } = renamed({ ...mailbox, uidValidity }, target, settings, now);
  const mark = returnId === undefined ? {} : { returnId };
  const gone = ['treeId', 'arrivedUid', 'arrivedMessages'];
  if (returnId === undefined) gone.push('returnId');
  return [
    {
      kind: 'remove',
      key: dictmapKeys.deletedPath(accountId, deletionId, path),
      guard: { row: 'present', equals: { mailboxId } },
    },
    {
      kind: 'put',
      key: dictmapKeys.path(accountId, target),
      guard: { row: 'absent' },
      attributes: pathRow(mailboxId),
    },
    {
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present', equals: { ...unchanged(mailbox), treeId: deletionId } },
      change: { set: { ...set, state: 'active', ...mark }, unset: [...unset, ...gone] },
    },
  ];
}
