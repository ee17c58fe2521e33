/**
 * Copies a deleted tree into another account, where it is a deleted tree too, until it is brought
 * back there. A link never crosses accounts (design 1), so the bytes are copied under the new
 * owner's id and class. UIDs, flags and UIDVALIDITY are kept; the ACL is the former owner's and
 * stays behind (DEV-11). Repeated after a crash it goes on with what is missing.
 */
import { createHash } from 'node:crypto';
import { mailKey } from '../../contract/key-layout.ts';
import { dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { StoreBusyError } from '../errors.ts';
import { type Mailbox, readMailbox } from '../mailboxes/mailboxes.ts';
import { type Entry, readEntries, readMailboxPage, stillThere } from '../messages/entries.ts';
import type { MessagePorts } from '../messages/in-chunks.ts';
import { type Message, toAttributes } from '../messages/message.ts';
import type { Attributes, Guard, RowStore, Write } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { accountWrite, treePut, treeUpdate } from './move-writes.ts';
import { membersOf, readMailboxes, readTree, requireTree, type Tree } from './tree.ts';

/** Messages in one transaction: as many COPYs as take two or three turns of some 30 ms. */
const CHUNK_MESSAGES = 48;
const PARALLEL_COPIES = 16;

/** As many as ids of deletions end with. */
const RANDOM_DIGITS = 12;

const MAILBOX_ID_BYTES = 8;
const BLOB_ID_BYTES = 16;

export interface HandOver {
  readonly from: Account;
  readonly tree: Tree;
  /** Path, as it was deleted, of what is handed over. */
  readonly branch: string;
  readonly to: Account;
  /** Those of the new owner. */
  readonly settings: ResolvedSettings;
}

/** The id that a part of a tree has in its new account: always the same, so that a repetition finds it. */
export function handedOverId({ tree, branch }: Pick<HandOver, 'tree' | 'branch'>): string {
  const hash = createHash('sha256').update(`${tree.deletionId} ${branch}`).digest('hex');
  return `${tree.hex}-${hash.slice(0, RANDOM_DIGITS)}`;
}

/**
 * @param deadline epoch milliseconds after which nothing more is begun
 * @returns whether all is there; else the same call again does the rest
 * @throws StoreBusyError
 */
export async function handOverTree(
  ports: MessagePorts,
  handOver: HandOver,
  deadline: number,
): Promise<boolean> {
  const { from, tree, branch, to } = handOver;
  const arrived = await untilWon(ports, deadline, () => beginArrival(ports, handOver));
  if (!arrived.partial) return true;
  const members = await membersOf(ports.rows, from.accountId, tree.deletionId, branch);
  for (const source of await readMailboxes(ports.rows, members)) {
    const target = await untilWon(ports, deadline, () => receive(ports, handOver, source));
    if (!(await copyMail(ports, handOver, { source, target }, deadline))) return false;
  }
  const deletionId = handedOverId(handOver);
  const { mailboxes, messages } = await requireTree(ports.rows, to.accountId, deletionId);
  const end = treeUpdate(to.accountId, deletionId, {
    from: 'arriving',
    set: { state: 'deleted', whole: { mailboxes, messages } },
    unset: ['partial', 'claimedAt'],
  });
  const ended = await ports.rows.write(end);
  if (ended.outcome === 'written') return true;
  throw new StoreBusyError('somebody else is at the copy of the deleted folder');
}

/**
 * Whether all of a copy is there, or has come back: a purge in the new account may have taken some
 * of it first, by the age at which it was deleted in the old one.
 */
export function isWhole(tree: Tree): boolean {
  const { whole, returned, partial } = tree;
  if (partial || whole === undefined) return false;
  const { mailboxes, messages } = returned ?? tree;
  return mailboxes === whole.mailboxes && messages === whole.messages;
}

/** The tree in the new account, which nobody can bring back before it is whole. */
async function beginArrival(
  { rows, clock }: MessagePorts,
  handOver: HandOver,
): Promise<Tree | 'lost'> {
  const { tree, branch, to, settings } = handOver;
  const { hex, deletedAt, requestedBy } = tree;
  const deletionId = handedOverId(handOver);
  const there = await readTree(rows, to.accountId, deletionId);
  if (there !== undefined && !isForgotten(there)) return await goOn(rows, clock.now(), to, there);
  const arriving: Tree = {
    deletionId,
    state: 'arriving',
    partial: true,
    claimedAt: clock.now(),
    root: branch,
    prefix: settings.deletedPrefix,
    hex,
    deletedAt,
    requestedBy,
    mailboxes: 0,
    messages: 0,
    bytes: 0,
  };
  const guard: Guard =
    there === undefined ? { row: 'absent' } : { row: 'present', equals: { state: 'purged' } };
  const writes = [accountWrite(to, to.moves ?? {}), treePut(to.accountId, arriving, guard)];
  const result = await rows.transact(writes);
  return result.outcome === 'written' ? arriving : 'lost';
}

/** It never came back, and a purge has taken what there was of it. */
const isForgotten = ({ state, returned }: Tree): boolean =>
  state === 'purged' && returned === undefined;

/** Takes a copy up again of which something is missing, and says that somebody is at it. */
async function goOn(
  rows: RowStore,
  now: number,
  { accountId }: Account,
  tree: Tree,
): Promise<Tree | 'lost'> {
  if (tree.returned !== undefined || isWhole(tree)) return tree;
  if (tree.state === 'purging') throw new StoreBusyError('what has come of it is being purged');
  const set = { state: 'arriving', partial: true, claimedAt: now };
  const update = treeUpdate(accountId, tree.deletionId, { from: tree.state, set });
  const result = await rows.write(update);
  return result.outcome === 'written' ? { ...tree, partial: true } : 'lost';
}

/** The mailbox that takes the mail of another. */
async function receive(
  { rows, ids }: MessagePorts,
  handOver: HandOver,
  source: Mailbox,
): Promise<Mailbox | 'lost'> {
  const { to } = handOver;
  const deletionId = handedOverId(handOver);
  const { path, uidValidity, uidNext, specialUse } = source;
  const key = dictmapKeys.deletedPath(to.accountId, deletionId, path);
  const named = await rows.get(key);
  if (named !== undefined) return (await readMailbox(rows, text(named, 'mailboxId'))) ?? 'lost';
  const mailbox: Mailbox = {
    mailboxId: `${to.accountId}.${ids.hex(MAILBOX_ID_BYTES)}`,
    path,
    state: 'deleted',
    treeId: deletionId,
    uidValidity,
    uidNext,
    messages: 0,
    bytes: 0,
    ...(specialUse === undefined ? {} : { specialUse }),
  };
  const { mailboxId } = mailbox;
  const absent = { row: 'absent' } as const;
  const result = await rows.transact([
    treeUpdate(to.accountId, deletionId, { from: 'arriving', add: { mailboxes: 1 } }),
    {
      kind: 'put',
      key,
      guard: absent,
      attributes: { v: ROW_VERSION, type: 'deleted-path', mailboxId },
    },
    {
      kind: 'put',
      key: dictmapKeys.mailbox(mailboxId),
      guard: absent,
      attributes: { v: ROW_VERSION, type: 'mailbox', ...(mailbox as unknown as Attributes) },
    },
  ]);
  return result.outcome === 'written' ? mailbox : 'lost';
}

interface Pair {
  readonly source: Mailbox;
  readonly target: Mailbox;
}

/** @returns whether all of it is there */
async function copyMail(
  ports: MessagePorts,
  handOver: HandOver,
  pair: Pair,
  deadline: number,
): Promise<boolean> {
  const { rows, clock } = ports;
  let afterUid: number | undefined = 0;
  while (afterUid !== undefined) {
    if (clock.now() > deadline) return false;
    const window = { afterUid, limit: CHUNK_MESSAGES };
    const page: Awaited<ReturnType<typeof readMailboxPage>> = await readMailboxPage(
      rows,
      pair.source,
      window,
      clock.now(),
    );
    await untilWon(ports, deadline, () => copyChunk(ports, handOver, pair, page.entries));
    afterUid = page.nextAfterUid;
  }
  return true;
}

async function copyChunk(
  ports: MessagePorts,
  handOver: HandOver,
  { target }: Pair,
  entries: readonly Entry[],
): Promise<'done' | 'lost'> {
  const { from, to } = handOver;
  const uids = entries.map(({ message }) => message.uid);
  const there = uids.length === 0 ? [] : await readEntries(ports.rows, target, uids, 0);
  const known = new Set(there.map(({ message }) => message.uid));
  const missing = entries.filter(({ message }) => !known.has(message.uid));
  const copies = await inParallel(missing, PARALLEL_COPIES, ({ message }) =>
    copyBytes(ports, from, to, message),
  );
  await requireEnded(
    ports,
    missing.filter((_, index) => copies[index] === undefined),
  );
  const messages = copies.filter((copy) => copy !== undefined);
  if (messages.length === 0) return 'done';
  const bytes = messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const add = { messages: messages.length, bytes };
  const result = await ports.rows.transact([
    treeUpdate(to.accountId, handedOverId(handOver), { from: 'arriving', add }),
    {
      kind: 'update',
      key: dictmapKeys.mailbox(target.mailboxId),
      guard: { row: 'present', equals: { state: 'deleted' } },
      change: { add },
    },
    ...messages.map(
      (message): Write => ({
        kind: 'put',
        key: dictmapKeys.message(target.mailboxId, message.uid),
        guard: { row: 'absent' },
        attributes: toAttributes(message),
      }),
    ),
  ]);
  return result.outcome === 'written' ? 'done' : 'lost';
}

/** @throws Error when bytes are gone of a message that has not ended: then nothing of it may end */
async function requireEnded({ rows }: MessagePorts, gone: readonly Entry[]): Promise<void> {
  if (gone.length === 0) return;
  const [left] = await stillThere(rows, gone);
  if (left === undefined) return;
  throw new Error(`object of message ${left.message.guid} is missing: the audit must look at it`);
}

/** Undefined when the old bytes are gone: the tree is being purged. */
async function copyBytes(
  { objects, ids }: MessagePorts,
  from: Account,
  to: Account,
  message: Message,
): Promise<Message | undefined> {
  const { blobId, retentionClass, versionId } = message;
  const newBlobId = ids.hex(BLOB_ID_BYTES);
  const copied = await objects.copy(
    { key: mailKey(retentionClass, from.accountId, blobId), versionId },
    mailKey(to.retentionClass, to.accountId, newBlobId),
  );
  if (copied === undefined) return undefined;
  const { retentionClass: newClass } = to;
  return { ...message, blobId: newBlobId, retentionClass: newClass, versionId: copied.versionId };
}
