/** Cases of holds: who holds an account, why and until when. */
import { beforeEach, describe, expect, test } from 'vitest';
import { listHolds } from '../../functions/core/holds/list-holds.ts';
import { requestHold } from '../../functions/core/holds/request-hold.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import { USER } from './bulk-account.ts';
import { CASE, DAY_MS, HeldAccount } from './held-account.ts';

let mail: HeldAccount;

beforeEach(async () => {
  mail = await new HeldAccount().furnish();
});

describe('cases of a hold', () => {
  const wish = (more: object) => ({
    verb: 'hold-account' as const,
    input: { ...CASE, ...more },
    requestedBy: 'anna',
  });
  const ask = (more: object = {}) =>
    requestHold(mail.world.ports, wish(more), mail.world.clock.now() + 10_000);
  const drop = (caseId: string) => {
    const input = { user: USER, caseId };
    const release = { verb: 'release-hold' as const, input, requestedBy: 'ben' };
    return requestHold(mail.world.ports, release, mail.world.clock.now() + 10_000);
  };
  const list = () => listHolds(mail.world.ports, USER);

  test('W6: say who, why, since when and until when', async () => {
    const until = '2030-01-01T00:00:00Z';
    const { operationId } = await ask({ until });
    expect(await list()).toMatchObject({
      held: true,
      holds: [
        {
          caseId: 'case-17',
          reason: 'court order',
          placedBy: 'anna',
          placedAt: new Date(mail.world.clock.now()).toISOString(),
          until: '2030-01-01T00:00:00.000Z',
          operationId,
          protection: 'running',
        },
      ],
    });
  });

  test('W6: the same words are the same case; other words are refused, and change nothing', async () => {
    const first = await ask();
    expect((await ask()).operationId).toBe(first.operationId);
    const before = await mail.accountRow();
    await expect(ask({ reason: 'other' })).rejects.toMatchObject({ name: 'HoldConflictError' });
    await expect(ask({ until: '2030-01-01T00:00:00Z' })).rejects.toMatchObject({
      name: 'HoldConflictError',
    });
    expect(await mail.accountRow()).toEqual(before);
  });

  test('W6: several add up; the flag goes with the last of them', async () => {
    await ask();
    mail.world.clock.advance(DAY_MS);
    await ask({ caseId: 'case-18', reason: 'tax' });
    await drop('case-17');
    expect(await list()).toMatchObject({ held: true, holds: [{ caseId: 'case-18' }] });
    await drop('case-18');
    expect(await list()).toMatchObject({ held: false, holds: [] });
    const { attributes } = await mail.accountRow();
    expect(attributes['hold']).toBeUndefined();
    expect(attributes['holds']).toBeUndefined();
  });

  test('W6: a time that is over releases nothing by itself', async () => {
    await ask({ until: new Date(mail.world.clock.now() + DAY_MS).toISOString() });
    await mail.pass(2);
    expect(await list()).toMatchObject({ held: true, holds: [{ overdue: true }] });
    await expect(mail.expunge('INBOX', 2)).rejects.toMatchObject({ name: 'AccountHeldError' });
  });

  test('W6: a release asked for again is the same one; one of no case is refused', async () => {
    await ask();
    const first = await drop('case-17');
    expect((await drop('case-17')).operationId).toBe(first.operationId);
    await expect(drop('case-9')).rejects.toMatchObject({ name: 'UnknownHoldError' });
  });

  test.each(['deleting', 'erased'])(
    'W6: none is placed on an account that is %s',
    async (state) => {
      const row = await mail.accountRow();
      const change = { set: { state } };
      await mail.world.rows.write({
        kind: 'update',
        key: row.key,
        guard: { row: 'present' },
        change,
      });
      await expect(ask()).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    },
  );

  test.each([
    ['caseId', { caseId: 'a/b' }],
    ['caseId', { caseId: '__proto__' }],
    ['reason', { reason: ' ' }],
    ['until', { until: '2020-01-01T00:00:00Z' }],
    ['until', { until: 'soon' }],
  ])('O2: a wrong %s is named, and changes nothing: %j', async (field, more) => {
    const before = mail.world.rows.rows();
    await expect(ask(more)).rejects.toMatchObject({
      name: 'InvalidInputError',
      problems: [expect.objectContaining({ field })],
    });
    expect(mail.world.rows.rows()).toEqual(before);
  });

  test('O2: a row of an account stays small: the twenty-first case is refused', async () => {
    for (let index = 0; index < 20; index += 1) await ask({ caseId: `c${index}` });
    await expect(ask()).rejects.toMatchObject({ name: 'InvalidInputError' });
  });

  test('W6: two placed at once both hold', async () => {
    await Promise.all([ask({ caseId: 'a' }), ask({ caseId: 'b' })]);
    expect((await list()).holds.map(({ caseId }) => caseId).toSorted()).toEqual(['a', 'b']);
  });

  test('U5: a walk that failed goes on by resume, and is shown', async () => {
    const { operationId } = await ask();
    const operation = await showOperation(mail.world.ports, operationId);
    expect(operation).toMatchObject({ verb: 'hold-account', state: 'running', user: USER });
    mail.world.workflows.setStatus('hold-account', `${operationId}-1`, 'failed');
    const resumed = await resumeOperation(mail.world.ports, operationId, Infinity);
    expect(resumed).toMatchObject({ attempt: 2 });
  });
});
