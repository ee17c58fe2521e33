/**
 * Copies a deleted tree into another account, where it is a deleted tree too, until it is brought
 * back there. A link never crosses accounts (design 1), so the bytes are copied under the new
 * owner's id and class. UIDs, flags and UIDVALIDITY are kept; the ACL is the former owner's and
 * stays behind (DEV-11). Repeated after a crash it goes on with what is missing.
 */

import { MAILBOX_ID_BYTES } from '../../contract/limits.ts';
import { dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import { notActive, readAccount } from '../accounts/accounts.ts';
import { StoreBusyError } from '../errors.ts';
import { bucketWrite, markOf } from '../mailboxes/bucket-directory.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { handedOver, mailboxPut } from '../mailboxes/mailbox-rows.ts';
import { requireUid } from '../mailboxes/mailbox-uids.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import { movesWrite } from '../mailboxes/moves-write.ts';
import { notAllowed } from '../mailboxes/rights.ts';
import type { MessagePorts } from '../messages/in-chunks.ts';
import type { Guard } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { copyMail } from './copy-mail.ts';
import {
  copyChecks,
  type HandOver,
  handedOverId,
  handOverSources,
  requireGoingOn,
  sourceChecks,
} from './hand-over-claim.ts';
import { countedIn, treePut, treeUpdate } from './move-writes.ts';
import { readTree, requireTree, type Tree } from './tree.ts';

/**
 * @param handOver whose tree the caller has claimed
 * @param deadline epoch milliseconds after which nothing more is begun
 * @returns whether all is there; else the same call again does the rest
 * @throws AccountNotActiveError, AccountHeldError, SupersededError when the claim was lost,
 *   StoreBusyError; NotAllowedError when what came is not what there was: nothing may end (W5, W8)
 */
export async function handOverTree(
  ports: MessagePorts,
  handOver: HandOver,
  deadline: number,
): Promise<boolean> {
  const arrived = await untilWon(ports, deadline, () => beginArrival(ports, handOver));
  if (!arrived.partial) return true;
  const sources = await handOverSources(ports.rows, handOver);
  for (const source of sources) {
    const target = await untilWon(ports, deadline, () => receive(ports, handOver, source));
    if (!(await copyMail(ports, handOver, { source, target }, deadline))) return false;
  }
  await untilWon(ports, deadline, () => endArrival(ports, handOver, sources));
  return true;
}

/**
 * The copy is whole once it counts what its source counts: the numbers are not its own, so that a
 * message that was passed over is missed here (W8).
 */
async function endArrival(
  { rows }: MessagePorts,
  handOver: HandOver,
  sources: readonly Mailbox[],
): Promise<'ended' | 'lost'> {
  const { accountId } = handOver.to;
  const deletionId = handedOverId(handOver);
  const whole = countedIn(sources, 1);
  const result = await rows.transact([
    ...copyChecks(handOver),
    treeUpdate(accountId, deletionId, {
      from: 'arriving',
      same: whole,
      set: { state: 'deleted', whole },
      unset: ['partial', 'claimedAt'],
    }),
  ]);
  if (result.outcome === 'written') return 'ended';
  if (result.outcome === 'conflict') return 'lost';
  await requireGoingOn(rows, handOver);
  const { state, mailboxes, messages, bytes } = await requireTree(rows, accountId, deletionId);
  if (state === 'deleted') return 'ended';
  if (state !== 'arriving') throw new StoreBusyError('what has come of the copy is being purged');
  throw notAllowed(
    `the copy ${deletionId} has ${mailboxes} mailboxes, ${messages} messages, ${bytes} bytes, its source ${whole.mailboxes}, ${whole.messages}, ${whole.bytes}: nothing of the source may end`,
    'Let a purge in the other account take the copy, or an operator look at the folder.',
  );
}

/**
 * Whether all of a copy is there, or has come back: a purge in the new account may have taken some
 * of it first, by the age at which it was deleted in the old one.
 */
export function isWholeTree(tree: Tree): boolean {
  const { whole, returned, partial } = tree;
  if (partial || whole === undefined) return false;
  const { mailboxes, messages, bytes } = returned ?? tree;
  return (
    mailboxes === whole.mailboxes && messages === whole.messages && bytes === (whole.bytes ?? bytes)
  );
}

/** The tree in the new account, which nobody can bring back before it is whole. */
async function beginArrival(
  { rows, clock }: MessagePorts,
  handOver: HandOver,
): Promise<Tree | 'lost'> {
  const { tree, branch, settings } = handOver;
  const to = await readAccount(rows, handOver.to.accountId);
  if (to?.state !== 'active') throw notActive(to ?? handOver.to);
  const { hex, deletedAt, requestedBy } = tree;
  const deletionId = handedOverId(handOver);
  const there = await readTree(rows, to.accountId, deletionId);
  if (there !== undefined && !isHandOverForgotten(there)) {
    return await goOn(rows, clock.now(), handOver, there);
  }
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
  const result = await rows.transact([
    movesWrite(to, to.moves ?? {}),
    ...sourceChecks(handOver),
    treePut(to.accountId, arriving, guard),
  ]);
  if (result.outcome === 'written') return arriving;
  if (result.outcome === 'refused') await requireGoingOn(rows, handOver);
  return 'lost';
}

/** It never came back, and a purge has taken what there was of it. */
const isHandOverForgotten = ({ state, returned }: Tree): boolean =>
  state === 'purged' && returned === undefined;

/** Takes a copy up again of which something is missing, and says that somebody is at it. */
async function goOn(
  rows: MessagePorts['rows'],
  now: number,
  handOver: HandOver,
  tree: Tree,
): Promise<Tree | 'lost'> {
  if (tree.returned !== undefined || isWholeTree(tree)) return tree;
  if (tree.state === 'purging') throw new StoreBusyError('what has come of it is being purged');
  const set = { state: 'arriving', partial: true, claimedAt: now };
  const { accountId } = handOver.to;
  const result = await rows.transact([
    ...copyChecks(handOver),
    treeUpdate(accountId, tree.deletionId, { from: tree.state, set }),
  ]);
  if (result.outcome === 'written') return { ...tree, partial: true };
  if (result.outcome === 'refused') await requireGoingOn(rows, handOver);
  return 'lost';
}

/** The mailbox that takes the mail of another. */
async function receive(
  { rows, ids }: MessagePorts,
  handOver: HandOver,
  source: Mailbox,
): Promise<Mailbox | 'lost'> {
  const { to } = handOver;
  const deletionId = handedOverId(handOver);
  const { path, uidNext } = source;
  // It keeps its UIDs, so those must be such as can be read.
  requireUid(source, uidNext - 1);
  const key = dictmapKeys.deletedPath(to.accountId, deletionId, path);
  const named = await rows.get(key);
  if (named !== undefined) return (await readMailbox(rows, text(named, 'mailboxId'))) ?? 'lost';
  // Each chunk registers the buckets that it writes into. What is given later comes into the top
  // one, which may get nothing now: a mark says of a bucket that it is registered.
  const topBucket = markOf(source).top;
  const mailbox = handedOver(source, {
    mailboxId: `${to.accountId}.${ids.hex(MAILBOX_ID_BYTES)}`,
    state: 'deleted',
    treeId: deletionId,
    messages: 0,
    bytes: 0,
    unseen: 0,
    deleted: 0,
    topBucket,
  });
  const { mailboxId } = mailbox;
  const absent = { row: 'absent' } as const;
  const result = await rows.transact([
    ...copyChecks(handOver),
    treeUpdate(to.accountId, deletionId, { from: 'arriving', add: { mailboxes: 1 } }),
    {
      kind: 'put',
      key,
      guard: absent,
      attributes: { v: ROW_VERSION, type: 'deleted-path', mailboxId },
    },
    mailboxPut(mailbox),
    ...(topBucket < 0 ? [] : [bucketWrite(mailboxId, topBucket)]),
  ]);
  if (result.outcome === 'written') return mailbox;
  if (result.outcome === 'refused') await requireGoingOn(rows, handOver);
  return 'lost';
}
