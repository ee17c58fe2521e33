/** What was acknowledged about messages while folders came and went, and whether it still holds. */

import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { isHidden, toMoves, type WithMoves } from '../../functions/core/accounts/folder-moves.ts';
import type { Tree } from '../../functions/core/folders/tree.ts';
import { isStored, treeMembers } from '../../functions/core/folders/tree.ts';
import { everyMailboxRow, isThere } from '../../functions/core/mailboxes/every-mailbox.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { fetchMessage } from '../../functions/core/messages/read-messages.ts';
import type { Value } from '../../functions/core/ports/row-store.ts';
import { recount } from '../../functions/core/quota/recount.ts';
import type { RowChange } from '../models/memory-row-changes.ts';
import type { FolderDesk } from './folder-desk.ts';
import { OTHER } from './folder-requests.ts';

/** Live instances, and those that the storage keeps, by the subject of the message. */
export class Ledger {
  readonly live = new Map<string, number>();
  readonly stored = new Map<string, number>();

  add(kind: 'live' | 'stored', subject: string, count: number): void {
    const now = (this[kind].get(subject) ?? 0) + count;
    if (now === 0) this[kind].delete(subject);
    else this[kind].set(subject, now);
  }

  /** Whether an expunge drops what has another instance. */
  mayDrop = false;
  /** Live instances that ended because their folder was handed over, by subject. */
  readonly handedOver = new Map<string, number>();
  /** What has happened to messages that nobody may have asked for. */
  readonly faults: string[] = [];

  /** Only a purge ends live mail for good here, and only that of deleted folders (W4). */
  watch(desk: FolderDesk, { key, before, after }: RowChange): void {
    if (before?.['type'] !== 'message' || before['state'] !== 'live') return;
    if (after?.['state'] !== 'purging' && after?.['state'] !== 'ended') return;
    const mailboxId = key.pk.split('#')[1] ?? '';
    const row = desk.world.rows
      .rows('dictmap')
      .find((one) => one.key.sk === `mailbox#${mailboxId}`);
    const { state, path } = row?.attributes ?? {};
    const { subject } = before['envelope'] as { subject: string };
    if (state === 'deleted') {
      this.add('live', subject, -1);
      if (!isLeaving(desk, String(row?.attributes['treeId']))) return;
      this.handedOver.set(subject, (this.handedOver.get(subject) ?? 0) + 1);
    } else if (!this.mayDrop) this.faults.push(`${subject} was purged in ${state} ${path}`);
    else if (!isSeen(desk, subject)) this.faults.push(`the last ${subject} went from ${path} (L4)`);
  }

  /** Everything that is not as it was acknowledged, once nothing is under way any more. */
  async problems(desk: FolderDesk): Promise<string[]> {
    const account = await desk.account();
    const { rows } = desk.world;
    const seen = new Ledger();
    const problems = [...this.faults];
    const lying = new Map<string, Mailbox[]>();
    for await (const mailbox of everyMailboxRow(rows, account.accountId)) {
      const { treeId = '', state, path } = mailbox;
      if (state === 'deleted') lying.set(treeId, [...(lying.get(treeId) ?? []), mailbox]);
      else if (state !== 'shell' && !isThere(account, mailbox))
        problems.push(`${path} is ${state}, in sight of nobody`);
      const kind = mailbox.role === 'storage' ? 'stored' : 'live';
      const messages = await bodies(desk, mailbox);
      for (const subject of messages) seen.add(kind, subject, 1);
      if (kind === 'live' && messages.length !== mailbox.messages) {
        problems.push(`${path} counts ${mailbox.messages}, has ${messages.length}`);
      }
    }
    for (const tree of await desk.trees()) {
      problems.push(...(await treeProblems(desk, tree, lying.get(tree.deletionId) ?? [])));
    }
    const names = await desk.deletedNames();
    if (new Set(names).size < names.length) problems.push(`names twice: ${names.join(', ')}`);
    if (account.moves !== undefined) problems.push(`on the move: ${JSON.stringify(account.moves)}`);
    const { drift } = await recount(desk.world.ports, account, undefined, desk.deadline);
    if (drift.length > 0) problems.push(`drift: ${JSON.stringify(drift)}`);
    return [
      ...problems,
      ...(await desk.nameProblems()),
      ...unlike('live', this.live, seen.live),
      ...unlike('stored', this.stored, seen.stored),
      ...(await this.#lostOnTheWay(desk)),
    ];
  }

  /** What was handed over is where its new owner sees it (W1). */
  async #lostOnTheWay(desk: FolderDesk): Promise<string[]> {
    const { rows } = desk.world;
    const other = await requireActiveAccount(rows, OTHER);
    const there = new Map<string, number>();
    for await (const mailbox of everyMailboxRow(rows, other.accountId)) {
      if (!isThere(other, mailbox)) continue;
      for (const subject of await bodies(desk, mailbox, other)) {
        there.set(subject, (there.get(subject) ?? 0) + 1);
      }
    }
    return [...this.handedOver].flatMap(([subject, count]) => {
      const has = there.get(subject) ?? 0;
      return has >= count ? [] : [`${subject}: ${count} handed over, ${has} arrived`];
    });
  }
}

