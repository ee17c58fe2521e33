/** An account whose mailboxes are swept, and short names for what happens to it. */
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import {
  type SweepOptions,
  sweepMailbox,
} from '../../../../functions/core/autoexpunge/sweep-mailbox.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import type { MailContext } from '../../../../functions/core/messages/in-chunks.ts';
import { listMessages } from '../../../../functions/core/messages/read-messages.ts';
import { policyAttributes } from '../../../../functions/core/policies/policy-attributes.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.org';
export const RETENTION_DAYS = { r7: 7, r30: 30, keep: null };
const IN_TIME_MS = 200_000;
export const DAY_SECONDS = 86_400;

/** Every policy by the name of its mailbox. */
export const policies = (
  given: Record<string, { afterSeconds?: number; maxMails?: number }>,
): MailSettings => ({
  mailboxes: Object.fromEntries(
    Object.entries(given).map(([name, autoexpunge]) => [name, { autoexpunge }]),
  ),
});

export class SweptAccount {
  readonly world: World;
  readonly account: Account;
  readonly #settings: MailSettings;

  private constructor(world: World, account: Account, settings: MailSettings) {
    this.world = world;
    this.account = account;
    this.#settings = settings;
  }

  /** With INBOX and Trash; policies are on the rows, as they are on those of new mailboxes. */
  static async make(settings: MailSettings, world = new World()): Promise<SweptAccount> {
    const account = await createAccount(world.ports, CLASSES, { user: USER });
    await createMailbox(world.ports, account, 'Trash');
    const swept = new SweptAccount(world, account, settings);
    for (const path of ['INBOX', 'Trash']) await swept.setPolicy(path);
    return swept;
  }

  /** The same account under other settings. */
  static join({ world, account }: SweptAccount, settings: MailSettings): SweptAccount {
    return new SweptAccount(world, account, settings);
  }

  get context(): MailContext {
    return {
      account: this.account,
      settings: resolveSettings(this.#settings),
      retentionDays: RETENTION_DAYS,
    };
  }

  until = (): number => this.world.clock.now() + IN_TIME_MS;

  box = (path: string) => requireMailbox(this.world.rows, this.account, path);

  async set(path: string, attributes: Record<string, string | number>): Promise<void> {
    const { mailboxId } = await this.box(path);
    await this.world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present' },
      change: { set: attributes },
    });
  }

  async setPolicy(path: string): Promise<void> {
    const attributes = policyAttributes(this.context.settings.autoexpungeOf(path) ?? {});
    if (Object.keys(attributes).length > 0) await this.set(path, { ...attributes });
  }

  deliver = (path: string, ...texts: string[]) => this.deliverBy(this.world.ports, path, ...texts);

  deliverBy = (ports: Ports, path: string, ...texts: string[]) =>
    deliverMessages(
      ports,
      { user: USER, mailbox: path, messages: texts.map((text) => ({ raw: mail(text) })) },
      this.until(),
    );

  /** As if a message had been saved longer ago. */
  async age(path: string, uid: number, seconds: number): Promise<void> {
    const { mailboxId } = await this.box(path);
    await this.world.rows.write({
      kind: 'update',
      key: dictmapKeys.message(mailboxId, uid),
      guard: { row: 'present' },
      change: { set: { saveDate: this.world.clock.now() - seconds * 1000 } },
    });
  }

  show = async (path: string): Promise<string[]> => {
    const page = { afterUid: 0, limit: 5000 };
    const { messages } = await listMessages(this.world.ports, await this.box(path), page);
    return messages.map(({ uid, envelope }) => `${uid} ${envelope.subject}`);
  };

  expunge = async (path: string, ...uids: number[]) =>
    expungeMessages(
      { ports: this.world.ports, context: this.context, deadline: this.until() },
      await this.box(path),
      uids,
      {},
    );

  copy = async (from: string, to: string, ...uids: number[]) =>
    copyMessages(
      { ports: this.world.ports, context: this.context, deadline: this.until() },
      await this.box(from),
      uids,
      await this.box(to),
    );

  hold = () =>
    this.world.rows.write({
      kind: 'update',
      key: registryKeys.account(this.account.accountId),
      guard: { row: 'present' },
      change: { set: { hold: { by: 'court' } } },
    });

  sweep = async (path: string, options: Partial<SweepOptions> & { ports?: Ports } = {}) => {
    const { until = this.until(), ports = this.world.ports, ...rest } = options;
    return await sweepMailbox(ports, this.context, await this.box(path), { until, ...rest });
  };

  /** States of all message rows, sorted. */
  states = (): unknown[] =>
    this.world.rows
      .rows('dictmap')
      .filter(({ attributes }) => attributes['type'] === 'message')
      .map(({ attributes }) => attributes['state'])
      .toSorted();

  /** Time of the due entry, in seconds from now. */
  dueIn = async (path: string): Promise<number | undefined> => {
    const { dueSk } = await this.box(path);
    return dueSk === undefined ? undefined : (Date.parse(dueSk) - this.world.clock.now()) / 1000;
  };
}
