import { describe, expect, test } from 'vitest';
import type { EstimateAnswer, OperationAnswer } from '../../functions/contract/api.ts';
import { OBJECT_PAGE_KEYS } from '../../functions/contract/limits.ts';
import type { MailServer } from '../../functions/contract/mail-servers.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { dollarsOf, usageOf } from '../../functions/core/meter/usage.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { certificateOf, operationIdOf } from './doomed-account.ts';
import { furnish, mail } from './mail.ts';
import { CLASSES, World } from './world.ts';

const USER = 'billed@x.co';
const BATCH = 98;
const IN_TIME_MS = 1_000_000_000;

/** Text as long as an ordinary header's, so that rows have an ordinary size. */
const SUBJECT = 'Re: the minutes of the meeting on Tuesday, and what we agreed to do next';

async function fill(world: World, mailboxes: readonly string[], messages: number): Promise<void> {
  const account = await createAccount(world.ports, CLASSES, { user: USER });
  for (const path of mailboxes.slice(1)) await createMailbox(world.ports, account, path);
  const each = messages / mailboxes.length;
  for (const mailbox of mailboxes) {
    for (let sent = 0; sent < each; sent += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, each - sent) }, (_, index) => ({
        raw: mail(`${SUBJECT} ${sent + index}`),
        flags: index % 2 === 0 ? ['\\Seen'] : [],
      }));
      const delivery = { user: USER, mailbox, messages: batch };
      await deliverMessages(world.ports, delivery, world.clock.now() + IN_TIME_MS);
    }
  }
}

const newWorld = (servers: readonly MailServer[] = []) =>
  new World({ pageEntries: OBJECT_PAGE_KEYS, metered: true, servers });

async function estimateOf(world: World): Promise<EstimateAnswer> {
  const { output } = await world.run({ user: USER, dryRun: true });
  return (output as unknown as { estimate: EstimateAnswer }).estimate;
}

interface Erased {
  readonly operation: OperationAnswer;
  readonly transitions: number;
}

async function erase(world: World): Promise<Erased> {
  const run = await world.run({ user: USER });
  expect(run.status).toBe('SUCCEEDED');
  const operation = await showOperation(world.ports, operationIdOf(run.output));
  const inChildren = run.children.reduce((sum, child) => sum + child.transitions, 0);
  return { operation, transitions: run.transitions + inChildren };
}

/** Time stands still in the simulation, so neither side may count it. */
const withoutTime = (usage: Readonly<Record<string, number>>): number =>
  dollarsOf({ ...usageOf(usage), lambdaGigabyteSeconds: 0 });

describe('O1: a dry run names what the bill will be', () => {
  test.each([
    ['an empty account', ['INBOX'], 0],
    ['30 messages', ['INBOX'], 30],
    ['1,000 messages in 4 mailboxes', ['INBOX', 'Sent', 'Archive', 'Trash'], 1000],
    ['12,000 messages', ['INBOX'], 12_000],
  ])(
    'within 10% for %s',
    async (_name, mailboxes, messages) => {
      const world = newWorld();
      await fill(world, mailboxes, messages);
      const estimate = await estimateOf(world);
      const { operation } = await erase(world);
      const [estimated, billed] = [estimate.estimatedBill, operation.billed].map(withoutTime);
      expect((estimated ?? 0) / (billed ?? 0)).toBeGreaterThan(0.9);
      expect((estimated ?? 0) / (billed ?? 0)).toBeLessThan(1.1);
      for (const name of ['s3Tier1Requests', 's3DeleteObjectsRequests', 'stateTransitions']) {
        const [guess = 0, real = 0] = [estimate.estimatedBill[name], operation.billed[name]];
        expect({ name, off: Math.abs(guess - real) <= Math.max(real * 0.1, 2) }).toEqual({
          name,
          off: true,
        });
      }
    },
    120_000,
  );

  test('within 10% where there are mail servers, and a session that has to be waited for', async () => {
    const proxy = { url: 'https://proxy-1.example.org', role: 'proxy' } as const;
    const world = newWorld([proxy]);
    await fill(world, ['INBOX'], 1000);
    const estimate = await estimateOf(world);
    world.mailServers.connect(proxy.url, USER);
    const { operation, transitions } = await erase(world);
    expect(operation.billed['stateTransitions']).toBe(transitions);
    const [estimated = 0, billed = 0] = [estimate.estimatedBill, operation.billed].map(withoutTime);
    expect(estimated / billed).toBeGreaterThan(0.9);
    expect(estimated / billed).toBeLessThan(1.1);
  });
});

describe('the bill of an operation', () => {
  test('O1: counts every state that the machine entered, retries of steps included', async () => {
    const world = newWorld();
    await furnish(world.ports, CLASSES, USER, 12);
    const { operation, transitions } = await erase(world);
    expect(operation.billed['stateTransitions']).toBe(transitions);
    expect(operation.billed['lambdaRequests']).toBe(world.invocations.length);
    const { cost } = await certificateOf(world, operation.operationId);
    // Two steps follow the certificate: the rest of its own, and the release of the address.
    expect(cost.billed['lambdaRequests']).toBe(world.invocations.length - 2);
    expect(cost.dollars).toBeLessThan(operation.costDollars);
    expect(cost.dollars).toBeGreaterThan(operation.costDollars * 0.9);
  });

  test('O1: a failed operation names its bill, and resuming adds to it', async () => {
    const world = newWorld();
    const { accountId } = await furnish(world.ports, CLASSES, USER, 12);
    const [stuck] = world.objects.versions(`r30/`).filter(({ key }) => key.includes(accountId));
    world.objects.failKey(stuck?.key ?? '', 'AccessDenied');
    const failed = await world.run({ user: USER });
    expect(failed).toMatchObject({
      status: 'FAILED',
      error: 'States.ExceedToleratedFailureThreshold',
    });
    const [index] = (
      await world.rows.query({
        table: 'registry',
        pk: `account#${accountId}`,
        sk: { prefix: 'operation#' },
        limit: 1,
      })
    ).rows;
    const operationId = String(index?.attributes['operationId']);
    const first = await showOperation(world.ports, operationId);
    expect(first.billed['lambdaRequests']).toBe(world.invocations.length);
    const inChildren = failed.children.reduce((sum, child) => sum + child.transitions, 0);
    const entered = failed.transitions + inChildren;
    // A failure recorded in a child is described by one state less than one of the whole.
    expect(first.billed['stateTransitions']).toBe(entered + 1);
    world.objects.failKey(stuck?.key ?? '', 'AccessDenied', 0);
    const resumed = await world.run({ user: USER });
    expect(resumed.status).toBe('SUCCEEDED');
    const second = await showOperation(world.ports, operationId);
    expect(second.costDollars).toBeGreaterThan(first.costDollars);
  });

  test('U5: an invocation that is delivered again is billed again, and its row counts once', async () => {
    const world = newWorld();
    await furnish(world.ports, CLASSES, USER, 12);
    const { operation } = await erase(world);
    const late = world.invocations.find(({ token }) => token === 'EraseRangeFunctionArn');
    if (late === undefined) throw new Error('nothing was erased');
    await world.redeliver(late).catch(() => undefined);
    const again = await showOperation(world.ports, operation.operationId);
    expect(again.billed['lambdaRequests']).toBe((operation.billed['lambdaRequests'] ?? 0) + 1);
  });
});
