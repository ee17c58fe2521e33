/**
 * Renaming a mailbox with its children. A tree that fits into one transaction gets its new names
 * at once. A larger one is named on the account's row first, and goes child by child, the mailbox
 * itself last: whoever needs one of the names meanwhile, or asks for the same again, takes it to its
 * end (W2). At every moment each name has one owner, because the new one is written where none is,
 * in the transaction that gives up the old one.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { MAILBOX_PATH_BYTES, TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { DELIMITER, isTooLongPath } from '../../contract/mailbox-names.ts';
import { accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount } from '../accounts/accounts.ts';
import { ownRename, withMove } from '../accounts/folder-moves.ts';
import { InvalidInputError, LetheError, StoreBusyError } from '../errors.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { domainCheck, requireSameDomain, requireSameSettings } from '../settings/settings-store.ts';
import { requireSettled } from './create-mailbox.ts';
import type { Mailbox } from './mailbox.ts';
import { type MailboxPorts, mailboxExists, readMailbox, unknownMailbox } from './mailboxes.ts';
import { movesWrite } from './moves-write.ts';
import { newPath, type Renaming, renameWrites } from './rename-writes.ts';

/** A path row less, a path row more, the mailbox row, and what its old name remembers. */
const RENAMED_ROWS_EACH = 4;

/** The account, and the settings of its domain, which the policies of the new names follow from. */
const FIXED_ROWS = 2;
const BATCH_MAILBOXES = Math.floor((TRANSACTION_ITEMS - FIXED_ROWS) / RENAMED_ROWS_EACH);

const PAGE_ROWS = 500;
const PARALLEL_READS = 16;
const RENAME_ID_BYTES = 8;

export interface Rename extends Renaming {
  /** Refuses a mailbox of the tree by throwing. */
  readonly check: (mailbox: Mailbox) => void;
}

/**
 * @param deadline epoch milliseconds after which no new try begins
 * @throws UnknownMailboxError, MailboxExistsError, InvalidInputError, AccountNotActiveError,
 *   StoreBusyError when time ran out: the same request again does the rest
 */
export async function renameMailbox(
  ports: MailboxPorts,
  rename: Rename,
  deadline: number,
): Promise<Mailbox> {
  const begun = await untilWon(ports, deadline, () => begin(ports, rename));
  if (begun.root !== undefined) return begun.root;
  const { account, settings, from, to } = rename;
  const { accountId } = account;
  const { renameId } = begun;
  const root = await finishRename(ports, { accountId, settings, renameId }, deadline);
  // Somebody else was faster with the last of it.
  const there =
    root ?? (await readRenamed(ports.rows, accountId, await pathRow(ports.rows, accountId, to)));
  if (there === undefined || there === 'lost') throw unknownMailbox(from);
  return there;
}

type Begun =
  | { readonly root: Mailbox; readonly renameId?: never }
  | { readonly renameId: string; readonly root?: never };

/** One transaction: all of a small tree, or the entry on the account's row. */
async function begin(ports: MailboxPorts, rename: Rename): Promise<Begun | 'lost'> {
  const { account, from, to } = rename;
  const { rows, ids, clock } = ports;
  const current = await requireSameAccount(rows, account);
  const own = ownRename(current, from, to);
  if (own !== undefined) return { renameId: own };
  for (const path of [from, to]) requireSettled(current, path);
  const tree = await readRenamedTree(rows, rename);
  if (tree === 'lost') return 'lost';
  await requireFree(rows, rename, tree);
  const { moves = {} } = current;
  if (tree.length > BATCH_MAILBOXES) {
    const renameId = ids.hex(RENAME_ID_BYTES);
    const named = withMove(current, renameId, { kind: 'rename', root: from, to });
    const result = await rows.transact([movesWrite(current, named)]);
    return result.outcome === 'written' ? { renameId } : 'lost';
  }
  const renaming = { ...rename, account: current };
  const { set, writes, root } = await renameWrites(rows, renaming, tree, clock.now());
  const result = await rows.transact([
    movesWrite(current, moves, set),
    ...domainCheck(rename.settings),
    ...writes,
  ]);
  requireSameDomain(result);
  return result.outcome === 'written' && root !== undefined ? { root } : 'lost';
}

/** A rename that is on its way, as the account's row names it. */
interface BegunRename {
  readonly accountId: string;
  readonly renameId: string;
  /** Those of the account, for the policies of the new names. */
  readonly settings: ResolvedSettings;
}

/**
 * Takes a rename that is on its way to its end: safe for anybody at any time, also side by side.
 * @param deadline epoch milliseconds after which no new try begins
 * @returns the mailbox itself under its new name; undefined when somebody else has ended it
 * @throws AccountNotActiveError, StoreBusyError: asked again, it goes on
 */
export async function finishRename(
  ports: MailboxPorts,
  begun: BegunRename,
  deadline: number,
): Promise<Mailbox | undefined> {
  for (let moved = 0; ; moved += BATCH_MAILBOXES) {
    const step = await untilWon(ports, deadline, () => moveBatch(ports, begun)).catch((error) => {
      throw error instanceof StoreBusyError && moved > 0 ? unfinished(moved) : error;
    });
    if (step !== 'more') return step.root;
    if (ports.clock.now() > deadline) throw unfinished(moved + BATCH_MAILBOXES);
  }
}

