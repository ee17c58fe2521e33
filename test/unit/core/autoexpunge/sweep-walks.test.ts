import { beforeEach, describe, expect, test } from 'vitest';
import type { SweepAnswer, SweepProgress } from '../../../../functions/contract/autoexpunge.ts';
import { SHARDS } from '../../../../functions/contract/key-layout.ts';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import type { WalkFailure } from '../../../../functions/contract/walks.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { sweepAccounts } from '../../../../functions/core/autoexpunge/sweep-accounts.ts';
import type { SweepConfig } from '../../../../functions/core/autoexpunge/sweep-context.ts';
import { sweepDue } from '../../../../functions/core/autoexpunge/sweep-due.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { listMailboxes } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { duePartition } from '../../../../functions/core/policies/due.ts';
import { changeDomainSettings } from '../../../../functions/core/settings/settings-store.ts';
import { dueShards } from '../../../../functions/core/walks/walk-shard.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { policies, RETENTION_DAYS } from './swept-account.ts';

let world: World;
let failures: WalkFailure[];
const accounts = new Map<string, string>();

const config = (deployment: MailSettings): SweepConfig => ({
  deployment,
  retentionDays: RETENTION_DAYS,
  parallelAccounts: 3,
  onFailure: (what, fault) => {
    const { name, message } = fault as Error;
    failures.push({ what, error: name, message });
  },
});

const AFTER_A_SECOND = policies({ Trash: { afterSeconds: 1 } });
const X_ORG = { kind: 'accounts', scope: { domain: 'x.org' } } as const;
const until = () => world.clock.now() + 100_000;

beforeEach(async () => {
  world = new World();
  failures = [];
  accounts.clear();
  for (const user of ['a@x.org', 'b@x.org', 'c@x.org', 'd@y.org']) {
    const account = await createAccount(world.ports, CLASSES, { user });
    accounts.set(user, account.accountId);
    await createMailbox(world.ports, account, 'Trash');
    await deliver(user, 'Trash', 3);
    await deliver(user, 'INBOX', 2);
  }
  world.clock.advance(5000);
});

async function deliver(user: string, mailbox: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => ({ raw: mail(`m${index}`) }));
  await deliverMessages(world.ports, { user, mailbox, messages }, until());
}

/** Messages of an account, Trash and INBOX. */
async function counts(user: string): Promise<Record<string, number>> {
  const { mailboxes } = await listMailboxes(world.rows, accounts.get(user) ?? '', { limit: 50 });
  return Object.fromEntries(mailboxes.map(({ path, messages }) => [path, messages]));
}

async function change(user: string, path: string, set: Record<string, string | number>) {
  const { mailboxes } = await listMailboxes(world.rows, accounts.get(user) ?? '', { limit: 50 });
  const mailboxId = mailboxes.find((mailbox) => mailbox.path === path)?.mailboxId ?? '';
  const key = dictmapKeys.mailbox(mailboxId);
  await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change: { set } });
  return mailboxId;
}

/** Calls a step again until it is done, as the machine does. */
async function loop(step: (progress: SweepProgress | null) => Promise<SweepAnswer>) {
  let progress: SweepProgress | null = null;
  for (let rounds = 1; rounds < 100; rounds += 1) {
    const answer: SweepAnswer = await step(progress);
    progress = JSON.parse(JSON.stringify(answer.progress)) as SweepProgress;
    if (answer.outcome === 'done') return { rounds, ...progress.report };
  }
  throw new Error('it does not end');
}

const walk = (deployment: MailSettings, scope: { domain: string } | { accountId: string }) =>
  loop((progress) =>
    sweepAccounts(
      world.ports,
      config(deployment),
      { part: { kind: 'accounts', scope }, dryRun: false, progress },
      until(),
    ),
  );

async function sweepAllDue(deployment: MailSettings, end = until, dryRun = false) {
  const shards = await dueShards(world.rows, world.clock.now(), duePartition);
  const reports = [];
  for (const shard of shards) {
    const step = (progress: SweepProgress | null) =>
      sweepDue(
        world.ports,
        config(deployment),
        { part: { kind: 'due', shard }, dryRun, progress },
        end(),
      );
    reports.push(await loop(step));
  }
  return reports;
}

const total = (reports: readonly { readonly messages: number }[]) =>
  reports.reduce((sum, { messages }) => sum + messages, 0);

