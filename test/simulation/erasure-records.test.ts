import { expect, test } from 'vitest';
import {
  accountPartition,
  registryKeys,
  TTL_ATTRIBUTE,
} from '../../functions/contract/row-layout.ts';
import { Tally } from '../../functions/core/erasure/tally.ts';
import { requestPurge } from '../../functions/core/purge/request-purge.ts';
import { changeAccountSettings } from '../../functions/core/settings/settings-store.ts';
import { makeDoomed, operationIdOf, USER } from './doomed-account.ts';

const DAY_SECONDS = 86_400;

test('U7: every row that an erasure leaves in the registry ends 400 days after it', async () => {
  const { world, account } = await makeDoomed(12, { metered: true });
  // An object that comes late takes a second round, with rows of its own.
  let late = false;
  const onState = (name: string) => {
    if (name !== 'Settle' || late) return;
    late = true;
    world.objects.startUpload(`uploads/${account.accountId}/ab`);
  };
  const run = await world.run({ user: USER }, { onState });
  const left = [
    registryKeys.operation(operationIdOf(run.output)).pk,
    accountPartition(account.accountId),
  ].flatMap((pk) => world.rows.rows('registry').filter(({ key }) => key.pk === pk));
  const kinds = new Set(left.map(({ attributes }) => attributes['type']));
  for (const kind of [
    'account',
    'account-operation',
    'meter',
    'operation',
    'plan',
    'progress',
    'verification',
  ]) {
    expect(kinds).toContain(kind);
  }
  const now = world.clock.now() / 1000;
  for (const { key, attributes } of left) {
    const days = (Number(attributes[TTL_ATTRIBUTE]) - now) / DAY_SECONDS;
    expect({ key, days: Math.round(days) }).toEqual({ key, days: 400 });
  }
});

test('U7: what an operation leaves that never ended goes with the records of the erasure', async () => {
  const { world, account } = await makeDoomed();
  const deadline = world.clock.now() + 1000;
  const asked = { user: USER, olderThanDays: 1 };
  const { operationId } = await requestPurge(world.ports, asked, 'test', deadline);
  const plan = { v: 1, type: 'plan', mailboxes: [`${account.accountId}.00 1`] };
  const planKey = registryKeys.plan(operationId, 0);
  await world.rows.write({ kind: 'put', key: planKey, attributes: plan });
  const tally = await Tally.open(world.rows, operationId, '1-0');
  const mark = { target: 0, key: 'a' };
  await tally.announce(mark, mark, { messages: 1 });
  expect((await world.run({ user: USER })).status).toBe('SUCCEEDED');
  const { pk } = registryKeys.operation(operationId);
  const left = world.rows.rows('registry').filter(({ key }) => key.pk === pk);
  expect(left).toHaveLength(3);
  const lasting = left.filter(({ attributes }) => attributes[TTL_ATTRIBUTE] === undefined);
  expect(lasting).toEqual([]);
});

test('U7: the tombstone of an erased account holds ids and times, nothing that somebody named', async () => {
  const { world, account } = await makeDoomed();
  const settings = { mailboxes: { 'Divorce lawyer': { autoexpunge: '30d' } } };
  const deadline = world.clock.now() + 1000;
  await changeAccountSettings(world.ports, {}, account, () => settings, deadline);
  const key = registryKeys.account(account.accountId);
  await world.rows.write({
    kind: 'update',
    key,
    guard: { row: 'present' },
    change: { set: { nameOfLaterVersion: 'Divorce' } },
  });
  expect((await world.run({ user: USER })).status).toBe('SUCCEEDED');
  const row = await world.rows.get(key);
  expect(Object.keys(row?.attributes ?? {}).sort()).toEqual([
    'accountId',
    'createdAt',
    'operationId',
    'retentionClass',
    'state',
    TTL_ATTRIBUTE,
    'type',
    'v',
  ]);
  expect(row?.attributes['state']).toBe('erased');
});
