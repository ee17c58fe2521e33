/** Requests on folders and the mail in them, drawn from a seed; what they answer goes to a ledger. */

import { registryKeys } from '../../functions/contract/row-layout.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { isStored } from '../../functions/core/folders/tree.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import type { MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import { moveMessages } from '../../functions/core/messages/move-messages.ts';
import { restoreMessages } from '../../functions/core/messages/restore-messages.ts';
import { isAtOrBelow } from '../../functions/core/names/mailbox-path.ts';
import { recount } from '../../functions/core/quota/recount.ts';
import { requestCreate } from '../../functions/core/requests/create-request.ts';
import type { MailRequest } from '../../functions/core/requests/mail-access.ts';
import { requestRename } from '../../functions/core/requests/rename-request.ts';
import { requestUndelete } from '../../functions/core/requests/undelete-request.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import type { FolderDesk } from './folder-desk.ts';
import type { Ledger } from './folder-ledger.ts';

export const STORAGE = '.EXPUNGED';

/** Who has the account that folders are handed over to. */
export const OTHER = 'jane@example.org';

export type FolderRequest =
  | { readonly do: 'delete'; readonly path: string; readonly scope: 'tree' | 'mailbox' }
  | {
      readonly do: 'undelete';
      /** Which of the trees that there are; a number that no list is longer than. */
      readonly pick: number;
      readonly branch?: string;
      readonly to?: string;
    }
  | { readonly do: 'create' | 'deliver'; readonly path: string }
  | { readonly do: 'rename'; readonly path: string; readonly to: string }
  | {
      readonly do: 'purge';
      readonly pick: number;
      /** All that may go is at or below it; everything when missing. */
      readonly only?: string;
      /** What is at or below it stays. */
      readonly spare?: string;
    }
  | {
      /** To the other account. */
      readonly do: 'handOver';
      readonly pick: number;
      readonly branch?: string;
    }
  | { readonly do: 'recount' }
  | MailRequestOf;

type MailRequestOf =
  | { readonly do: 'expunge'; readonly path: string }
  | { readonly do: 'unexpunge'; readonly path: string }
  | { readonly do: 'copy'; readonly path: string; readonly to: string }
  | { readonly do: 'move'; readonly path: string; readonly to: string };

export type Kind = FolderRequest['do'];

/** Those that may die: what a purge ends is watched, the others change names alone. */
export const MORTAL: ReadonlySet<Kind> = new Set([
  'delete',
  'undelete',
  'create',
  'rename',
  'purge',
  'handOver',
]);

/** Often what races, seldom what is beside it. */
const KINDS: readonly Kind[] = [
  ...(['delete', 'delete', 'delete', 'undelete', 'undelete', 'undelete'] as const),
  ...(['create', 'create', 'deliver', 'deliver', 'rename', 'expunge', 'copy', 'move'] as const),
  ...(['unexpunge', 'recount', 'purge', 'purge', 'purge', 'handOver', 'handOver'] as const),
];

export type Draw = <T>(among: readonly T[]) => T;

export function drawRequest(draw: Draw, paths: readonly string[]): FolderRequest {
  const kind = draw(KINDS);
  const path = draw(paths);
  switch (kind) {
    case 'delete':
      return { do: kind, path, scope: draw(['tree', 'tree', 'mailbox'] as const) };
    case 'undelete': {
      const to = draw([undefined, undefined, 'New', path]);
      const branch = draw([undefined, undefined, path]);
      const more = branch === undefined ? {} : { branch };
      return { do: kind, pick: draw([0, 0, 1, 2]), ...more, ...(to === undefined ? {} : { to }) };
    }
    case 'create':
      return { do: kind, path: draw([path, `${path}/new`]) };
    case 'rename':
      return { do: kind, path, to: draw(['New', ...paths]) };
    case 'copy':
    case 'move':
      return { do: kind, path: draw(['INBOX', path]), to: draw(['INBOX', ...paths]) };
    case 'recount':
      return { do: kind };
    case 'purge': {
      const part = draw([{}, {}, { only: path }, { spare: path }, { spare: path }]);
      return { do: kind, pick: draw([0, 0, 1]), ...part };
    }
    case 'handOver': {
      const branch = draw([undefined, undefined, path]);
      return { do: kind, pick: draw([0, 0, 1]), ...(branch === undefined ? {} : { branch }) };
    }
    default:
      return { do: kind, path: draw(['INBOX', path, path]) };
  }
}

/** @throws what the request throws; then nothing about messages has changed */
export async function send(
  desk: FolderDesk,
  ledger: Ledger,
  ports: MessagePorts,
  asked: FolderRequest,
  name: string,
): Promise<void> {
  switch (asked.do) {
    case 'delete':
      await desk.remove(asked.path, { ports, scope: asked.scope });
      return;
    case 'undelete': {
      const { pick, do: _, ...more } = asked;
      const trees = await desk.trees();
      const tree = trees[pick % Math.max(trees.length, 1)];
      if (tree !== undefined) await desk.bringBack(tree.deletionId, { ports, ...more });
      return;
    }
    case 'purge':
      await sendPurge(desk, ports, asked, name);
      return;
    case 'handOver':
      await sendHandOver(desk, ports, asked);
      return;
    case 'deliver':
      await desk.deliver(asked.path, name, ports);
      ledger.add('live', name, 1);
      return;
    case 'create':
      await requestCreate(await desk.request(ports), { path: asked.path });
      return;
    case 'rename':
      await requestRename(await desk.request(ports), { from: asked.path, to: asked.to });
      return;
    case 'recount': {
      const { access, deadline } = await desk.request(ports);
      const { drift } = await recount(ports, access.account, undefined, deadline);
      if (drift.length > 0) throw new Error(`a recount beside others: ${JSON.stringify(drift)}`);
      return;
    }
    default:
      await sendMail(desk, ledger, await desk.request(ports), asked);
  }
}

/** As the door for administrators does it. */
async function sendHandOver(
  desk: FolderDesk,
  ports: MessagePorts,
  { pick, branch }: Extract<FolderRequest, { do: 'handOver' }>,
): Promise<void> {
  const trees = (await desk.trees()).filter(isStored);
  const tree = trees[pick % Math.max(trees.length, 1)];
  if (tree === undefined) return;
  const request = await desk.request(ports);
  const settingsOf = (other: Account) => readSettings(ports.rows, desk.settings, other);
  const body = { deletionId: tree.deletionId, toUser: OTHER };
  const path = branch === undefined ? {} : { path: branch };
  const { complete = true } = await requestUndelete(
    { ...request, settingsOf },
    { ...body, ...path },
  );
  if (!complete) throw new Error('a hand-over of little mail takes one request');
}

/** @param claim the name of the operation that purges */
async function sendPurge(
  desk: FolderDesk,
  ports: MessagePorts,
  { pick, only, spare }: Extract<FolderRequest, { do: 'purge' }>,
  claim: string,
): Promise<void> {
  const trees = (await desk.trees()).filter(isStored);
  const tree = trees[pick % Math.max(trees.length, 1)];
  if (tree === undefined) return;
  const operation = registryKeys.operation(claim);
  const running = { kind: 'put', key: operation, attributes: { state: 'running' } } as const;
  await desk.world.rows.write(running);
  const mayGo = (path: string) =>
    (only === undefined || isAtOrBelow(path, only)) &&
    (spare === undefined || !isAtOrBelow(path, spare));
  const dueAt = (path: string) => (mayGo(path) ? 0 : Number.POSITIVE_INFINITY);
  try {
    await desk.purge(tree, claim, { ports, dueAt });
  } finally {
    await desk.world.rows.removeAll([operation]);
  }
}

/** Of one message, so that it is done or not. */
async function sendMail(
  desk: FolderDesk,
  ledger: Ledger,
  { ports, access, deadline }: MailRequest,
  asked: MailRequestOf,
): Promise<void> {
  const open = (path: string): Promise<Mailbox> => requireMailbox(ports.rows, access.account, path);
  const path = asked.do === 'unexpunge' ? STORAGE : asked.path;
  const from = await open(path);
  // UIDs name what they name for ever, so they can be looked up behind everybody's back.
  const [first] = await desk.shown(from);
  if (first === undefined) return;
  const [uid = '', subject = ''] = first.split(' ');
  const uids = [Number(uid)];
  if (asked.do === 'expunge') {
    const done = await expungeMessages({ ports, context: access, deadline }, from, uids, {});
    for (const { storedUid } of done.results) {
      ledger.add('live', subject, -1);
      if (storedUid !== undefined) ledger.add('stored', subject, 1);
    }
  } else if (asked.do === 'unexpunge') {
    const { results } = await restoreMessages({ ports, context: access, deadline }, from, uids, {});
    ledger.add('live', subject, results.length);
    ledger.add('stored', subject, -results.length);
  } else if (asked.do === 'copy') {
    const to = await open(asked.to);
    const { results } = await copyMessages({ ports, context: access, deadline }, from, uids, to);
    ledger.add('live', subject, results.length);
  } else {
    const to = await open(asked.to);
    const { results } = await moveMessages({ ports, context: access, deadline }, from, uids, {
      to,
    });
    // Where each instance is kept, the one that it was goes to the storage (L4).
    if (!ledger.mayDrop) ledger.add('stored', subject, results.length);
  }
}
