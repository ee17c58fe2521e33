/**
 * Delayed deletion (F1). The row of the tree is the moment: a small tree goes in that very
 * transaction; a larger one is named on the account's row by it, and so is gone for everybody at
 * once, while its rows follow in bounded transactions. Whoever meets it on the way takes that on.
 */
import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { INBOX } from '../../contract/mailbox-names.ts';
import { type Account, notActive, readAccount } from '../accounts/accounts.ts';
import { isHidden, movesAround, withMove } from '../accounts/folder-moves.ts';
import { mailboxWrites, newMailbox } from '../mailboxes/create-mailbox.ts';
import { everyMailbox } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { type MailboxPorts, unknownMailbox } from '../mailboxes/mailboxes.ts';
import { movesWrite } from '../mailboxes/moves-write.ts';
import {
  isRemembered,
  type NameMemory,
  readNameMemories,
  UidValidities,
} from '../mailboxes/name-memory.ts';
import { hideSubscriptions } from '../mailboxes/subscriptions.ts';
import { isAtOrBelow } from '../names/mailbox-path.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { domainCheck, requireSameDomain, requireSameSettings } from '../settings/settings-store.ts';
import { finishMove, finishMoves } from './finish-move.ts';
import { countedIn, deletableWith, deleteWrites, MOVED_ROWS_EACH, treePut } from './move-writes.ts';
import { everyTree, hexOf, isStored, requireTree, type Tree, treeMembers } from './tree.ts';

/** Account, tree, and where the INBOX goes, the new one and the settings that its policy is from. */
const FIXED_ROWS = 4;

const DELETED_ROWS = TRANSACTION_ITEMS - FIXED_ROWS;

/** Mailboxes that go in one transaction, at most, when none has given UIDs: (100 - 4) / 3. */
export const AT_ONCE_MAILBOXES = Math.floor(DELETED_ROWS / MOVED_ROWS_EACH);

const RANDOM_BYTES = 6;

export interface Deletion {
  readonly account: Account;
  readonly settings: ResolvedSettings;
  readonly path: string;
  /** `mailbox`: without what is below it, which stays where it is. */
  readonly scope: 'tree' | 'mailbox';
  /** Who asks, for the record. */
  readonly requestedBy: string;
  /** Another, empty INBOX takes the place of one that goes. */
  readonly keepInbox: boolean;
  /** Refuses by throwing: told the mailboxes that would go, as they are. */
  readonly check: (mailboxes: readonly Mailbox[]) => void;
}

/**
 * Deletes a mailbox with what is below it. Asked again while its rows are on their way, it goes on
 * with the same deletion.
 * @param deadline epoch milliseconds after which no new try begins
 * @throws what `check` throws; UnknownMailboxError, AccountNotActiveError, StoreBusyError: the
 *   same request again does the rest
 */
export async function deleteTree(
  ports: MailboxPorts,
  deletion: Deletion,
  deadline: number,
): Promise<Tree> {
  const { settings, path } = deletion;
  const { accountId } = deletion.account;
  return await untilWon(ports, deadline, async () => {
    const account = await readAccount(ports.rows, accountId);
    if (account?.state !== 'active') throw notActive(account ?? deletion.account);
    const begun = ownMove(account, path);
    const around = movesAround(account, path);
    if (around.length > 0) await finishMoves(ports, { account, settings }, deadline, around);
    if (begun !== undefined) return await requireTree(ports.rows, accountId, begun);
    if (around.length > 0) return 'lost';
    return await begin(ports, { ...deletion, account }, deadline);
  });
}

/** The deletion of this very path that is on its way. */
export function ownMove({ moves = {} }: Account, path: string): string | undefined {
  const own = Object.entries(moves).find(
    ([, { kind, root }]) => kind === 'delete' && root === path,
  );
  return own?.[0];
}

async function begin(
  ports: MailboxPorts,
  deletion: Deletion,
  deadline: number,
): Promise<Tree | 'lost'> {
  const { account, settings, path } = deletion;
  const { accountId } = account;
  const mailboxes = await mailboxesOf(ports, deletion);
  if (mailboxes.length === 0) throw unknownMailbox(path);
  const paths = mailboxes.map((mailbox) => mailbox.path);
  // Renamed while they were read: one has the name that another had.
  if (new Set(paths).size < paths.length) return 'lost';
  deletion.check(mailboxes);
  const now = ports.clock.now();
  const hex = await freeHex(ports, accountId, { root: path, paths: new Set(paths) }, now);
  const atOnce = deletableWith(DELETED_ROWS, mailboxes).length === mailboxes.length;
  const keepInbox = deletion.keepInbox && paths.includes(INBOX);
  const tree: Tree = {
    deletionId: `${hex}-${ports.ids.hex(RANDOM_BYTES)}`,
    state: atOnce ? 'deleted' : 'moving',
    root: path,
    prefix: settings.deletedPrefix,
    hex,
    deletedAt: now,
    requestedBy: deletion.requestedBy,
    ...countedIn(
      atOnce ? mailboxes : mailboxes.filter(({ path }) => keepInbox && path === INBOX),
      1,
    ),
    ...(keepInbox ? { keepInbox: true } : {}),
  };
  await hideSubscriptions(ports.rows, accountId, paths);
  const written = atOnce ? mailboxes : mailboxes.filter((mailbox) => mailbox.path === INBOX);
  const remembered = written.filter((one) => isRemembered(one) || one.path === INBOX);
  const names = remembered.map((mailbox) => mailbox.path);
  const memories = await readNameMemories(ports.rows, accountId, names);
  const going = mailboxes.map((mailbox) => ({ mailbox, memory: memories(mailbox.path) }));
  const writes = atOnce
    ? atOnceWrites(ports, deletion, tree, going)
    : markWrites(ports, deletion, tree, going);
  const result = await ports.rows.transact(writes);
  requireSameDomain(result);
  if (result.outcome !== 'written') return 'lost';
  if (atOnce) return tree;
  const { deletionId } = tree;
  await finishMove(ports, { accountId, settings, deletionId }, deadline);
  return await requireTree(ports.rows, accountId, deletionId);
}

