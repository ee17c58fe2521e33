import { describe, expect, test } from 'vitest';
import {
  ERASURE_RANGES_MAX,
  OBJECT_PAGE_KEYS,
  PLAN_ROW_MAILBOXES,
} from '../../functions/contract/limits.ts';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { type PlannedMailbox, rangeCountFor, readPlan } from '../../functions/core/erasure/plan.ts';
import { targetsOf, targetsOfRange } from '../../functions/core/erasure/targets.ts';
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

test('O3: a child stays below 25,000 events even if each turn erased one page only', () => {
  const mailbox: PlannedMailbox = { mailboxId: `${'a'.repeat(24)}.1`, uidNext: MESSAGES + 1 };
  const targets = targetsOf('a'.repeat(24), CLASSES_EVER, [mailbox]);
  const rangeCount = rangeCountFor(MESSAGES);
  expect(rangeCount).toBe(ERASURE_RANGES_MAX);
  const turns = Array.from({ length: rangeCount }, (_, range) => {
    const own = targetsOfRange(targets, range, rangeCount);
    // The worst case: all mail in one class, so 16 prefixes share it; buckets hold 10,000 rows.
    const keys = own.reduce((sum, target) => {
      if (target.kind === 'versions' && target.prefix.startsWith('r30/'))
        return sum + MESSAGES / 16;
      return target.kind === 'rows' ? sum + 10_000 : sum;
    }, 0);
    return Math.ceil(keys / OBJECT_PAGE_KEYS) + own.length;
  });
  expect(Math.max(...turns) * EVENTS_PER_TURN).toBeLessThan(HISTORY_EVENTS_MAX / 4);
});

test('U5: every target belongs to exactly one range, whatever their number', () => {
  const mailboxes = [{ mailboxId: `${'a'.repeat(24)}.1`, uidNext: 123_457 }];
  const targets = targetsOf('a'.repeat(24), CLASSES_EVER, mailboxes);
  for (const rangeCount of [1, 2, 25, 256]) {
    const all = Array.from({ length: rangeCount }, (_, range) =>
      targetsOfRange(targets, range, rangeCount),
    ).flat();
    expect(all).toHaveLength(targets.length);
    expect(new Set(all)).toEqual(new Set(targets));
  }
});

test('U5: a plan of many mailboxes is stored in bounded rows, and planning again adds none', async () => {
  const count = PLAN_ROW_MAILBOXES * 2 + 1;
  const { world } = await accountWith(count, 1);
  const run = await world.run({ user: USER }, { twice: 'inTurn' });
  const { operation } = run.output as { operation: { operationId: string } };
  const plan = await readPlan(world.rows, operation.operationId);
  // INBOX, which every account has, is one more.
  expect(new Set(plan.mailboxes.map(({ mailboxId }) => mailboxId)).size).toBe(count + 1);
  expect(plan.mailboxes).toHaveLength(count + 1);
  expect(plan.parts).toBe(3);
});
