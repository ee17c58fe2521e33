/**
 * An account that is to be deleted, with everything that erasure has to look for, and entangled with
 * a neighbour: folders on their way in and out, whose requests have died, and rights both ways.
 */
import { mailKey } from '../../functions/contract/key-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../functions/core/accounts/actor.ts';
import { deleteNow } from '../../functions/core/folders/delete-now.ts';
import { deleteTree } from '../../functions/core/folders/delete-tree.ts';
import { changeAcl, parseAclChange } from '../../functions/core/mailboxes/access-list.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { changeUids } from '../../functions/core/mailboxes/mailbox-uids.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { subscribe } from '../../functions/core/mailboxes/subscriptions.ts';
import { changeFlags } from '../../functions/core/messages/change-flags.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import { startUpload } from '../../functions/core/messages/uploads.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { requestPurge } from '../../functions/core/purge/request-purge.ts';
import { noteBound } from '../../functions/core/quota/quota-bound.ts';
import { requestUndelete } from '../../functions/core/requests/undelete-request.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import { Crashes } from '../models/faulty.ts';
import { RETENTION_DAYS } from './folder-desk.ts';
import { furnish, mail } from './mail.ts';
import { CLASSES, World } from './world.ts';

export const DOOMED = 'doomed@x.co';
export const NEIGHBOUR = 'neighbour@x.co';

const settings = resolveSettings({ lazyExpunge: 'EXPUNGED', lazyExpungeOnlyLastInstance: true });

/** UIDs that mail is put at, so that it lies in three buckets of 10,000. */
const FAR_UIDS = [12_000, 35_000];

/** After this change of its own a request of a hand-over dies: something has come, not all. */
const HAND_OVER_DIES_AT = 7;

export interface Entangled {
  readonly world: World;
  readonly account: Account;
  readonly neighbour: Account;
  /** Ids of the deletions whose folders are on their way: from the account, and to it. */
  readonly leaving: string;
  readonly arriving: string;
  /** Of the upload whose PUT is under way. */
  readonly uploadId: string;
}

export async function makeEntangled(): Promise<Entangled> {
  const world = new World({ pageEntries: 5 });
  const account = await furnish(world.ports, CLASSES, DOOMED, 4);
  const neighbour = await furnish(world.ports, CLASSES, NEIGHBOUR, 3);
  const maker = new Maker(world);
  await maker.fillFarBuckets(account);
  await maker.endSome(account);
  await maker.shareBothWays();
  const { uploadId } = await startUpload(world.ports, account, 1000, maker.until);
  addDebris(world, account.accountId);
  const rest = { accountId: account.accountId, addBytes: 1, limitBytes: 2 ** 40, rules: 'all' };
  await noteBound(world.ports, rest, 1000);
  // An operation that nobody carries out.
  await requestPurge(world.ports, { user: DOOMED, olderThanDays: 1 }, 'test', maker.until);
  const leaving = await maker.deleted(DOOMED, 'Out', 'Out/a');
  const arriving = await maker.deleted(NEIGHBOUR, 'In', 'In/a');
  await maker.dieHandingOver(DOOMED, leaving, NEIGHBOUR);
  await maker.dieHandingOver(NEIGHBOUR, arriving, DOOMED);
  return { world, account, neighbour, leaving, arriving, uploadId };
}

/** Several versions of a key, markers, and the begin of an upload in parts. */
function addDebris(world: World, accountId: string): void {
  const [first] = world.objects.versions().filter(({ key }) => key.includes(accountId));
  if (first !== undefined) world.objects.deleteMarker(first.key);
  world.objects.startUpload(`uploads/${accountId}/0`);
}

/** An object that a writer puts behind the fence: its key begins with these digits. */
export async function putLate(world: World, accountId: string, digits: string): Promise<void> {
  await world.objects.put(mailKey('r30', accountId, digits.padEnd(32, '0')), mail('late'));
}

