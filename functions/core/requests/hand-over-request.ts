/**
 * Bringing a deleted folder back in another account: copied there as a deleted one, brought back
 * there, and only then ended where it was. Whatever crashes in between leaves it in one place or in
 * both, never in none; the same request again does the rest.
 */
import type { UndeleteMailboxAnswer, UndeleteMailboxRequest } from '../../contract/folder-api.ts';
import { type Account, requireActiveAccount, whyProtected } from '../accounts/accounts.ts';
import { parseAddress } from '../accounts/address.ts';
import { handedOverId, handOverTree, isWhole } from '../folders/hand-over-tree.ts';
import { countsOf } from '../folders/move-writes.ts';
import { purgeTree } from '../folders/purge-tree.ts';
import { isStored, membersOf, readMailboxes, readTree, type Tree } from '../folders/tree.ts';
import { type Undeletion, undeleteTree } from '../folders/undelete-tree.ts';
import { isAtOrBelow, parseMailboxPath } from '../mailboxes/mailbox-path.ts';
import { notAllowed } from '../mailboxes/rights.ts';
import { Pace } from '../purge/pace.ts';
import { checkQuota } from '../quota/quota.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import type { MailRequest } from './mail-access.ts';

/** A request's worth of rows: this purge is somebody's wait, and small. */
const KEYS_PER_SECOND = 1000;

export interface HandedOver {
  readonly tree: Tree;
  readonly branch: string;
  readonly toUser: string;
  readonly settingsOf: (account: Account) => Promise<ResolvedSettings>;
}

/**
 * @throws InvalidInputError, UnknownUserError, AccountHeldError, AccountNotActiveError,
 *   MailboxExistsError, NotAllowedError, QuotaExceededError, StoreBusyError
 */
export async function requestHandOver(
  request: MailRequest,
  body: UndeleteMailboxRequest,
  { tree, branch, toUser, settingsOf }: HandedOver,
): Promise<UndeleteMailboxAnswer> {
  const { ports, access, deadline } = request;
  const from = access.account;
  const { deletionId } = tree;
  requireUnclaimed(tree);
  const to = await requireActiveAccount(ports.rows, parseAddress('toUser', toUser));
  // What is held could be copied, but not ended where it is.
  if (from.held) throw await whyProtected(ports.rows, from);
  const settings = await settingsOf(to);
  const members = await membersOf(ports.rows, from.accountId, deletionId, branch);
  const counts = countsOf(await readMailboxes(ports.rows, members), 1);
  const { overQuota = false, dryRun = false } = body;
  const wanted = parseMailboxPath('to', body.to ?? branch);
  const handOver = { from, tree, branch, to, settings };
  const arrivedId = handedOverId(handOver);
  // Looked at before anything is copied; what has arrived counts there already.
  const isNew = (await readTree(ports.rows, to.accountId, arrivedId)) === undefined;
  if (isNew && !overQuota) await checkQuota(ports, to, settings, wanted, counts.bytes);
  const answer = { deletionId, to: wanted, ...counts };
  if (dryRun) return { ...answer, dryRun };
  if (!(await handOverTree(ports, handOver, deadline))) return { ...answer, complete: false };
  const undeletion: Undeletion = {
    account: to,
    settings,
    deletionId: arrivedId,
    branch,
    overQuota,
    ...(body.to === undefined ? {} : { to: wanted }),
  };
  const done = await undeleteTree(ports, undeletion, deadline);
  await requireWhole(request, to, arrivedId);
  const complete = await endSource(request, tree, branch);
  // As it came back: where it was, some of it may have gone before a crash.
  const { branch: _, ...came } = done;
  return { deletionId, ...came, ...(complete ? {} : { complete }) };
}

/** @throws NotAllowedError when some of the copy was purged before it came back: the old one stays */
async function requireWhole({ ports }: MailRequest, to: Account, arrivedId: string): Promise<void> {
  const arrived = await readTree(ports.rows, to.accountId, arrivedId);
  if (arrived !== undefined && isWhole(arrived)) return;
  throw notAllowed(
    'a purge has taken some of the copy before it came back, so the deleted folder stays as well',
    'Bring it back where it was, or in a third account.',
  );
}

/** @returns whether nothing of it is left there */
async function endSource(request: MailRequest, tree: Tree, branch: string): Promise<boolean> {
  const { ports, access, deadline } = request;
  const purge = {
    claim: claimOf(tree),
    dueAt: (path: string) => (isAtOrBelow(path, branch) ? 0 : Number.POSITIVE_INFINITY),
    pace: new Pace(ports.clock, KEYS_PER_SECOND, 1),
    counting: () => [],
  };
  const { outcome } = await purgeTree(ports, access, tree, purge, deadline);
  return outcome !== 'again' && outcome !== 'taken';
}

const claimOf = ({ deletionId }: Tree): string => `hand-over-${deletionId}`;

/** @throws NotAllowedError for a tree that something else is at */
function requireUnclaimed(tree: Tree): void {
  if (tree.state === 'deleted') return;
  if (tree.state === 'purging' && tree.claim === claimOf(tree)) return;
  throw notAllowed(
    `the deleted folder ${tree.deletionId} is ${tree.state}`,
    'Ask again when that has ended.',
  );
}

/** The answer to a request that was carried out before, when all of it is told of there. */
export async function handedOverBefore(
  { ports, access }: MailRequest,
  deletionId: string,
  path: string | undefined,
  toUser: string,
): Promise<UndeleteMailboxAnswer | undefined> {
  const { rows } = ports;
  const tree = await readTree(rows, access.account.accountId, deletionId);
  if (tree === undefined || isStored(tree)) return undefined;
  const to = await requireActiveAccount(rows, parseAddress('toUser', toUser));
  const arrivedId = handedOverId({ tree, branch: path ?? tree.root });
  const returned = (await readTree(rows, to.accountId, arrivedId))?.returned;
  if (returned === undefined) return undefined;
  const { branch: _, ...counts } = returned;
  return { deletionId, ...counts };
}
