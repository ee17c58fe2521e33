/**
 * Bringing a deleted tree back, as a whole or a branch of it (F4): under its old name, beside a
 * folder that has taken it, or under a given one. UIDs, flags, ACLs and subscriptions are as they
 * were, because nothing but names was ever changed.
 */

import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { isTooLongPath } from '../../contract/mailbox-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount } from '../accounts/accounts.ts';
import { movesAround, withMove } from '../accounts/folder-moves.ts';
import { InvalidInputError, type LetheError, QuotaExceededError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { type MailboxPorts, mailboxExists } from '../mailboxes/mailboxes.ts';
import { movesWrite } from '../mailboxes/moves-write.ts';
import { readNameMemories, UidValidities } from '../mailboxes/name-memory.ts';
import { notAllowed } from '../mailboxes/rights.ts';
import type { Attributes, RowStore, Write } from '../ports/row-store.ts';
import { usedQuota } from '../quota/quota.ts';
import { forgetBound } from '../quota/quota-bound.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { domainCheck, requireSameDomain, requireSameSettings } from '../settings/settings-store.ts';
import { giveBackForgotten } from './claim-tree.ts';
import { finishMove, finishMoves } from './finish-move.ts';
import {
  countedIn,
  MOVED_ROWS_EACH,
  recordChange,
  restoreWrites,
  treeUpdate,
} from './move-writes.ts';
import {
  isStored,
  type Returned,
  readNamed,
  readTree,
  type Tree,
  targetPath,
  treeMembers,
  unknownDeletion,
} from './tree.ts';

/** Account, tree, and the settings of the domain. */
const FIXED_ROWS = 3;
const UNDELETED_AT_ONCE = Math.floor((TRANSACTION_ITEMS - FIXED_ROWS) / MOVED_ROWS_EACH);

const PARALLEL_READS = 16;
const RETURN_ID_BYTES = 8;

/** Names beside one that is taken, which are tried. */
const NAMES_MAX = 1000;

export interface Undeletion {
  readonly account: Account;
  readonly settings: ResolvedSettings;
  readonly deletionId: string;
  /** Path, as it was deleted, of the part that comes back; the whole tree when missing. */
  readonly branch?: string;
  /** Path to come back to; when missing its own, or one beside it. */
  readonly to?: string;
  /** Whatever the quota says. */
  readonly overQuota?: boolean;
  /** Only says what would be done. */
  readonly dryRun?: boolean;
}

export interface Undeleted extends Returned {
  readonly overQuota?: true;
}

/**
 * @param deadline epoch milliseconds after which no new try begins
 * @throws UnknownMailboxError for a deletion that is not there, MailboxExistsError when `to` is
 *   taken, NotAllowedError, QuotaExceededError, AccountNotActiveError, StoreBusyError: the same
 *   request again does the rest
 */
export async function undeleteTree(
  ports: MailboxPorts,
  undeletion: Undeletion,
  deadline: number,
): Promise<Undeleted> {
  const { settings, deletionId } = undeletion;
  const { accountId } = undeletion.account;
  return await untilWon(ports, deadline, async () => {
    const account = await readAccount(ports.rows, accountId);
    if (account?.state !== 'active') throw notActive(account ?? undeletion.account);
    if (account.moves?.[deletionId] !== undefined) {
      await finishMove(ports, { accountId, settings, deletionId }, deadline);
      return 'lost';
    }
    requireSameSettings(account, settings);
    const tree = await readTree(ports.rows, accountId, deletionId);
    if (tree === undefined) throw unknownDeletion(quoted(deletionId));
    return await begin(ports, { ...undeletion, account }, tree, deadline);
  });
}

async function begin(
  ports: MailboxPorts,
  undeletion: Undeletion,
  tree: Tree,
  deadline: number,
): Promise<Undeleted | 'lost'> {
  const { account, settings, deletionId, branch = tree.root } = undeletion;
  const { accountId } = account;
  if (await giveBackForgotten(ports, accountId, tree)) return 'lost';
  if (tree.state === 'purging' || tree.state === 'leaving' || tree.partial) throw claimed(tree);
  const members = isStored(tree)
    ? await treeMembers(ports.rows, accountId, deletionId, branch)
    : [];
  const mailboxes = await readNamed(ports.rows, members);
  if (mailboxes === 'lost') return 'lost';
  if (mailboxes.length === 0) {
    // Somebody else may have brought them back between the two readings.
    return doneBefore(undeletion, (await readTree(ports.rows, accountId, deletionId)) ?? tree);
  }
  const wanted = undeletion.to ?? branch;
  // Names that are on their way out are free; what comes to names below must be there first.
  if (await finishedAround(ports, undeletion, wanted, deadline)) return 'lost';
  const to = await freeTarget(ports.rows, undeletion, branch, mailboxes);
  if (await finishedAround(ports, undeletion, to, deadline)) return 'lost';
  const over = await admitTree(ports, undeletion, { branch, to }, mailboxes);
  const returned: Returned = { branch, to, ...countedIn(mailboxes, 1) };
  const answer = { ...returned, ...(over ? { overQuota: true as const } : {}) };
  if (undeletion.dryRun) return answer;
  const atOnce = mailboxes.length <= UNDELETED_AT_ONCE;
  const result = await ports.rows.transact(
    atOnce
      ? await atOnceWrites(ports, undeletion, tree, { returned, mailboxes })
      : markWrites(account, deletionId, returned, ports.ids.hex(RETURN_ID_BYTES)),
  );
  requireSameDomain(result);
  if (result.outcome !== 'written') return 'lost';
  if (!atOnce) await finishMove(ports, { accountId, settings, deletionId }, deadline);
  if (settings.quotaBytes !== undefined) await forgetBound(ports, accountId);
  return answer;
}

/** @returns whether there was something to finish, so that all has to be read again */
async function finishedAround(
  ports: MailboxPorts,
  { account, settings }: Undeletion,
  path: string,
  deadline: number,
): Promise<boolean> {
  const around = movesAround(account, path);
  if (around.length === 0) return false;
  await finishMoves(ports, { account, settings }, deadline, around);
  return true;
}

/** Asked for a second time. @throws UnknownMailboxError when it was something else */
function doneBefore({ branch, to }: Undeletion, { deletionId, root, returned }: Tree): Undeleted {
  const same = returned?.branch === (branch ?? root) && (to === undefined || to === returned.to);
  if (returned !== undefined && same) return returned;
  throw unknownDeletion(
    branch === undefined ? quoted(deletionId) : `${quoted(branch)} in ${quoted(deletionId)}`,
  );
}

async function atOnceWrites(
  { rows, clock }: MailboxPorts,
  { account, settings, deletionId }: Undeletion,
  tree: Tree,
  { returned, mailboxes }: { returned: Returned; mailboxes: readonly Mailbox[] },
): Promise<Write[]> {
  const { accountId, moves = {} } = account;
  const { branch, to } = returned;
  const now = clock.now();
  const targets = mailboxes.map(({ path }) => targetPath(path, branch, to));
  const memories = await readNameMemories(rows, accountId, targets);
  const validities = new UidValidities(account, now);
  const uidValidityOf = (mailbox: Mailbox, target: string) =>
    validities.keptBy(mailbox, memories(target));
  const way = { branch, to, settings, now, uidValidityOf };
  const returning = mailboxes.flatMap((mailbox) =>
    restoreWrites(accountId, { deletionId }, mailbox, way),
  );
  const isAll = mailboxes.length === tree.mailboxes;
  const end = isAll ? recordChange('restored', now) : { set: {}, unset: [] };
  return [
    movesWrite(account, moves, validities.set),
    ...domainCheck(settings),
    treeUpdate(accountId, deletionId, {
      from: 'deleted',
      // A purge may have taken some of it meanwhile, and so what makes this all.
      same: { mailboxes: tree.mailboxes },
      ...end,
      set: { ...end.set, returned: returned as unknown as Attributes },
      add: countedIn(mailboxes, -1),
    }),
    ...returning,
  ];
}

function markWrites(
  account: Account,
  deletionId: string,
  returned: Returned,
  returnId: string,
): Write[] {
  const move = { kind: 'restore', root: returned.to, returnId } as const;
  const set = { state: 'restoring', returned: returned as unknown as Attributes, returnId };
  return [
    movesWrite(account, withMove(account, deletionId, move)),
    treeUpdate(account.accountId, deletionId, { from: 'deleted', set }),
  ];
}

/** @throws MailboxExistsError, NotAllowedError, InvalidInputError */
async function freeTarget(
  rows: RowStore,
  { account, settings, to }: Undeletion,
  branch: string,
  mailboxes: readonly Mailbox[],
): Promise<string> {
  const wanted = to ?? branch;
  for (let tries = 0; tries < NAMES_MAX; tries += 1) {
    const root = tries === 0 ? wanted : `${wanted} (restored${tries === 1 ? '' : ` ${tries}`})`;
    const targets = mailboxes.map(({ path }) => targetPath(path, branch, root));
    checkNames(settings, targets);
    const taken = await takenOf(rows, account.accountId, targets);
    if (taken === undefined) return root;
    if (to !== undefined) throw mailboxExists(taken);
  }
  throw mailboxExists(wanted);
}

function checkNames(settings: ResolvedSettings, targets: readonly string[]): void {
  const tooLong = targets.find(isTooLongPath);
  if (tooLong !== undefined) {
    throw InvalidInputError.of(
      'to',
      `got ${quoted(tooLong)}, which is too long: name a shorter one`,
    );
  }
  const guarded = targets.find((target) => settings.isProtected(target));
  if (guarded === undefined) return;
  throw notAllowed(
    `nothing can be restored to ${quoted(guarded)}: it belongs to the expunge storage`,
    'Name another place with to.',
  );
}

async function takenOf(
  rows: RowStore,
  accountId: string,
  targets: readonly string[],
): Promise<string | undefined> {
  const there = await inParallel(targets, PARALLEL_READS, (path) =>
    rows.get(dictmapKeys.path(accountId, path)),
  );
  return targets.find((_, index) => there[index] !== undefined);
}

/** @returns whether it goes over the quota all the same (L7) @throws QuotaExceededError */
async function admitTree(
  ports: MailboxPorts,
  { account, settings, overQuota = false }: Undeletion,
  { branch, to }: { readonly branch: string; readonly to: string },
  mailboxes: readonly Mailbox[],
): Promise<boolean> {
  const { quotaBytes } = settings;
  if (quotaBytes === undefined) return false;
  const counting = mailboxes.filter(({ path }) => !settings.isExempt(targetPath(path, branch, to)));
  const wanted = countedIn(counting, 1).bytes;
  if (wanted === 0) return false;
  const { bytes } = await usedQuota(ports, account, settings);
  if (bytes + wanted <= quotaBytes) return false;
  if (overQuota) return true;
  throw new QuotaExceededError(
    `${wanted} bytes more exceed the quota: ${bytes} of ${quotaBytes} bytes are used`,
    'Nothing came back. Raise the limit, or ask again with overQuota.',
  );
}

function claimed({ deletionId, state }: Tree): LetheError {
  const what =
    state === 'purging'
      ? 'being purged'
      : state === 'leaving'
        ? 'being handed over to another account'
        : 'being copied from another account';
  return notAllowed(
    `the deleted folder ${quoted(deletionId)} is ${what}`,
    'What is there when that has ended can be brought back.',
  );
}
