/** A deletion that waits, is undone, and begins by the schedule, as deployed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { mail } from '../simulation/mail.ts';
import { awsCli } from './aws-cli.ts';
import { serviceResources } from './deployed-roles.ts';
import { lethe, letheJson } from './lethe-command.ts';
import { CLASSES, deployedStores } from './stores.ts';

const USER = 'grace@undo.example';

const { ports, clients } = deployedStores();
let aws: Awaited<ReturnType<typeof awsCli>>;

interface Shown {
  readonly operationId: string;
  readonly state: string;
  readonly deleteAfter?: string;
}

beforeAll(async () => {
  aws = await awsCli();
});
afterAll(() => clients.destroy());

/** What the schedule does. */
async function runDue(): Promise<void> {
  const found = (await serviceResources()).find(({ LogicalResourceId = '' }) =>
    LogicalResourceId.startsWith('RunDueFunction'),
  );
  const name = found?.PhysicalResourceId ?? '';
  const answer = await aws('lambda', 'invoke', '--function-name', name, '/dev/null');
  expect(answer).not.toHaveProperty('FunctionError');
}

const messages = () => letheJson<{ items: unknown[] }>('message', 'list', '-u', USER);
const remove = (after: string) =>
  letheJson<Shown>('user', 'delete', USER, '--yes', '--after', after);

test('U6: disabled at once, undone with all of its mail, then erased when its time has come', async () => {
  await createAccount(ports, CLASSES, { user: USER, retentionClass: 'r30' });
  const raws = ['one', 'two'].map((text) => ({ raw: mail(text) }));
  await deliverMessages(ports, { user: USER, messages: raws }, Date.now() + 20_000);
  const before = await messages();

  expect(await remove('1d')).toMatchObject({ state: 'waiting' });
  expect((await lethe('message', 'list', '-u', USER)).stderr).toContain('is disabled');
  expect(await letheJson('user', 'undelete', USER)).toMatchObject({ state: 'active' });
  expect(await messages()).toEqual(before);

  expect(await letheJson('user', 'disable', USER)).toMatchObject({ state: 'disabled' });
  expect((await lethe('message', 'list', '-u', USER)).code).toBe(75);
  expect(await letheJson('user', 'enable', USER)).toMatchObject({ state: 'active' });

  const { operationId, deleteAfter = '' } = await remove('15s');
  await runDue();
  const early = await letheJson<Shown>('operation', 'show', operationId);
  if (Date.parse(deleteAfter) > Date.now() + 3000) expect(early.state).toBe('waiting');
  await new Promise((resolve) => setTimeout(resolve, 16_000));
  await runDue();
  const ended = await letheJson<Shown>('operation', 'wait', operationId);
  expect(ended.state).toBe('succeeded');
  expect((await lethe('user', 'show', USER)).code).toBe(67);
});
