/** purge-mailboxes on the embedded AWS, under its own roles, asked for by the command line. */
import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, describe, expect, test } from 'vitest';
import type { OperationAnswer } from '../../functions/contract/api.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deleteTree } from '../../functions/core/folders/delete-tree.ts';
import { everyTree } from '../../functions/core/folders/tree.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { fetchMessage } from '../../functions/core/messages/read-messages.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { mail } from '../simulation/mail.ts';
import { lethe, letheJson } from './lethe-command.ts';
import { CLASSES, deployedStores, until } from './stores.ts';

const { ports, clients, outputs } = deployedStores();
const SETTINGS = resolveSettings({});
const RETENTION_DAYS = { r7: 7, r30: 30, keep: null };

afterAll(() => clients.destroy());

const inTime = () => Date.now() + 20_000;

/** Old, with a child, and ten messages in each, is deleted; a copy of one message is in Kept. */
async function furnish(user: string): Promise<{ readonly deletionId: string }> {
  const account = await createAccount(ports, CLASSES, { user });
  const box = (path: string) => requireMailbox(ports.rows, account, path);
  for (const path of ['Old', 'Old/a', 'Kept']) {
    await createMailbox(ports, await requireActiveAccount(ports.rows, user), path);
  }
  for (const mailbox of ['Old', 'Old/a']) {
    const messages = Array.from({ length: 10 }, (_, index) => ({
      raw: mail(`${mailbox}${index}`),
    }));
    await deliverMessages(ports, { user, mailbox, messages }, inTime());
  }
  const context = { account, settings: SETTINGS, retentionDays: RETENTION_DAYS };
  await copyMessages(
    { ports, context, deadline: inTime() },
    await box('Old'),
    [1],
    await box('Kept'),
  );
  return await deleteTree(
    ports,
    {
      account: await requireActiveAccount(ports.rows, user),
      settings: SETTINGS,
      path: 'Old',
      scope: 'tree',
      requestedBy: 'a test',
      keepInbox: true,
      check: () => undefined,
    },
    inTime(),
  );
}

async function treesOf(user: string): Promise<string[]> {
  const { accountId } = await requireActiveAccount(ports.rows, user);
  const states: string[] = [];
  for await (const { state } of everyTree(ports.rows, accountId)) states.push(state);
  return states;
}

const purge = (...words: string[]) =>
  letheJson<OperationAnswer>('mailbox', 'purge', ...words, '--yes', '--timeout', '120');

describe('lethe mailbox purge', () => {
  test('F5, O1: counts first, then purges a user’s folders; copies elsewhere stay (B1)', async () => {
    const user = 'anna@purge.example';
    await furnish(user);
    expect(await purge('-u', user)).toMatchObject({ counts: { messages: 0, notDue: 1 } });
    const dry = await purge('-u', user, '--older-than-days', '0', '--dry-run');
    expect(dry).toMatchObject({
      state: 'succeeded',
      expected: { trees: 1, mailboxes: 2, messages: 20 },
      estimatedCostDollars: expect.any(Number),
      goneForGood: 20,
      folders: [{ user, mailboxes: 2, messages: 20 }],
    });
    expect(await treesOf(user)).toEqual(['deleted']);
    const done = await purge('-u', user, '--older-than-days', '0');
    expect(done).toMatchObject({
      verb: 'purge-mailboxes',
      state: 'succeeded',
      counts: { trees: 1, mailboxes: 2, messages: 20 },
    });
    expect(done.billed['dynamodbWriteUnits']).toBeGreaterThan(40);
    expect(await treesOf(user)).toEqual(['purged']);
    const { accountId } = await requireActiveAccount(ports.rows, user);
    await until('the end of the bytes', 60, async () => {
      const { rows } = await ports.rows.query({
        table: 'dictmap',
        pk: `mailbox#${(await deadMailbox(accountId)) ?? ''}#0`,
        limit: 20,
      });
      return rows.every(({ attributes }) => attributes['state'] !== 'purging') ? true : undefined;
    });
    const account = await requireActiveAccount(ports.rows, user);
    const kept = await requireMailbox(ports.rows, account, 'Kept');
    const { body } = await fetchMessage(ports, account, kept, 1);
    expect(Buffer.from(body).toString()).toContain('Old0');
  });

  test('F5: of a domain, and of all; W6: not those of a held account', async () => {
    const [one, other] = ['one@walk-purge.example', 'other@walk-purge.example'];
    await furnish(one);
    const { deletionId } = await furnish(other);
    const { accountId } = await requireActiveAccount(ports.rows, other);
    const key = registryKeys.account(accountId);
    const hold = { kind: 'update', key, guard: { row: 'present' } } as const;
    await ports.rows.write({ ...hold, change: { set: { hold: { by: 'court' } } } });
    const domain = await purge('-d', 'walk-purge.example', '--older-than-days', '0');
    expect(domain).toMatchObject({ counts: { trees: 1, messages: 20, skipped: 1 } });
    expect(await treesOf(one)).toEqual(['purged']);
    const held = await lethe('mailbox', 'purge', '-u', other, '--deletion', deletionId, '--yes');
    expect(held.code).toBe(77);
    await ports.rows.write({ ...hold, change: { unset: ['hold'] } });
    await purge('-u', other, '--deletion', deletionId);
    expect(await treesOf(other)).toEqual(['purged']);
    const user = 'last@purge.example';
    await furnish(user);
    await until('all to be purged', 60, async () => {
      await purge('--all', '--older-than-days', '0');
      return (await treesOf(user))[0] === 'purged' ? true : undefined;
    });
  });
});

describe('purge-mailboxes', () => {
  test('F5: started by hand, one deletion of a user', async () => {
    const user = 'console@purge.example';
    const { deletionId } = await furnish(user);
    const start = new StartExecutionCommand({
      stateMachineArn: outputs.stateMachines['purge-mailboxes'] ?? '',
      input: JSON.stringify({ user, deletionId }),
    });
    const { executionArn = '' } = await clients.sfn.send(start);
    const { status, output = '{}' } = await until('the end of the purge', 120, async () => {
      const now = await clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return now.status === 'RUNNING' ? undefined : now;
    });
    expect([status, JSON.parse(output)]).toMatchObject([
      'SUCCEEDED',
      { outcome: 'purged', counts: { trees: 1, mailboxes: 2, messages: 20 } },
    ]);
    expect(await treesOf(user)).toEqual(['purged']);
  });
});

/** A mailbox that was purged, if there is one. */
async function deadMailbox(accountId: string): Promise<string | undefined> {
  const { rows } = await ports.rows.query({
    table: 'dictmap',
    pk: `account#${accountId}`,
    sk: { prefix: 'mailbox#' },
    limit: 20,
  });
  const dead = rows.find(({ attributes }) => attributes['state'] === 'shell');
  return dead === undefined ? undefined : String(dead.attributes['mailboxId']);
}