describe('walking accounts', () => {
  test('A5: policies that were set later reach all accounts of a domain, and count at once', async () => {
    const deadline = until();
    await changeDomainSettings(
      world.ports,
      { deployment: {}, domain: 'x.org' },
      () => AFTER_A_SECOND,
      deadline,
    );
    expect(await dueShards(world.rows, world.clock.now(), duePartition)).toEqual([]);
    expect(await walk({}, { domain: 'x.org' })).toMatchObject({ mailboxes: 3, messages: 9 });
    expect(await counts('a@x.org')).toEqual({ INBOX: 2, Trash: 0 });
    expect(await counts('d@y.org')).toEqual({ INBOX: 2, Trash: 3 });
    await deliver('b@x.org', 'Trash', 1);
    world.clock.advance(1000);
    expect(await dueShards(world.rows, world.clock.now(), duePartition)).toHaveLength(1);
  });

  test('A1: mailboxes before the storage, which then gets no more', async () => {
    const both = policies({ Trash: { afterSeconds: 1 }, '.EXPUNGED': { maxMails: 2 } });
    const accountId = accounts.get('a@x.org') ?? '';
    await walk({ lazyExpunge: '.EXPUNGED', ...both }, { accountId });
    const states = world.rows
      .rows('dictmap')
      .filter(({ key }) => key.pk.includes(accountId))
      .map(({ attributes }) => attributes['state'])
      .filter((state) => state === 'expunged' || state === 'purging');
    expect(states.toSorted()).toEqual(['expunged', 'expunged', 'purging']);
  });

  test('O3: with hardly any time it goes on where it was, and ends', async () => {
    const step = (progress: SweepProgress | null) => {
      const payload = { part: X_ORG, dryRun: false, progress };
      return sweepAccounts(world.ports, config(AFTER_A_SECOND), payload, world.clock.now() - 1);
    };
    await expect(step(null)).rejects.toMatchObject({ name: 'StoreBusyError' });
    let calls = 0;
    // Every look at the clock takes a millisecond, and an invocation has three.
    const hurried = (progress: SweepProgress | null) => {
      calls += 1;
      const payload = { part: X_ORG, dryRun: false, progress };
      let passed = 0;
      const now = () => world.clock.now() + passed++;
      const clock = { now, sleep: async () => undefined };
      const end = world.clock.now() + 3;
      return sweepAccounts({ ...world.ports, clock }, config(AFTER_A_SECOND), payload, end);
    };
    expect(await loop(hurried)).toMatchObject({ messages: 9 });
    expect(calls).toBeGreaterThan(1);
  });

  test('W6: a held account is passed over', async () => {
    const { accountKey } = {
      accountKey: {
        table: 'registry',
        pk: `account#${accounts.get('b@x.org')}`,
        sk: 'account',
      } as const,
    };
    const set = { hold: { by: 'court' } };
    await world.rows.write({
      kind: 'update',
      key: accountKey,
      guard: { row: 'present' },
      change: { set },
    });
    const report = await walk(AFTER_A_SECOND, { domain: 'x.org' });
    expect(report).toMatchObject({ mailboxes: 2, messages: 6, skipped: 1, failed: 0 });
    expect(await counts('b@x.org')).toEqual({ INBOX: 2, Trash: 3 });
  });
});

describe('walking what is due', () => {
  beforeEach(async () => {
    for (const user of accounts.keys()) await change(user, 'Trash', { autoexpungeAfterSeconds: 1 });
    for (const user of accounts.keys()) await deliver(user, 'Trash', 1);
    world.clock.advance(5000);
  });

  test('A5: every mailbox that is due is swept, in whatever shard; then nothing is due', async () => {
    expect(total(await sweepAllDue(AFTER_A_SECOND))).toBe(16);
    expect(await dueShards(world.rows, world.clock.now() + 1e9, duePartition)).toEqual([]);
    expect(await counts('c@x.org')).toEqual({ INBOX: 2, Trash: 0 });
    expect(SHARDS).toHaveLength(16);
  });

  test('A5: two sweeps at once take each message once', async () => {
    const both = await Promise.all([sweepAllDue(AFTER_A_SECOND), sweepAllDue(AFTER_A_SECOND)]);
    expect(total(both.flat())).toBe(16);
  });

  test('A5: one that fails is reported and does not stop the others; the next sweep takes it', async () => {
    const mailboxId = await change('b@x.org', 'Trash', { renamedAt: 'damaged' });
    const reports = await sweepAllDue(AFTER_A_SECOND);
    expect(total(reports)).toBe(12);
    expect(failures).toEqual([
      { what: mailboxId, error: 'TypeError', message: expect.stringContaining('renamedAt') },
    ]);
    expect(reports.flatMap((report) => report.failures)).toEqual(failures);
    expect(await walk(AFTER_A_SECOND, { domain: 'x.org' })).toMatchObject({ failed: 1 });
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present' },
      change: { set: { renamedAt: 1 } },
    });
    expect(total(await sweepAllDue(AFTER_A_SECOND))).toBe(4);
  });

  test('O1: a dry run says how much would go', async () => {
    const before = world.rows.rows();
    expect(total(await sweepAllDue(AFTER_A_SECOND, until, true))).toBe(16);
    expect(world.rows.rows()).toEqual(before);
  });

  test('O3: when nothing can be done in time it fails, so that the machine waits', async () => {
    await expect(sweepAllDue(AFTER_A_SECOND, () => world.clock.now() - 1)).rejects.toMatchObject({
      name: 'StoreBusyError',
    });
  });
});
