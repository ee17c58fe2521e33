/** An account with mail of three days, for the verbs that work through queries. */
import type { BulkVerb } from '../../functions/contract/machines.ts';
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import type { OperationContext } from '../../functions/contract/payloads.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { BULK_EXPUNGE, BULK_RESTORE } from '../../functions/core/bulk/bulk-verbs.ts';
import { resolveBulk } from '../../functions/core/bulk/resolve-bulk.ts';
import { runBulk } from '../../functions/core/bulk/run-bulk.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import { listMessages } from '../../functions/core/messages/read-messages.ts';
import { recordFailure } from '../../functions/core/operations/record-failure.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { mail } from './mail.ts';
import { runSteps, type StepOf, type StepsOptions, type StepsRun } from './run-steps.ts';
import { CLASSES, World } from './world.ts';

export const USER = 'john@example.org';
export const STORAGE = '.EXPUNGED';
const DAY_MS = 86_400_000;
const RETENTION_DAYS = { r7: 7, r30: 30, keep: null };

export class BulkAccount {
  readonly world = new World();
  #deployment: MailSettings;

  constructor(settings: MailSettings = {}) {
    this.#deployment = { lazyExpunge: STORAGE, ...settings };
  }

  /** Settings of the deployment from now on. */
  set(settings: MailSettings): void {
    this.#deployment = settings;
  }

  /** Five messages a day in Trash, one in INBOX, on three days; one of each is copied to Keep. */
  async furnish(): Promise<this> {
    const account = await createAccount(this.world.ports, CLASSES, { user: USER });
    for (const path of ['Trash', 'Keep']) await createMailbox(this.world.ports, account, path);
    for (const day of [1, 2, 3]) {
      await this.deliver('Trash', ...[1, 2, 3, 4, 5].map((index) => `t${day}${index}`));
      await this.deliver('INBOX', `i${day}`);
      this.world.clock.advance(DAY_MS);
    }
    const [trash, keep] = [await this.box('Trash'), await this.box('Keep')];
    await copyMessages(
      { ports: this.world.ports, context: await this.context(), deadline: this.until() },
      trash,
      [2, 8],
      keep,
    );
    return this;
  }

  until = (): number => this.world.clock.now() + 20_000;
  account = (): Promise<Account> => requireActiveAccount(this.world.rows, USER);
  box = async (path: string) => requireMailbox(this.world.rows, await this.account(), path);

  async context() {
    const settings = resolveSettings(this.#deployment);
    return { account: await this.account(), settings, retentionDays: RETENTION_DAYS };
  }

  deliver = (mailbox: string, ...texts: string[]) =>
    deliverMessages(
      this.world.ports,
      { user: USER, mailbox, messages: texts.map((text) => ({ raw: mail(text) })) },
      this.until(),
    );

  expunge = async (path: string, ...uids: number[]) => {
    const mailbox = await this.box(path);
    const { ports } = this.world;
    await expungeMessages(
      { ports, context: await this.context(), deadline: this.until() },
      mailbox,
      uids,
      {},
    );
  };

  /** Texts of a mailbox; none when it is not there. */
  async show(path: string): Promise<string[]> {
    const mailbox = await this.box(path).catch(() => undefined);
    if (mailbox === undefined) return [];
    const { messages } = await listMessages(this.world.ports, mailbox, { afterUid: 0, limit: 500 });
    return messages.map(({ envelope }) => envelope.subject);
  }

  async hold(held: boolean): Promise<void> {
    const key = registryKeys.account((await this.account()).accountId);
    const change = held ? { set: { hold: { by: 'court' } } } : { unset: ['hold'] };
    await this.world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
  }

  /** One delivery of the step of expunge-messages. */
  step(operation: OperationContext, ports: Ports, until: number): Promise<unknown> {
    const config = { deployment: this.#deployment, retentionDays: RETENTION_DAYS };
    return runBulk(ports, { ...config, kind: BULK_EXPUNGE }, { operation }, until);
  }

  run(verb: BulkVerb, input: object, options: StepsOptions = {}): Promise<StepsRun> {
    const config = { deployment: this.#deployment, retentionDays: RETENTION_DAYS };
    const steps: Readonly<Record<string, StepOf>> = {
      ResolveBulkFunctionArn: (ports, payload) => resolveBulk(ports, payload),
      ExpungeMessagesFunctionArn: (ports, payload, until) =>
        runBulk(ports, { ...config, kind: BULK_EXPUNGE }, payload, until),
      RestoreMessagesFunctionArn: (ports, payload, until) =>
        runBulk(ports, { ...config, kind: BULK_RESTORE }, payload, until),
      RecordFailureFunctionArn: (ports, payload) => recordFailure(ports, payload),
    };
    const machine = { file: `statemachines/${verb}.asl.json`, numbers: {} };
    return runSteps(this.world, machine, steps, input, options);
  }

  /** What the registry says of the operations, without the bills of their steps. */
  operations = () =>
    this.world.rows
      .rows('registry')
      .filter(({ key }) => key.pk.startsWith('operation#') && key.sk === 'operation')
      .map(({ attributes }) => attributes);
}
