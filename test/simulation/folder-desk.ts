/** One account whose folders are deleted and brought back, and everything that readers see of it. */

import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import { accountPartition } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../functions/core/accounts/actor.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { type Deletion, deleteTree } from '../../functions/core/folders/delete-tree.ts';
import type { TreePurge } from '../../functions/core/folders/purge-members.ts';
import { type PurgedTree, purgeTree } from '../../functions/core/folders/purge-tree.ts';
import {
  deletedName,
  everyTree,
  type Tree,
  treeMembers,
} from '../../functions/core/folders/tree.ts';
import {
  type Undeleted,
  type Undeletion,
  undeleteTree,
} from '../../functions/core/folders/undelete-tree.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { findMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { listSubscriptions } from '../../functions/core/mailboxes/subscriptions.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { everyEntry } from '../../functions/core/messages/entries.ts';
import type { MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import type { Row } from '../../functions/core/ports/row-store.ts';
import { parseMessageQuery } from '../../functions/core/queries/parse-query.ts';
import { searchMessages } from '../../functions/core/queries/search-messages.ts';
import { showQuota } from '../../functions/core/quota/quota.ts';
import { requestList } from '../../functions/core/requests/list-request.ts';
import type { MailRequest } from '../../functions/core/requests/mail-access.ts';
import { requestStatus } from '../../functions/core/requests/mailbox-requests.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import { Pace } from '../../functions/core/walks/pace.ts';
import { Turns } from './turns.ts';
import { CLASSES, World } from './world.ts';

const USER = 'john@example.org';
const IN_TIME_MS = 20_000;
export const RETENTION_DAYS = { r7: 7, r30: 30, keep: null };
const NAMES_MAX = 1000;
const KEYS_PER_SECOND = 1000;

export type Asked<T> = Partial<T> & { readonly ports?: MessagePorts };

export class FolderDesk {
  readonly world: World;
  /** Runs processes on `ports` side by side, one call at a time. */
  readonly turns = new Turns();
  readonly ports: MessagePorts;
  /** Of the deployment; a test may switch them between operations. */
  settings: MailSettings = {};

  private constructor(seed?: number) {
    this.world = new World(seed === undefined ? {} : { seed });
    const { rows, objects, clock, ids } = this.world.ports;
    const { turns } = this;
    this.ports = {
      rows: turns.wrap(rows),
      objects: turns.wrap(objects),
      clock: turns.wrap(clock),
      ids,
    };
  }

  static async make(...paths: string[]): Promise<FolderDesk> {
    return await FolderDesk.seeded(undefined, ...paths);
  }

  static async seeded(seed: number | undefined, ...paths: string[]): Promise<FolderDesk> {
    const desk = new FolderDesk(seed);
    await createAccount(desk.world.ports, CLASSES, { user: USER });
    await desk.create(...paths);
    return desk;
  }

  get deadline(): number {
    return this.world.clock.now() + IN_TIME_MS;
  }

  account = (): Promise<Account> => requireActiveAccount(this.world.rows, USER);

  async create(...paths: string[]): Promise<void> {
    for (const path of paths) await createMailbox(this.ports, await this.account(), path);
  }

  async deliver(mailbox: string, text: string, ports = this.ports): Promise<number> {
    const messages = [{ raw: Buffer.from(`Subject: ${text}\r\n\r\n${text}`) }];
    const delivery = { user: USER, mailbox, messages, deployment: this.settings };
    const { uids } = await deliverMessages(ports, delivery, this.deadline);
    return uids[0] ?? 0;
  }

  /** As an administrator asks. */
  async request(ports: MessagePorts = this.ports): Promise<MailRequest> {
    const account = await requireActiveAccount(ports.rows, USER);
    const settings = await readSettings(ports.rows, this.settings, account);
    const access = { account, actor: ADMIN, settings, retentionDays: RETENTION_DAYS };
    return { ports, access, deadline: this.deadline };
  }

  async remove(
    path: string,
    { ports = this.ports, ...asked }: Asked<Deletion> = {},
  ): Promise<Tree> {
    const { account, settings } = (await this.request(ports)).access;
    const given = { scope: 'tree', requestedBy: 'test', keepInbox: true, check: () => {} } as const;
    const deletion = { account, settings, path, ...given, ...asked };
    return await deleteTree(ports, deletion, this.deadline);
  }

  async bringBack(
    deletionId: string,
    { ports = this.ports, ...asked }: Asked<Undeletion> = {},
  ): Promise<Undeleted> {
    const { account, settings } = (await this.request(ports)).access;
    return await undeleteTree(ports, { account, settings, deletionId, ...asked }, this.deadline);
  }

  /** Purges what is due, as the operation of this name; everything is due when nothing is said. */
  async purge(
    tree: Tree,
    claim: string,
    { ports = this.ports, dueAt = () => 0 }: Asked<Pick<TreePurge, 'dueAt'>> = {},
  ): Promise<PurgedTree> {
    const { access, deadline } = await this.request(ports);
    const pace = new Pace(ports.clock, KEYS_PER_SECOND, 1);
    const purge = { claim, dueAt, pace, counting: () => [] };
    return await purgeTree(ports, access, { tree, purge }, deadline);
  }

  async box(path: string): Promise<Mailbox | undefined> {
    return await findMailbox(this.world.rows, await this.account(), path);
  }

  async paths(): Promise<string[]> {
    const { items } = await requestList(await this.request(), ['*'], { limit: NAMES_MAX });
    return items.flatMap(({ path, placeholder }) => (placeholder === true ? [] : [path]));
  }

  async subscribed(): Promise<readonly string[]> {
    const page = { limit: NAMES_MAX };
    return (await listSubscriptions(this.world.rows, await this.account(), page)).paths;
  }

  /** UIDs and subjects of what a mailbox shows. */
  async shown(mailbox: Mailbox | undefined): Promise<string[]> {
    if (mailbox === undefined) return [];
    const found: string[] = [];
    for await (const page of everyEntry(this.world.rows, mailbox, this.world.clock, {
      pageEntries: 100,
    })) {
      for (const { message } of page) found.push(`${message.uid} ${message.envelope.subject}`);
    }
    return found;
  }

  /** Subjects in every mailbox there is, as a search finds them. */
  async found(): Promise<string[]> {
    const { account } = (await this.request()).access;
    const { rows, clock } = this.world;
    const readPage = async (mailbox: Mailbox) => {
      const messages = [];
      for await (const page of everyEntry(rows, mailbox, clock, { pageEntries: 100 })) {
        messages.push(...page.map(({ message }) => message));
      }
      return { messages };
    };
    const query = parseMessageQuery({}, clock.now());
    const answer = await searchMessages(clock, { rows, account, query, readPage }, this.deadline);
    return answer.items.map(({ mailbox, subject }) => `${mailbox}: ${subject}`).sort();
  }

  async quota() {
    const { access } = await this.request();
    return await showQuota(this.ports, access.account, access.settings);
  }

  async trees(): Promise<Tree[]> {
    const { accountId } = await this.account();
    const trees: Tree[] = [];
    for await (const tree of everyTree(this.world.rows, accountId)) trees.push(tree);
    return trees;
  }

  /** All rows as they are now, to begin from again. */
  snapshot(): readonly Row[] {
    return structuredClone(this.world.rows.rows());
  }

  async reset(snapshot: readonly Row[]): Promise<void> {
    const { rows } = this.world;
    await rows.removeAll(rows.rows().map(({ key }) => key));
    for (const { key, attributes } of snapshot) await rows.write({ kind: 'put', key, attributes });
  }

  /** Messages of a mailbox opened by its name; undefined when it is not there. */
  async status(path: string): Promise<number | undefined> {
    try {
      return (await requestStatus(await this.request(), { mailbox: path })).messages;
    } catch (error) {
      if (error instanceof Error && error.name === 'UnknownMailboxError') return undefined;
      throw error;
    }
  }

  /** What administrators see of deleted folders. */
  async deletedNames(): Promise<string[]> {
    const { accountId } = await this.account();
    const names: string[] = [];
    for (const tree of await this.trees()) {
      const members = await treeMembers(this.world.rows, accountId, tree.deletionId);
      names.push(...members.map(({ path }) => deletedName(tree, path)));
    }
    return names;
  }

  /** What is wrong with names: each mailbox has exactly the row that its state asks for. */
  async nameProblems(): Promise<string[]> {
    const { accountId } = await this.account();
    const pk = accountPartition(accountId);
    const rows = this.world.rows.rows('dictmap').filter(({ key }) => key.pk === pk);
    const owners = new Map<string, string[]>();
    for (const { key, attributes } of rows) {
      const type = attributes['type'];
      if (type !== 'path' && type !== 'deleted-path') continue;
      const id = String(attributes['mailboxId']);
      owners.set(id, [...(owners.get(id) ?? []), key.sk]);
    }
    const wanted = rows.flatMap(({ attributes }): [string, string][] => {
      const { type, mailboxId, path, state, treeId } = attributes;
      if (type !== 'mailbox' || state === 'shell') return [];
      const name = state === 'deleted' ? `deleted#${treeId}#${path}` : `path#${path}`;
      return [[String(mailboxId), name]];
    });
    const problems = wanted.flatMap(([id, name]) => {
      const has = owners.get(id) ?? [];
      owners.delete(id);
      return has.length === 1 && has[0] === name ? [] : [`${id} has ${has}, must have ${name}`];
    });
    return [...problems, ...[...owners].map(([id, names]) => `${names} name ${id}, which is gone`)];
  }
}
