import { beforeEach, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { finishSweep } from '../../functions/core/autoexpunge/finish-sweep.ts';
import {
  requestAutoexpunge,
  resolveSweep,
} from '../../functions/core/autoexpunge/resolve-sweep.ts';
import { sweepAccounts } from '../../functions/core/autoexpunge/sweep-accounts.ts';
import { sweepDue } from '../../functions/core/autoexpunge/sweep-due.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { listMessages } from '../../functions/core/messages/read-messages.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { mail } from './mail.ts';
import { runSteps, type StepOf, type StepsOptions } from './run-steps.ts';
import { CLASSES, World } from './world.ts';

const machine = (concurrency: number) => ({
  file: 'statemachines/autoexpunge.asl.json',
  numbers: { SweepMaxConcurrency: concurrency },
});

const POLICY = { afterSeconds: 3600, maxMails: 5 };
const DEPLOYMENT: MailSettings = {
  lazyExpunge: '.EXPUNGED',
  mailboxes: { Trash: { autoexpunge: POLICY } },
};
const CONFIG = {
  deployment: DEPLOYMENT,
  retentionDays: { r7: 7, r30: 30, keep: null },
  parallelAccounts: 2,
};

const STEPS: Readonly<Record<string, StepOf>> = {
  ResolveSweepFunctionArn: (ports, payload) => resolveSweep(ports, payload),
  SweepDueFunctionArn: (ports, payload, until) => sweepDue(ports, CONFIG, payload, until),
  SweepAccountsFunctionArn: (ports, payload, until) => sweepAccounts(ports, CONFIG, payload, until),
  FinishSweepFunctionArn: (_, payload) => finishSweep(payload),
};

const USERS = ['a@x.org', 'b@x.org', 'c@y.org'];

class Sweeps {
  readonly world = new World();

  /** Each user has eight messages in Trash: three too many, and all due in an hour. */
  async furnish(): Promise<this> {
    for (const user of USERS) {
      const account = await createAccount(this.world.ports, CLASSES, { user });
      await createMailbox(this.world.ports, account, 'Trash', { policy: POLICY });
      await this.deliver(user, 8);
    }
    return this;
  }

  async deliver(user: string, count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, index) => ({ raw: mail(`m${index}`) }));
    const delivery = { user, mailbox: 'Trash', messages };
    await deliverMessages(this.world.ports, delivery, this.world.clock.now() + 20_000);
  }

  account = (user: string): Promise<Account> => requireActiveAccount(this.world.rows, user);

  run = (input: object, options: StepsOptions = {}) =>
    // One after the other, a crash meets the same change every time.
    runSteps(this.world, machine(options.crash === undefined ? 4 : 1), STEPS, input, options);

  async show(path: string): Promise<string[]> {
    const shown: string[] = [];
    for (const user of USERS) {
      const { accountId } = await this.account(user);
      const mailbox = await requireMailbox(this.world.rows, { accountId }, path).catch(
        () => undefined,
      );
      if (mailbox === undefined) continue;
      const page = { afterUid: 0, limit: 100 };
      const { messages } = await listMessages(this.world.ports, mailbox, page);
      shown.push(...messages.map(({ uid, envelope }) => `${user} ${uid} ${envelope.subject}`));
    }
    return shown;
  }

  async damage(user: string, renamedAt: string | number): Promise<string> {
    const { accountId } = await this.account(user);
    const row = await this.world.rows.get(dictmapKeys.path(accountId, 'Trash'));
    const mailboxId = String(row?.attributes['mailboxId']);
    const key = dictmapKeys.mailbox(mailboxId);
    const change = { set: { renamedAt } };
    await this.world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    return mailboxId;
  }
}

let sweeps: Sweeps;

beforeEach(async () => {
  sweeps = await new Sweeps().furnish();
});

