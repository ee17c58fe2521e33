/** Accounts with deleted folders, and the machine that purges them. */
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import type { CoveredByBackup } from '../../functions/core/backups/backups.ts';
import { deleteTree } from '../../functions/core/folders/delete-tree.ts';
import { everyTree, type Tree } from '../../functions/core/folders/tree.ts';
import { undeleteTree } from '../../functions/core/folders/undelete-tree.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { everyMailboxRow } from '../../functions/core/mailboxes/every-mailbox.ts';
import { findMailbox, requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import { fetchMessage, listMessages } from '../../functions/core/messages/read-messages.ts';
import { finishPurge } from '../../functions/core/purge/finish-purge.ts';
import { purgePart } from '../../functions/core/purge/purge-part.ts';
import { resolvePurge } from '../../functions/core/purge/resolve-purge.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { mail } from './mail.ts';
import { runSteps, type StepOf, type StepsOptions, type StepsRun } from './run-steps.ts';
import { CLASSES, World } from './world.ts';

export const USERS = ['a@x.org', 'b@x.org', 'c@y.org'] as const;
export const DAY_MS = 86_400_000;
const RETENTION_DAYS = { r7: 7, r30: 30, keep: null };
const MAX_WORKERS = 4;
const MEMORY_MB = 1024;

async function all<T>(walked: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of walked) found.push(one);
  return found;
}

export class PurgedAccounts {
  readonly world = new World();
  /** Settings of the deployment; may be changed at any time. */
  deployment: MailSettings;
  keysPerSecond = 1000;
  isCovered: CoveredByBackup = () => true;

  constructor(settings: MailSettings = {}) {
    this.deployment = { lazyExpunge: '.EXPUNGED', ...settings };
  }

  /** Each user has Old with two children, six messages in each, and the same in Kept. */
  async furnish(users: readonly string[] = USERS): Promise<this> {
    for (const user of users) {
      const account = await createAccount(this.world.ports, CLASSES, { user });
      for (const path of ['Old', 'Old/a', 'Old/b', 'Kept']) {
        await createMailbox(this.world.ports, account, path);
        await this.deliver(user, path, 6);
      }
    }
    return this;
  }

  until = (): number => this.world.clock.now() + 200_000;
  account = (user: string): Promise<Account> => requireActiveAccount(this.world.rows, user);
  box = async (user: string, path: string) =>
    requireMailbox(this.world.rows, await this.account(user), path);

  async context(user: string) {
    const settings = resolveSettings(this.deployment);
    return { account: await this.account(user), settings, retentionDays: RETENTION_DAYS };
  }

  async deliver(user: string, mailbox: string, count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, index) => ({
      raw: mail(`${mailbox} ${index}`),
    }));
    await deliverMessages(this.world.ports, { user, mailbox, messages }, this.until());
  }

  async delete(user: string, path: string, ports = this.world.ports): Promise<Tree> {
    const { account, settings } = await this.context(user);
    return await deleteTree(
      ports,
      {
        account,
        settings,
        path,
        scope: 'tree',
        requestedBy: 'test',
        keepInbox: true,
        check: () => {},
      },
      this.until(),
    );
  }

  async undelete(user: string, deletionId: string) {
    const { account, settings } = await this.context(user);
    return await undeleteTree(this.world.ports, { account, settings, deletionId }, this.until());
  }

  async copy(user: string, from: string, to: string, ...uids: number[]): Promise<void> {
    const { ports } = this.world;
    const [source, target] = [await this.box(user, from), await this.box(user, to)];
    await copyMessages(
      { ports, context: await this.context(user), deadline: this.until() },
      source,
      uids,
      target,
    );
  }

  async expunge(user: string, path: string, ...uids: number[]): Promise<void> {
    const { ports } = this.world;
    const mailbox = await this.box(user, path);
    await expungeMessages(
      { ports, context: await this.context(user), deadline: this.until() },
      mailbox,
      uids,
      {},
    );
  }

  /** Texts that a mailbox shows, each read from S3; none when it is not there. */
  async show(user: string, path: string): Promise<string[]> {
    const { ports } = this.world;
    const account = await this.account(user);
    const mailbox = await findMailbox(ports.rows, account, path);
    if (mailbox === undefined) return [];
    const { messages } = await listMessages(ports, mailbox, { afterUid: 0, limit: 500 });
    const texts: string[] = [];
    for (const { uid, envelope } of messages) {
      await fetchMessage(ports, account, mailbox, uid);
      texts.push(envelope.subject);
    }
    return texts;
  }

  async trees(user: string): Promise<Tree[]> {
    const { accountId } = await this.account(user);
    return await all(everyTree(this.world.rows, accountId));
  }

  async states(user: string): Promise<string[]> {
    const { accountId } = await this.account(user);
    const rows = await all(everyMailboxRow(this.world.rows, accountId));
    return rows.map(({ path, state }) => `${path} ${state}`).toSorted();
  }

  async hold(user: string, held: boolean): Promise<void> {
    const key = registryKeys.account((await this.account(user)).accountId);
    const change = held ? { set: { hold: { by: 'court' } } } : { unset: ['hold'] };
    await this.world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
  }

  /** Bytes in S3 that are not hidden by a marker or gone. */
  versions = (): number => this.world.objects.versions('').length;

  run(input: object, options: StepsOptions = {}): Promise<StepsRun> {
    // One after the other, a crash meets the same change every time.
    const concurrency = options.crash === undefined ? MAX_WORKERS : 1;
    const machine = {
      file: 'statemachines/purge-mailboxes.asl.json',
      numbers: { PurgeMaxConcurrency: concurrency },
    };
    return runSteps(this.world, machine, this.steps(), input, options);
  }

  steps(): Readonly<Record<string, StepOf>> {
    const config = {
      deployment: this.deployment,
      retentionDays: RETENTION_DAYS,
      parallelAccounts: 1,
      keysPerSecond: this.keysPerSecond,
      openBackupGate: async () => (deletedAt: number) => this.isCovered(deletedAt),
    };
    const { keysPerSecond } = this;
    const estimation = { memoryMb: MEMORY_MB, keysPerSecond, maxWorkers: MAX_WORKERS };
    return {
      ResolvePurgeFunctionArn: (ports, payload) => resolvePurge(ports, MAX_WORKERS, payload),
      PurgePartFunctionArn: (ports, payload, until) => purgePart(ports, config, payload, until),
      FinishPurgeFunctionArn: (ports, payload) => finishPurge(ports, estimation, payload),
    };
  }
}
