/**
 * Renaming a mailbox with its children. A tree that fits into one transaction gets its new names
 * at once. A larger one goes child by child, the mailbox itself last: while it has its old name,
 * the same request takes up what is left. At every moment each name has one owner, because the
 * new one is written where none is, in the transaction that gives up the old one.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { MAILBOX_PATH_BYTES, TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { DELIMITER, isTooLongPath } from '../../contract/mailbox-names.ts';
import {
  accountPartition,
  dictmapKeys,
  ROW_VERSION,
  registryKeys,
} from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount } from '../accounts/accounts.ts';
import { dueAfterAdding, dueGuard } from '../autoexpunge/due.ts';
import { policyAttributes } from '../autoexpunge/policy-attributes.ts';
import { InvalidInputError, LetheError, StoreBusyError } from '../errors.ts';
import type { Change, Row, RowStore, Write } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { sameNames } from '../settings/settings-store.ts';
import { requireSettled } from './create-mailbox.ts';
import {
  type Mailbox,
  type MailboxPorts,
  mailboxExists,
  readMailbox,
  unknownMailbox,
} from './mailboxes.ts';

/** A path row less, a path row more, and the mailbox row. */
const ROWS_EACH = 3;

/** One item is the check of the account. */
const BATCH_MAILBOXES = Math.floor((TRANSACTION_ITEMS - 1) / ROWS_EACH);

const PAGE_ROWS = 500;
const PARALLEL_READS = 16;

export interface Rename {
  readonly account: Account;
  readonly settings: ResolvedSettings;
  readonly from: string;
  readonly to: string;
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
  let moved = 0;
  for (;;) {
    const step = await untilWon(ports, deadline, () => moveBatch(ports, rename)).catch((error) => {
      throw error instanceof StoreBusyError && moved > 0 ? unfinished(moved) : error;
    });
    moved += step.moved;
    if (step.root !== undefined) return step.root;
    if (ports.clock.now() > deadline) throw unfinished(moved);
  }
}

interface Step {
  readonly moved: number;
  /** The mailbox itself, once it has its new name. */
  readonly root?: Mailbox;
}

/** One transaction; `lost` when the tree was changed meanwhile. */
async function moveBatch(ports: MailboxPorts, rename: Rename): Promise<Step | 'lost'> {
  const { account, from, to } = rename;
  const current = await requireSameAccount(ports.rows, account);
  for (const path of [from, to]) requireSettled(current, path);
  const tree = await readTree(ports.rows, rename);
  if (tree === 'lost') return 'lost';
  const batch = tree.slice(0, BATCH_MAILBOXES);
  await requireFree(ports.rows, rename, tree);
  const now = ports.clock.now();
  const key = registryKeys.account(account.accountId);
  const result = await ports.rows.transact([
    { kind: 'update', key, guard: sameNames(current), change: { add: { treeRevision: 1 } } },
    ...batch.flatMap((mailbox) => moveWrites(rename, mailbox, now)),
  ]);
  if (result.outcome !== 'written') return 'lost';
  const root = batch.find(({ path }) => path === from);
  if (root === undefined) return { moved: batch.length };
  return { moved: batch.length, root: { ...root, path: to, renamedAt: now } };
}

/**
 * The mailboxes of the tree, the one that was asked for last.
 * @returns `lost` when somebody gives them other names meanwhile
 * @throws UnknownMailboxError when that one is gone
 */
async function readTree(
  rows: RowStore,
  { account, from, to, check }: Rename,
): Promise<Mailbox[] | 'lost'> {
  const { accountId } = account;
  const named: Row[] = [];
  const below = { prefix: dictmapKeys.path(accountId, `${from}${DELIMITER}`).sk };
  const pk = accountPartition(accountId);
  const query = { table: 'dictmap', pk, sk: below, limit: PAGE_ROWS } as const;
  for await (const row of everyRow(rows, query)) named.push(row);
  const root = await rows.get(dictmapKeys.path(accountId, from));
  if (root === undefined) throw unknownMailbox(from);
  named.push(root);
  const found = await inParallel(named, PARALLEL_READS, async (row) => {
    const mailbox = await readMailbox(rows, text(row, 'mailboxId'));
    const isNamed = mailbox && dictmapKeys.path(accountId, mailbox.path).sk === row.key.sk;
    return isNamed === false ? 'lost' : mailbox;
  });
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

const newPath = (from: string, to: string, { path }: Mailbox): string =>
  `${to}${path.slice(from.length)}`;

/** Looked at again when the rows are written; here it saves moving half of a tree. */
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

function moveWrites(
  { account, settings, from, to }: Rename,
  mailbox: Mailbox,
  now: number,
): Write[] {
  const { mailboxId, path, uidNext } = mailbox;
  const target = newPath(from, to, mailbox);
  const schedule = dueGuard(mailbox);
  return [
    {
      kind: 'remove',
      key: dictmapKeys.path(account.accountId, path),
      guard: { row: 'present', equals: { mailboxId } },
    },
    {
      kind: 'put',
      key: dictmapKeys.path(account.accountId, target),
      guard: { row: 'absent' },
      attributes: { v: ROW_VERSION, type: 'path', mailboxId },
    },
    {
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: {
        row: 'present',
        equals: { state: 'active', path, uidNext, ...schedule.equals },
        without: schedule.without,
      },
      change: renamed(mailbox, target, settings, now),
    },
  ];
}

/** The clock of autoexpunge starts anew (A2), under the policy of the new name. */
export function renamed(
  mailbox: Mailbox,
  path: string,
  settings: ResolvedSettings,
  now: number,
): Change {
  const { dueSk: _, autoexpungeAfterSeconds: _a, autoexpungeMaxMails: _m, ...rest } = mailbox;
  const policy = policyAttributes(settings.autoexpungeOf(path) ?? {});
  const due = mailbox.messages === 0 ? undefined : dueAfterAdding({ ...rest, ...policy }, 0, now);
  const set = { path, renamedAt: now, ...policy, ...due };
  const unset = ['autoexpungeAfterSeconds', 'autoexpungeMaxMails', 'duePk', 'dueSk'];
  return { set, unset: unset.filter((name) => !Object.hasOwn(set, name)) };
}

function unfinished(moved: number): LetheError {
  return new LetheError(
    ERROR_NAMES.storeBusy,
    `time ran out: ${moved} of the mailboxes below have their new names`,
    'Send the same request again: it takes up what is left.',
  );
}