/** As the door for administrators asks. @returns whether all of it is over there */
export async function handOver(
  ports: Ports,
  user: string,
  deletionId: string,
  toUser: string,
): Promise<boolean> {
  const account = await requireActiveAccount(ports.rows, user);
  const access = { account, actor: ADMIN, settings, retentionDays: RETENTION_DAYS };
  const settingsOf = (other: Account) => readSettings(ports.rows, {}, other);
  const deadline = ports.clock.now() + 20_000;
  const request = { ports, access, deadline, settingsOf };
  return (await requestUndelete(request, { deletionId, toUser })).complete !== false;
}

class Maker {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  get until(): number {
    return this.#world.clock.now() + 20_000;
  }

  async fillFarBuckets(account: Account): Promise<void> {
    const { ports, rows } = this.#world;
    const { mailboxId } = await requireMailbox(rows, account, 'INBOX');
    for (const uidNext of FAR_UIDS) {
      await changeUids(ports, account, mailboxId, { uidNext }, this.until);
      await this.#deliver(DOOMED, 'INBOX', `far ${uidNext}`);
    }
    const flags = { flags: new Set(['\\Deleted']), keywords: new Set<string>() };
    const none = { flags: new Set<string>(), keywords: new Set<string>() };
    const inbox = await requireMailbox(rows, account, 'INBOX');
    await changeFlags(ports, inbox, [2, ...FAR_UIDS], { add: flags, remove: none });
  }

  /** Expunged mail, a folder that was deleted at once, one that waits, and a subscription. */
  async endSome(account: Account): Promise<void> {
    const { ports, rows } = this.#world;
    const context = { account, settings, retentionDays: RETENTION_DAYS };
    const inbox = await requireMailbox(rows, account, 'INBOX');
    await expungeMessages({ ports, context, deadline: this.until }, inbox, [1, 12_000], {});
    await this.#fill(DOOMED, 'Now');
    const now = await requireMailbox(rows, account, 'Now');
    await copyMessages({ ports, context, deadline: this.until }, inbox, [3], now);
    await subscribe(ports, account, 'Now', this.until);
    const mailbox = await requireMailbox(rows, account, 'Now');
    await deleteNow(ports, context, { mailbox }, this.until);
    await subscribe(ports, account, 'Archiv/Größe', this.until);
    await this.deleted(DOOMED, 'Waiting', 'Waiting/a');
  }

  async shareBothWays(): Promise<void> {
    const { ports, rows } = this.#world;
    for (const [owner, other] of [
      [DOOMED, NEIGHBOUR],
      [NEIGHBOUR, DOOMED],
    ] as const) {
      for (const path of ['INBOX', 'Archiv/Größe']) {
        const account = await requireActiveAccount(rows, owner);
        const mailbox = await requireMailbox(rows, account, path);
        const change = await parseAclChange(rows, account, other, 'lr');
        await changeAcl(ports, account, { mailbox, change }, this.until);
      }
    }
  }

  /** A deleted tree of two folders with a message each. */
  async deleted(user: string, root: string, child: string): Promise<string> {
    const { ports, rows } = this.#world;
    await this.#fill(user, root);
    await this.#fill(user, child);
    const deletion = {
      account: await requireActiveAccount(rows, user),
      settings,
      path: root,
      scope: 'tree',
      requestedBy: 'test',
      keepInbox: false,
      check: () => {},
    } as const;
    return (await deleteTree(ports, deletion, this.until)).deletionId;
  }

  async dieHandingOver(user: string, deletionId: string, toUser: string): Promise<void> {
    const crashes = new Crashes({ call: HAND_OVER_DIES_AT, point: 'after' });
    const ports = crashes.wrapAll({ ...this.#world.ports });
    await handOver(ports, user, deletionId, toUser).catch((error: unknown) => {
      if (!crashes.crashed) throw error;
    });
    if (!crashes.crashed) throw new Error('the hand-over was over before it could die');
  }

  async #fill(user: string, path: string): Promise<void> {
    const { ports, rows } = this.#world;
    await createMailbox(ports, await requireActiveAccount(rows, user), path);
    await this.#deliver(user, path, `text of ${path}`);
  }

  async #deliver(user: string, mailbox: string, text: string): Promise<void> {
    const idempotency = { key: text, requestHash: text };
    const delivery = { user, mailbox, messages: [{ raw: mail(text) }], idempotency };
    await deliverMessages(this.#world.ports, delivery, this.until);
  }
}
