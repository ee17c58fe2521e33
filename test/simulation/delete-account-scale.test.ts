import { describe, expect, test } from 'vitest';
import {
  ERASURE_RANGES_MAX,
  OBJECT_PAGE_KEYS,
  PLAN_ROW_BYTES,
} from '../../functions/contract/limits.ts';
import { dictmapKeys, registryKeys } from '../../functions/contract/row-layout.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { rangeCountFor, readPlan } from '../../functions/core/erasure/plan.ts';
import {
  fixedTargets,
  strideOf,
  type Target,
  targetsAlong,
} from '../../functions/core/erasure/targets.ts';
import { CLASSES, CLASSES_EVER, World } from './world.ts';

const USER = 'many@x.co';
const MESSAGES = 10_000_000;

/** Step Functions: an execution fails at 25,000 events, a payload above 256 KiB. */
const HISTORY_EVENTS_MAX = 25_000;
const PAYLOAD_BYTES_ALLOWED = 200 * 1024;

/** Events of one turn of a child: task 5, choice 2. */
const EVENTS_PER_TURN = 7;

/** An account whose mailbox rows say that it has that many messages; their rows do not matter. */
async function accountWith(mailboxes: number, messagesEach: number) {
  const world = new World({ pageEntries: OBJECT_PAGE_KEYS });
  const { accountId } = await createAccount(world.ports, CLASSES, { user: USER });
  for (let index = 0; index < mailboxes; index += 1) {
    const mailboxId = `${accountId}.${index.toString(16).padStart(16, '0')}`;
    await world.rows.write({
      kind: 'put',
      key: dictmapKeys.mailbox(mailboxId),
      attributes: {
        v: 1,
        type: 'mailbox',
        mailboxId,
        path: `Mailbox ${index}`,
        state: 'active',
        uidValidity: 1,
        uidNext: messagesEach + 1,
        messages: messagesEach,
        bytes: messagesEach * 75_000,
      },
    });
  }
  return { world };
}

describe.each([
  ['one mailbox', 1, MESSAGES],
  ['ten thousand mailboxes', 10_000, MESSAGES / 10_000],
])('ten million messages in %s', (_name, mailboxes, messagesEach) => {
  test('O3: history and payloads stay far below the limits of Step Functions', async () => {
    const { world } = await accountWith(mailboxes, messagesEach);
    const run = await world.run({ user: USER });
    expect(run.status).toBe('SUCCEEDED');
    expect(run.children).toHaveLength(ERASURE_RANGES_MAX);
    expect(run.events).toBeLessThan(200);
    expect(run.maxPayloadBytes).toBeLessThan(PAYLOAD_BYTES_ALLOWED);
    expect(world.rows.rows('dictmap')).toEqual([]);
  });
});

const ACCOUNT_ID = 'a'.repeat(24);
const OPERATION_ID = 'plan-of-a-test';

/** A plan of one mailbox with so many buckets in use. */
async function planOf(buckets: number) {
  const world = new World();
  await world.rows.write({
    kind: 'put',
    key: registryKeys.plan(OPERATION_ID, 0),
    attributes: { v: 1, type: 'plan', mailboxes: [`${ACCOUNT_ID}.1 1 0-${buckets - 1}`] },
  });
  const fixed = fixedTargets(ACCOUNT_ID, CLASSES_EVER);
  return async (range: number, rangeCount: number, passed = 0): Promise<Target[]> => {
    const stride = strideOf(range, rangeCount, passed);
    const targets: Target[] = [];
    for await (const one of targetsAlong(world.rows, OPERATION_ID, fixed, stride)) {
      targets.push(one);
    }
    return targets;
  };
}

test('O3: a child stays below 25,000 events even if each turn erased one page only', async () => {
  const targetsOfRange = await planOf(MESSAGES / 10_000);
  const rangeCount = rangeCountFor(MESSAGES);
  expect(rangeCount).toBe(ERASURE_RANGES_MAX);
  const turns: number[] = [];
  for (let range = 0; range < rangeCount; range += 1) {
    const own = await targetsOfRange(range, rangeCount);
    // The worst case: all mail in one class, so 16 prefixes share it; buckets hold 10,000 rows.
    const keys = own.reduce((sum, target) => {
      if (target.kind === 'versions' && target.prefix.startsWith('r30/'))
        return sum + MESSAGES / 16;
      return target.kind === 'rows' ? sum + 10_000 : sum;
    }, 0);
    turns.push(Math.ceil(keys / OBJECT_PAGE_KEYS) + own.length);
  }
  expect(Math.max(...turns) * EVENTS_PER_TURN).toBeLessThan(HISTORY_EVENTS_MAX / 4);
});

test('U5: every target belongs to exactly one range, whatever their number', async () => {
  const targetsOfRange = await planOf(123);
  const targets = await targetsOfRange(0, 1);
  expect(targets.filter(({ kind }) => kind === 'rows')).toHaveLength(16 + 123);
  for (const rangeCount of [1, 2, 25, 256]) {
    const all: Target[] = [];
    for (let range = 0; range < rangeCount; range += 1) {
      const own = await targetsOfRange(range, rangeCount);
      all.push(...own);
      for (const passed of [1, 2, own.length]) {
        expect(await targetsOfRange(range, rangeCount, passed)).toEqual(own.slice(passed));
      }
    }
    expect(all).toHaveLength(targets.length);
    expect(new Set(all)).toEqual(new Set(targets));
  }
});

test('U5: a plan of many mailboxes is stored in bounded rows, and planning again adds none', async () => {
  // A line has an id of 41 characters, UIDNEXT and a run of buckets: 45 bytes.
  const count = Math.ceil((PLAN_ROW_BYTES / 45) * 2);
  const { world } = await accountWith(count, 1);
  const run = await world.run({ user: USER }, { twice: 'inTurn' });
  const { operation } = run.output as { operation: { operationId: string } };
  const plan = await readPlan(world.rows, operation.operationId);
  // INBOX, which every account has, is one more.
  expect(new Set(plan.mailboxes.map(({ mailboxId }) => mailboxId)).size).toBe(count + 1);
  expect(plan.mailboxes).toHaveLength(count + 1);
  expect(plan.parts).toBeGreaterThanOrEqual(2);
  expect(plan.parts).toBeLessThanOrEqual(3);
});
