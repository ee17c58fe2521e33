/**
 * Subscriptions that end with mailboxes. They are marked before, and end afterwards: a request can
 * die between the two, and what it left is found by its marks (W2).
 */
import type { DeleteMailboxAnswer } from '../../contract/folder-api.ts';
import { everyTree, isStored, type Tree } from '../folders/tree.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { findMailbox } from '../mailboxes/mailboxes.ts';
import { endingNames, hideSubscriptions, unsubscribe } from '../mailboxes/subscriptions.ts';
import { isAtOrBelow } from '../names/mailbox-path.ts';
import type { MailRequest } from './mail-access.ts';

export interface EndingSubscriptions {
  readonly path: string;
  /** With everything below it. */
  readonly recursive: boolean;
}

/** To be called before any of them goes. */
export async function markEnding(
  { ports, access }: MailRequest,
  path: string,
  going: readonly Mailbox[],
): Promise<void> {
  const paths = [path, ...going.map((mailbox) => mailbox.path)];
  await hideSubscriptions(ports.rows, access.account.accountId, paths, true);
}

/**
 * Ends the subscriptions to what went, and to what an earlier request has taken.
 * @param gone mailboxes that this request has taken
 * @throws AccountNotActiveError, StoreBusyError: the same request again does the rest
 */
export async function endSubscriptions(
  request: MailRequest,
  ending: EndingSubscriptions,
  gone: readonly Mailbox[],
): Promise<void> {
  const taken = [ending.path, ...gone.map(({ path }) => path)];
  await unsubscribeAll(request, new Set([...taken, ...(await orphans(request, ending))]));
}

/**
 * The same for a path at which there is nothing any more: what an earlier request left, that died
 * after the deletion.
 * @returns what that request would have answered; undefined when it left nothing
 */
export async function resumeEnding(
  request: MailRequest,
  ending: EndingSubscriptions,
): Promise<Tree | Pick<DeleteMailboxAnswer, 'mode'> | undefined> {
  const { ports, access } = request;
  const left = await orphans(request, ending);
  if (left.length === 0) return undefined;
  let tree: Tree | undefined;
  for await (const one of everyTree(ports.rows, access.account.accountId)) {
    // Ids of trees stand in the order of their times: the last one is the newest.
    if (one.root === ending.path && isStored(one)) tree = one;
  }
  await unsubscribeAll(request, new Set(left));
  return tree ?? { mode: 'immediate' };
}

/** Names whose subscriptions were to end, and that no mailbox has. */
async function orphans(
  { ports, access }: MailRequest,
  { path, recursive }: EndingSubscriptions,
): Promise<readonly string[]> {
  const { account } = access;
  const found: string[] = [];
  for (const name of await endingNames(ports.rows, account.accountId)) {
    if (!(recursive ? isAtOrBelow(name, path) : name === path)) continue;
    if ((await findMailbox(ports.rows, account, name)) === undefined) found.push(name);
  }
  return found;
}

async function unsubscribeAll(
  { ports, access, deadline }: MailRequest,
  names: ReadonlySet<string>,
): Promise<void> {
  for (const name of names) await unsubscribe(ports, access.account, name, deadline);
}
