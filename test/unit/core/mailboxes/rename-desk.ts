import { expect } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { requireActiveAccount } from '../../../../functions/core/accounts/accounts.ts';
import { type Actor, OWNER } from '../../../../functions/core/accounts/actor.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { everyMailbox } from '../../../../functions/core/mailboxes/every-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { requestRename } from '../../../../functions/core/requests/rename-request.ts';
import { readSettings } from '../../../../functions/core/settings/settings-store.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

export const USER = 'a@x.org';
export const SECOND = 1000;

/** An account whose mailboxes are made and renamed as by requests. */
export class RenameDesk {
  readonly world: World;
  readonly accountId: string;
  settings: MailSettings = {};

  private constructor(world: World, accountId: string) {
    this.world = world;
    this.accountId = accountId;
  }

  static async make(): Promise<RenameDesk> {
    const world = new World();
    const { accountId } = await createAccount(world.ports, CLASSES, { user: USER });
    return new RenameDesk(world, accountId);
  }

  account() {
    return requireActiveAccount(this.world.rows, USER);
  }

  box(path: string) {
    return requireMailbox(this.world.rows, this, path);
  }

  async create(...paths: string[]): Promise<void> {
    for (const path of paths) await createMailbox(this.world.ports, await this.account(), path);
  }

  async request({
    ports = this.world.ports,
    actor = OWNER,
  }: {
    ports?: Ports;
    actor?: Actor;
  } = {}) {
    const account = await this.account();
    const settings = await readSettings(this.world.rows, this.settings, account);
    const access = { account, actor, settings, retentionDays: {} };
    return { ports, access, deadline: this.world.clock.now() + 20 * SECOND };
  }

  async rename(from: string, to: string, given: { ports?: Ports; actor?: Actor } = {}) {
    return await requestRename(await this.request(given), { from, to });
  }

  async paths(): Promise<string[]> {
    const found: string[] = [];
    for await (const { path } of everyMailbox(this.world.rows, this)) found.push(path);
    return found.sort();
  }

  /** Each mailbox has exactly the path row of its name, and no other path row names one. */
  async expectNamesAgree(): Promise<void> {
    const rows = this.world.rows.rows().filter(({ key }) => key.sk.startsWith('path#'));
    const named = rows.map(({ key, attributes }) => [key.sk.slice(5), attributes['mailboxId']]);
    const owned: unknown[] = [];
    for await (const { path, mailboxId } of everyMailbox(this.world.rows, this)) {
      owned.push([path, mailboxId]);
    }
    expect(named.sort()).toEqual(owned.sort());
  }
}