describe('autoexpunge', () => {
  test('A5, A1: the schedule sweeps what is due in all accounts, no login needed', async () => {
    const run = await sweeps.run({});
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'swept', report: { mailboxes: 3, messages: 9, failed: 0 } },
    });
    expect(await sweeps.show('Trash')).toHaveLength(15);
    expect(await sweeps.show('.EXPUNGED')).toHaveLength(9);
    sweeps.world.clock.advance(3_600_000);
    expect(await sweeps.run({})).toMatchObject({ output: { report: { messages: 15 } } });
    expect(await sweeps.run({})).toMatchObject({
      output: { report: { mailboxes: 0, messages: 0 } },
    });
  });

  test('A5: for one user, and for a domain', async () => {
    const one = await sweeps.run({ user: 'A@x.org' });
    expect(one).toMatchObject({ status: 'SUCCEEDED', output: { report: { messages: 3 } } });
    const domain = await sweeps.run({ domain: 'x.org' });
    expect(domain).toMatchObject({ output: { report: { mailboxes: 2, messages: 3 } } });
    expect((await sweeps.show('Trash')).filter((line) => line.startsWith('c@'))).toHaveLength(8);
  });

  test.each([{}, { user: 'b@x.org' }, { domain: 'x.org' }])(
    'O1: a dry run of %j names messages and bytes, and changes nothing',
    async (input) => {
      const before = sweeps.world.rows.rows();
      const run = await sweeps.run({ ...input, dryRun: true });
      expect(run).toMatchObject({ output: { outcome: 'swept', dryRun: true } });
      const { report } = run.output as unknown as { report: { messages: number; bytes: number } };
      expect(report.messages).toBeGreaterThanOrEqual(3);
      expect(report.bytes).toBeGreaterThan(100);
      expect(sweeps.world.rows.rows()).toEqual(before);
    },
  );

  test.each([
    [{ user: 'nobody@x.org' }, 'UnknownUserError'],
    [{ user: 5 }, 'InvalidInputError'],
    [{ user: 'a@x.org', domain: 'x.org' }, 'InvalidInputError'],
    [{ domain: 'a b' }, 'InvalidInputError'],
    [{ dryrun: true }, 'InvalidInputError'],
  ])('O2: %j is refused and changes nothing', async (input, error) => {
    const before = sweeps.world.rows.rows();
    expect(await sweeps.run(input)).toMatchObject({ status: 'FAILED', error });
    expect(sweeps.world.rows.rows()).toEqual(before);
  });

  test('O2: asked for over the API, it is checked first; then an execution is started', async () => {
    const { ports, workflows } = sweeps.world;
    await expect(requestAutoexpunge(ports, { user: 'no@x.org' })).rejects.toMatchObject({
      name: 'UnknownUserError',
    });
    await expect(requestAutoexpunge(ports, { domain: '' })).rejects.toMatchObject({
      name: 'InvalidInputError',
    });
    expect(workflows.starts()).toEqual([]);
    const { execution } = await requestAutoexpunge(ports, { user: 'A@x.org' });
    const [started] = workflows.starts();
    expect(started).toMatchObject({ verb: 'autoexpunge', name: execution });
    const run = await sweeps.run(started?.input as object, { execution });
    expect(run).toMatchObject({ output: { report: { messages: 3 } } });
  });

  test('O3: one mailbox that cannot be swept stops no other, and says so at the end', async () => {
    const mailboxId = await sweeps.damage('b@x.org', 'yesterday');
    const run = await sweeps.run({});
    expect(run).toMatchObject({ status: 'FAILED', error: 'SweepIncompleteError' });
    expect(run.cause).toContain(mailboxId);
    expect(run.cause).toContain('stays due');
    await sweeps.damage('b@x.org', 1);
    expect(await sweeps.run({})).toMatchObject({ output: { report: { messages: 3 } } });
  });

  test('O3: with hardly any time for an invocation it comes to the same end', async () => {
    const run = await sweeps.run({}, { invocationMs: 0 });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { report: { messages: 9 } } });
  });

  test('A5: two executions at once, and each step delivered twice, take nothing twice', async () => {
    await Promise.all([sweeps.run({}), sweeps.run({ domain: 'x.org' }, { execution: 'second' })]);
    await sweeps.deliver('a@x.org', 2);
    await sweeps.run({}, { twice: 'inTurn' });
    await sweeps.deliver('b@x.org', 2);
    await sweeps.run({}, { twice: 'atOnce' });
    expect(await sweeps.show('Trash')).toHaveLength(15);
    const stored = await sweeps.show('.EXPUNGED');
    expect(stored).toHaveLength(13);
    expect(new Set(stored).size).toBe(13);
  });

  test.each(CRASH_POINTS)('A5: a crash %s any change, then it ends as without', async (point) => {
    const { changes } = await sweeps.run({}, { crash: { call: Number.MAX_SAFE_INTEGER, point } });
    const clean = [await sweeps.show('Trash'), await sweeps.show('.EXPUNGED')];
    expect(changes).toBeGreaterThan(3);
    for (let call = 1; call <= changes; call += 1) {
      sweeps = await new Sweeps().furnish();
      const run = await sweeps.run({}, { crash: { call, point } });
      expect(run).toMatchObject({ status: 'SUCCEEDED', crashed: true });
      expect([call, await sweeps.show('Trash'), await sweeps.show('.EXPUNGED')]).toEqual([
        call,
        ...clean,
      ]);
    }
  });
});
