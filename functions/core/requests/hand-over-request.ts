/**
 * Bringing a deleted folder back in another account: copied there as a deleted one, brought back
 * there, and only then ended where it was. Whatever crashes in between leaves it in one place or in
 * both, never in none; the same request again does the rest.
 */
import type { UndeleteMailboxAnswer } from '../../contract/folder-api.ts';
import type { UndeleteMailboxRequest } from '../../contract/requests/folders.ts';
import { type Account, requireActiveAccount, whyProtected } from '../accounts/accounts.ts';
import { quoted, StoreBusyError } from '../errors.ts';
import {
  claimSource,
  type HandOver,
  handedOverId,
  handOverClaim,
  releaseSource,
} from '../folders/hand-over-claim.ts';
import { handOverTree, isWholeTree } from '../folders/hand-over-tree.ts';
import { countedIn } from '../folders/move-writes.ts';
import { purgeTree } from '../folders/purge-tree.ts';
import {
  isStored,
  readMailboxes,
  readTree,
  type Tree,
  treeMembers,
  unknownDeletion,
} from '../folders/tree.ts';
import { type Undeletion, undeleteTree } from '../folders/undelete-tree.ts';
import { notAllowed } from '../mailboxes/rights.ts';
import { parseAddress } from '../names/address.ts';
import { isAtOrBelow, parseMailboxPath } from '../names/mailbox-path.ts';
import { checkQuota } from '../quota/quota.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { Pace } from '../walks/pace.ts';
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
 * @throws InvalidInputError, UnknownUserError, UnknownMailboxError, AccountHeldError,
 *   AccountNotActiveError, MailboxExistsError, NotAllowedError, QuotaExceededError,
 *   SupersededError, StoreBusyError
 */
export async function requestHandOver(
  request: MailRequest,
  body: UndeleteMailboxRequest,
  { tree, branch, toUser, settingsOf }: HandedOver,
): Promise<UndeleteMailboxAnswer> {
  const { ports, access } = request;
  const from = access.account;
  const { deletionId } = tree;
  const to = await requireActiveAccount(ports.rows, parseAddress('toUser', toUser));
  // What is held could be copied, but not ended where it is.
  if (from.held) throw await whyProtected(ports.rows, from);
  const settings = await settingsOf(to);
  const members = await treeMembers(ports.rows, from.accountId, deletionId, branch);
  const counts = countedIn(await readMailboxes(ports.rows, members), 1);
  const { overQuota = false, dryRun = false } = body;
  const wanted = parseMailboxPath('to', body.to ?? branch);
  const handOver = { from, tree, branch, to, settings };
  const before = await readTree(ports.rows, to.accountId, handedOverId(handOver));
  if (members.length === 0 && before?.returned === undefined) {
    throw unknownDeletion(`${quoted(branch)} in ${quoted(deletionId)}`);
  }
  // Looked at before anything is copied; what has arrived counts there already.
  const isNew = before === undefined;
  // What comes back in the end asks anew.
  const asking = { dryRun: true };
  if (isNew && !overQuota) await checkQuota(ports, to, settings, wanted, counts.bytes, asking);
  const answer = { deletionId, to: wanted, ...counts };
  if (dryRun) return { ...answer, dryRun };
  const asked = { overQuota, ...(body.to === undefined ? {} : { to: wanted }) };
  const done = await carryOut(request, handOver, asked, members.length > 0);
  return done === undefined ? { ...answer, complete: false } : { deletionId, ...done };
}

/**
 * Claims the tree, copies it, brings the copy back, ends what it came from. Whatever refuses it
 * gives the tree back; when it is only late, the claim waits for the next request.
 * @returns undefined when time ran out before all had come
 */
async function carryOut(
  request: MailRequest,
  handOver: HandOver,
  asked: Pick<Undeletion, 'overQuota' | 'to'>,
  isThere: boolean,
): Promise<Omit<UndeleteMailboxAnswer, 'deletionId'> | undefined> {
  const { ports, deadline } = request;
  const { branch, to, settings, tree } = handOver;
  const deletionId = handedOverId(handOver);
  const isClaimed = isThere || tree.claim === handOverClaim(handOver);
  const source = isClaimed ? await claimSource(ports, handOver, deadline) : undefined;
  try {
    // Once its end has begun, all of it has come back there.
    if (source?.state === 'leaving' && !(await handOverTree(ports, handOver, deadline))) return;
    const undeletion: Undeletion = { account: to, settings, deletionId, branch, ...asked };
    const done = await undeleteTree(ports, undeletion, deadline);
    await requireWhole(request, to, deletionId);
    const complete = source === undefined || (await endSource(request, handOver, source));
    // As it came back: where it was, some of it may have gone before a crash.
    const { branch: _, ...came } = done;
    return { ...came, ...(complete ? {} : { complete }) };
  } catch (error) {
    const goesOn = error instanceof StoreBusyError;
    if (!goesOn) await releaseSource(ports.rows, handOver).catch(() => undefined);
    throw error;
  }
}

/** @throws NotAllowedError when some of the copy was purged before it came back: the old one stays */
async function requireWhole({ ports }: MailRequest, to: Account, arrivedId: string): Promise<void> {
  const arrived = await readTree(ports.rows, to.accountId, arrivedId);
  if (arrived !== undefined && isWholeTree(arrived)) return;
  throw notAllowed(
    'a purge has taken some of the copy before it came back, so the deleted folder stays as well',
    'Bring it back where it was, or in a third account.',
  );
}

/** @returns whether nothing of it is left there */
async function endSource(
  { ports, access, deadline }: MailRequest,
  handOver: HandOver,
  claimed: Tree,
): Promise<boolean> {
  const { branch } = handOver;
  const purge = {
    claim: handOverClaim(handOver),
    dueAt: (path: string) => (isAtOrBelow(path, branch) ? 0 : Number.POSITIVE_INFINITY),
    pace: new Pace(ports.clock, KEYS_PER_SECOND, 1),
    counting: () => [],
  };
  const { outcome } = await purgeTree(ports, access, { tree: claimed, purge }, deadline);
  return outcome !== 'again' && outcome !== 'taken';
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
