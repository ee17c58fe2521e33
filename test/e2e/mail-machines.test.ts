/** autoexpunge, expunge-messages and restore-messages on the embedded AWS, under their own roles. */
import { DescribeExecutionCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { openBulk } from '../../functions/core/bulk/request-bulk.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { listMessages } from '../../functions/core/messages/read-messages.ts';
import { requireOperation } from '../../functions/core/operations/operations.ts';
import { changeAccountSettings } from '../../functions/core/settings/settings-store.ts';
import { mail } from '../simulation/mail.ts';
import { CLASSES, deployedStores, until } from './stores.ts';

const { ports, clients, outputs } = deployedStores();
const IN_TIME_MS = 20_000;

afterAll(() => clients.destroy());

async function run(verb: string, input: object) {
  const stateMachineArn = outputs.stateMachines[verb] ?? '';
  const start = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
  const { executionArn = '' } = await clients.sfn.send(start);
  const { status, error, cause, output } = await until(`the end of ${verb}`, 120, async () => {
    const now = await clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
    return now.status === 'RUNNING' ? undefined : now;
  });
  const parsed: unknown = output === undefined ? undefined : JSON.parse(output);
  return { status, error, cause, output: parsed };
}

/** An account that keeps four messages that it expunges, and three at most in Trash. */
async function furnished(user: string, messages: number): Promise<void> {
  const account = await createAccount(ports, CLASSES, { user });
  const settings: MailSettings = {
    lazyExpunge: '.EXPUNGED',
    mailboxes: {
      Trash: { autoexpunge: { maxMails: 3 } },
      '.EXPUNGED': { autoexpunge: { maxMails: 4 } },
    },
  };
  const deadline = Date.now() + IN_TIME_MS;
  await changeAccountSettings(ports, {}, account, () => settings, deadline);
  const now = await requireActiveAccount(ports.rows, user);
  await createMailbox(ports, now, 'Trash', { policy: { maxMails: 3 } });
  const texts = Array.from({ length: messages }, (_, index) => `m${index + 1}`);
  const batch = texts.map((text) => ({ raw: mail(text) }));
  for (let at = 0; at < batch.length; at += 60) {
    const some = batch.slice(at, at + 60);
    await deliverMessages(ports, { user, mailbox: 'Trash', messages: some }, deadline);
  }
}

async function show(user: string, path: string): Promise<string[]> {
  const { accountId } = await requireActiveAccount(ports.rows, user);
  const mailbox = await requireMailbox(ports.rows, { accountId }, path);
  const { messages } = await listMessages(ports, mailbox, { afterUid: 0, limit: 500 });
  return messages.map(({ envelope }) => envelope.subject);
}

describe('autoexpunge', () => {
  test('A5: what is due in any account, a dry run first; then the limit of the storage', async () => {
    const user = 'swept@sweep.example';
    await furnished(user, 8);
    expect(await run('autoexpunge', { dryRun: true })).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'swept', dryRun: true, report: { failed: 0 } },
    });
    expect(await show(user, 'Trash')).toHaveLength(8);
    const swept = await run('autoexpunge', {});
    expect(swept).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'swept' } });
    expect(await show(user, 'Trash')).toEqual(['m6', 'm7', 'm8']);
    expect(await show(user, '.EXPUNGED')).toHaveLength(5);
    await until('the end of the fifth', 60, async () => {
      await run('autoexpunge', {});
      return (await show(user, '.EXPUNGED')).length === 4 ? true : undefined;
    });
    expect(await show(user, '.EXPUNGED')).toEqual(['m2', 'm3', 'm4', 'm5']);
  });

  test('A5: all accounts of a domain, whether anything is due or not', async () => {
    const user = 'walked@walk.example';
    await furnished(user, 8);
    const walked = await run('autoexpunge', { domain: 'walk.example' });
    expect(walked).toMatchObject({ status: 'SUCCEEDED', output: { report: { failed: 0 } } });
    expect(await show(user, 'Trash')).toEqual(['m6', 'm7', 'm8']);
    expect(await show(user, '.EXPUNGED')).toEqual(['m2', 'm3', 'm4', 'm5']);
  });

  test('O2: a wrong input is refused', async () => {
    const refused = await run('autoexpunge', { user: 'nobody@sweep.example' });
    expect(refused).toMatchObject({ status: 'FAILED', error: 'UnknownUserError' });
  });
});

describe('by query', () => {
  test('L9, L3, O1: counted, expunged, and brought back with its bytes', async () => {
    const user = 'query@sweep.example';
    await furnished(user, 120);
    const query = { mailbox: 'Tr*', savedBefore: { secondsAgo: 0 } };
    const dry = await run('expunge-messages', { user, query, dryRun: true });
    expect(dry).toMatchObject({ output: { dryRun: true, expected: { messages: 120 } } });
    const expunged = await run('expunge-messages', { user, query });
    expect(expunged).toMatchObject({
      status: 'SUCCEEDED',
      output: { outcome: 'done', counts: { messages: 120 } },
    });
    expect(await show(user, 'Trash')).toEqual([]);
    const { operationId } = expunged.output as { operationId: string };
    expect(await requireOperation(ports.rows, operationId)).toMatchObject({
      verb: 'expunge-messages',
      state: 'succeeded',
    });
    const back = { user, query: { origin: 'Trash' } };
    // As the API does it: the operation first, then an execution for it.
    const opened = { operationId: 'op-by-request', requestedBy: 'a test' };
    await openBulk(ports, { ...opened, verb: 'restore-messages', input: back });
    const joined = { operationId: 'op-by-request', attempt: 1 };
    const restored = await run('restore-messages', joined);
    expect(restored).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 120 } } });
    expect(await show(user, 'Trash')).toHaveLength(120);
  });

  test('O2: what is refused later is said on the operation', async () => {
    const user = 'refused@sweep.example';
    await furnished(user, 1);
    const query = { mailbox: 'Nowhere' };
    const refused = await run('expunge-messages', { user, query });
    expect(refused).toMatchObject({ status: 'FAILED', error: 'UnknownMailboxError' });
    const missing = { user, query: { origin: 'Trash' }, to: 'Nowhere' };
    const restore = await run('restore-messages', missing);
    expect(restore).toMatchObject({ status: 'FAILED', error: 'UnknownMailboxError' });
  });
});