/**
 * One transaction. Every change of a name raises the number on the account's row that it is guarded
 * by, so what was read below the old name is all there is.
 */
async function moveBatch(
  ports: MailboxPorts,
  { accountId, settings, renameId }: BegunRename,
): Promise<{ readonly root?: Mailbox } | 'more' | 'lost'> {
  const { rows, clock } = ports;
  const account = await readAccount(rows, accountId);
  if (account?.state !== 'active') throw notActive(account ?? { accountId });
  const { [renameId]: move, ...others } = account.moves ?? {};
  if (move?.to === undefined) return {};
  requireSameSettings(account, settings);
  const { root: from, to } = move;
  const named = await nextNamed(rows, accountId, from);
  const batch = await inParallel(named, PARALLEL_READS, (row) => readRenamed(rows, accountId, row));
  const mailboxes = batch.filter((mailbox) => mailbox !== undefined && mailbox !== 'lost');
  if (mailboxes.length < named.length) return 'lost';
  const renaming = { account, settings, from, to };
  const { set, writes, root } = await renameWrites(rows, renaming, mailboxes, clock.now());
  const isLast = root !== undefined || mailboxes.length === 0;
  const left = isLast ? others : (account.moves ?? {});
  const result = await rows.transact([
    movesWrite(account, left, set),
    ...domainCheck(settings),
    ...writes,
  ]);
  requireSameDomain(result);
  if (result.outcome !== 'written') return 'lost';
  if (!isLast) return 'more';
  return root === undefined ? {} : { root };
}

/** Path rows for the next transaction: children first, the mailbox itself once they fit with it. */
async function nextNamed(rows: RowStore, accountId: string, from: string): Promise<Row[]> {
  const below: Row[] = [];
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: dictmapKeys.path(accountId, `${from}${DELIMITER}`).sk },
    limit: BATCH_MAILBOXES,
  })) {
    below.push(row);
    if (below.length === BATCH_MAILBOXES) return below;
  }
  const root = await pathRow(rows, accountId, from);
  return root === undefined ? below : [...below, root];
}

const pathRow = (rows: RowStore, accountId: string, path: string): Promise<Row | undefined> =>
  rows.get(dictmapKeys.path(accountId, path));

/** The mailbox that a path row names; `lost` when it has another name by now. */
async function readRenamed(
  rows: RowStore,
  accountId: string,
  row: Row | undefined,
): Promise<Mailbox | 'lost' | undefined> {
  const mailbox = row && (await readMailbox(rows, text(row, 'mailboxId')));
  const isNamed = mailbox && dictmapKeys.path(accountId, mailbox.path).sk === row?.key.sk;
  return isNamed === false ? 'lost' : mailbox;
}

/**
 * The mailboxes of the tree.
 * @returns `lost` when somebody gives them other names meanwhile
 * @throws UnknownMailboxError when the one that was asked for is gone
 */
async function readRenamedTree(
  rows: RowStore,
  { account, from, to, check }: Rename,
): Promise<Mailbox[] | 'lost'> {
  const { accountId } = account;
  const named: Row[] = [];
  const below = { prefix: dictmapKeys.path(accountId, `${from}${DELIMITER}`).sk };
  const pk = accountPartition(accountId);
  const query = { table: 'dictmap', pk, sk: below, limit: PAGE_ROWS } as const;
  for await (const row of everyRow(rows, query)) named.push(row);
  const root = await pathRow(rows, accountId, from);
  if (root === undefined) throw unknownMailbox(from);
  named.push(root);
  const found = await inParallel(named, PARALLEL_READS, (row) => readRenamed(rows, accountId, row));
  if (found.includes('lost')) return 'lost';
  const tree = found.filter((mailbox) => mailbox !== undefined && mailbox !== 'lost');
  for (const mailbox of tree) {
    check(mailbox);
    if (!isTooLongPath(newPath(from, to, mailbox))) continue;
    throw InvalidInputError.of(
      'to',
      `below it a name would be longer than the ${MAILBOX_PATH_BYTES} bytes allowed`,
    );
  }
  return tree;
}

/** Looked at again when the rows are written; from the entry on nobody else can take one. */
async function requireFree(
  rows: RowStore,
  { account, from, to }: Rename,
  tree: readonly Mailbox[],
): Promise<void> {
  const wanted = tree.map((mailbox) => newPath(from, to, mailbox));
  const there = await inParallel(wanted, PARALLEL_READS, (path) =>
    rows.get(dictmapKeys.path(account.accountId, path)),
  );
  const taken = wanted.find((_, index) => there[index] !== undefined);
  if (taken !== undefined) throw mailboxExists(taken);
}

/** @throws AccountNotActiveError, StoreBusyError */
async function requireSameAccount(rows: RowStore, account: Account): Promise<Account> {
  const current = await readAccount(rows, account.accountId);
  if (current?.state !== 'active') throw notActive(account);
  if (current.settingsRevision === account.settingsRevision) return current;
  throw new StoreBusyError('the settings of the account were changed meanwhile');
}

function unfinished(moved: number): LetheError {
  return new LetheError(
    ERROR_NAMES.storeBusy,
    `time ran out: ${moved} of the mailboxes below have their new names`,
    'Send the same request again: it takes up what is left.',
  );
}