/** Parents first. */
async function mailboxesOf(
  { rows }: MailboxPorts,
  { account, path, scope }: Deletion,
): Promise<Mailbox[]> {
  const found: Mailbox[] = [];
  for await (const mailbox of everyMailbox(rows, account)) {
    const meant = scope === 'tree' ? isAtOrBelow(mailbox.path, path) : mailbox.path === path;
    if (meant && !isHidden(account, mailbox)) found.push(mailbox);
  }
  return found.sort((one, other) => (one.path < other.path ? -1 : 1));
}

interface Going {
  readonly mailbox: Mailbox;
  /** What its name has shown. */
  readonly memory: NameMemory;
}

function atOnceWrites(
  ports: MailboxPorts,
  deletion: Deletion,
  tree: Tree,
  going: readonly Going[],
): Write[] {
  const { account } = deletion;
  const { accountId, moves = {} } = account;
  const { inbox, set } = inboxFor(ports, deletion, tree, going);
  return [
    movesWrite(account, moves, set),
    treePut(accountId, tree),
    ...going.flatMap((one) => deleteWrites(accountId, tree, one, inbox)),
    ...inboxRow(accountId, inbox),
    ...(inbox === undefined ? [] : domainCheck(deletion.settings)),
  ];
}

/**
 * The moment of a large deletion. An INBOX is exchanged in it: mail never finds none.
 * @throws StoreBusyError when too many trees are on the move
 */
function markWrites(
  ports: MailboxPorts,
  deletion: Deletion,
  tree: Tree,
  going: readonly Going[],
): Write[] {
  const { account } = deletion;
  const { accountId } = account;
  const { deletionId, root } = tree;
  const { old, inbox, set } = inboxFor(ports, deletion, tree, going);
  const below = old === undefined ? {} : ({ below: true } as const);
  const move = { kind: 'delete', root, ...below } as const;
  return [
    movesWrite(account, withMove(account, deletionId, move), set),
    treePut(accountId, tree),
    ...(old === undefined ? [] : deleteWrites(accountId, tree, old, inbox)),
    ...inboxRow(accountId, inbox),
    ...(inbox === undefined ? [] : domainCheck(deletion.settings)),
  ];
}

/** The INBOX that takes the place of one that goes, beyond all that the name has shown. */
function inboxFor(
  { clock, ids }: MailboxPorts,
  { account, settings }: Deletion,
  { keepInbox }: Tree,
  going: readonly Going[],
) {
  const old = keepInbox ? going.find(({ mailbox }) => mailbox.path === INBOX) : undefined;
  if (old === undefined) return { set: {} };
  const validities = new UidValidities(account, clock.now());
  const uidValidity = validities.next(old.memory, old.mailbox.uidValidity);
  requireSameSettings(account, settings);
  const policy = settings.autoexpungeOf(INBOX) ?? {};
  const inbox = newMailbox(account.accountId, INBOX, ids, { policy, uidValidity });
  return { old, inbox, set: validities.set };
}

/** Its path row is written where that of the old one is exchanged. */
const inboxRow = (accountId: string, inbox: Mailbox | undefined): Write[] =>
  inbox === undefined ? [] : mailboxWrites(accountId, inbox).slice(0, 1);

interface NamesToGo {
  readonly root: string;
  readonly paths: ReadonlySet<string>;
}

/**
 * Seconds for the names: those of now, or the next in which none of the names was given. The
 * account's row keeps two deletions from choosing at once (F2).
 */
async function freeHex(
  { rows }: MailboxPorts,
  accountId: string,
  names: NamesToGo,
  now: number,
): Promise<string> {
  for (let seconds = Math.floor(now / 1000); ; seconds += 1) {
    const hex = hexOf(seconds);
    if (!(await isTaken(rows, accountId, hex, names))) return hex;
  }
}

async function isTaken(
  rows: MailboxPorts['rows'],
  accountId: string,
  hex: string,
  { root, paths }: NamesToGo,
): Promise<boolean> {
  for await (const tree of everyTree(rows, accountId, hex)) {
    if (!isStored(tree) || !touches(tree, root)) continue;
    // Not all of its names are with it yet.
    if (tree.state === 'moving') return true;
    const members = await treeMembers(rows, accountId, tree.deletionId);
    if (members.some(({ path }) => paths.has(path))) return true;
  }
  return false;
}

const touches = (tree: Tree, root: string): boolean =>
  isAtOrBelow(tree.root, root) || isAtOrBelow(root, tree.root);