/** Whether it is a hand-over that ends what is in a deleted tree. */
const isLeaving = ({ world }: FolderDesk, deletionId: string): boolean =>
  world.rows.rows('dictmap').some(({ attributes }) => {
    const isTree = attributes['type'] === 'tree' && attributes['deletionId'] === deletionId;
    return isTree && String(attributes['claim']).startsWith('hand-over-');
  });

/** Whether a live instance is left that its owner sees, in this very moment. */
function isSeen({ world }: FolderDesk, subject: string): boolean {
  const rows = world.rows.rows('dictmap');
  const moves = world.rows.rows('registry').find(({ key, attributes }) => {
    return key.sk === 'account' && attributes['user'] !== OTHER;
  });
  const own = String(moves?.attributes['accountId']);
  const account = { accountId: '', ...movesOf(moves?.attributes['moves']) };
  const seen = rows.flatMap(({ attributes }) => {
    const { type, state, path = '', returnId } = attributes;
    if (type !== 'mailbox' || state !== 'active') return [];
    if (!String(attributes['mailboxId']).startsWith(own)) return [];
    const mailbox = {
      path: String(path),
      ...(returnId === undefined ? {} : { returnId: String(returnId) }),
    };
    return isHidden(account, mailbox) ? [] : [`mailbox#${String(attributes['mailboxId'])}#`];
  });
  return rows.some(({ key, attributes }) => {
    if (attributes['type'] !== 'message' || attributes['state'] !== 'live') return false;
    const { subject: own } = attributes['envelope'] as { subject: string };
    return own === subject && seen.some((prefix) => key.pk.startsWith(prefix));
  });
}

function movesOf(value: Value | undefined): Pick<WithMoves, 'moves'> {
  const moves = toMoves(value);
  return moves === undefined ? {} : { moves };
}

/** Subjects of what a mailbox shows; each must be readable, byte for byte (W1). */
async function bodies(desk: FolderDesk, mailbox: Mailbox, owner?: Account): Promise<string[]> {
  const account = owner ?? (await desk.account());
  const subjects: string[] = [];
  for (const line of await desk.shown(mailbox)) {
    const [uid = '', subject = ''] = line.split(' ');
    const { body } = await fetchMessage(desk.world.ports, account, mailbox, Number(uid));
    const text = Buffer.from(body).toString();
    if (text !== `Subject: ${subject}\r\n\r\n${subject}`)
      throw new Error(`${line} has other bytes`);
    subjects.push(subject);
  }
  return subjects;
}

async function treeProblems(
  desk: FolderDesk,
  tree: Tree,
  mailboxes: readonly Mailbox[],
): Promise<string[]> {
  const { accountId } = await desk.account();
  const { deletionId, state } = tree;
  const members = await treeMembers(desk.world.rows, accountId, deletionId);
  const sum = (of: (mailbox: Mailbox) => number) =>
    mailboxes.reduce((total, mailbox) => total + of(mailbox), 0);
  const has = [members.length, sum(() => 1), sum(({ messages }) => messages), sum((m) => m.bytes)];
  const says = [tree.mailboxes, tree.mailboxes, tree.messages, tree.bytes];
  const settled = isStored(tree) ? state === 'deleted' && members.length > 0 : members.length === 0;
  return [
    ...(has.join() === says.join() ? [] : [`tree ${deletionId} says ${says}, has ${has}`]),
    ...(settled ? [] : [`tree ${deletionId} is ${state} with ${members.length} mailboxes`]),
  ];
}

function unlike(
  kind: string,
  wanted: ReadonlyMap<string, number>,
  seen: ReadonlyMap<string, number>,
): string[] {
  const subjects = new Set([...wanted.keys(), ...seen.keys()]);
  return [...subjects].flatMap((subject) => {
    const [must = 0, is = 0] = [wanted.get(subject), seen.get(subject)];
    return must === is ? [] : [`${subject}: ${is} ${kind}, must be ${must}`];
  });
}
