import { beforeEach, describe, expect, test } from 'vitest';
import { requestBulk } from '../../functions/core/bulk/request-bulk.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { changeFlags } from '../../functions/core/messages/change-flags.ts';
import { showOperation } from '../../functions/core/operations/operation-answer.ts';
import { resumeOperation } from '../../functions/core/operations/run-operation.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { BulkAccount, STORAGE, USER } from './bulk-account.ts';

const OLD = { mailbox: 'Trash', savedBefore: { secondsAgo: 90_000 } };
const BY_ANNA = { verb: 'expunge-messages', requestedBy: 'anna' } as const;
const REQUEST = { user: USER, query: OLD };

const NONE = new Set<string>();
const UNMARKED = { flags: NONE, keywords: NONE };

let mail: BulkAccount;

beforeEach(async () => {
  mail = await new BulkAccount().furnish();
});

/** An execution that the API has started. */
const started = () => mail.world.workflows.starts().at(-1);

describe('expunge-messages', () => {
  test('L9: savedBefore takes what was saved earlier, through lazy expunge', async () => {
    const run = await mail.run('expunge-messages', REQUEST);
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: {
        outcome: 'done',
        expected: { mailboxes: 1, messages: 10 },
        counts: { messages: 10, bytes: expect.any(Number) },
      },
    });
    expect(await mail.show('Trash')).toEqual(['t31', 't32', 't33', 't34', 't35']);
    expect(await mail.show(STORAGE)).toHaveLength(10);
    expect(await mail.show('Keep')).toEqual(['t12', 't23']);
  });

  test('L9: savedSince takes the newest; patterns and wildcards name mailboxes', async () => {
    const query = { mailbox: '*', savedSince: { secondsAgo: 90_000 } };
    await mail.run('expunge-messages', { user: USER, query });
    expect(await mail.show('Trash')).toHaveLength(10);
    expect(await mail.show('INBOX')).toEqual(['i1', 'i2']);
    expect(await mail.show('Keep')).toEqual([]);
  });

  test('W5, L9: a name that looks like a pattern means one mailbox, in every branch and step', async () => {
    await createMailbox(mail.world.ports, await mail.account(), 'T%');
    await mail.deliver('T%', 'a', 'b');
    const query = {
      or: [
        { mailbox: 'T%', all: true as const },
        { mailbox: 'Trash', subject: 't31' },
      ],
    };
    await mail.run('expunge-messages', { user: USER, query });
    expect(await mail.show('T%')).toEqual([]);
    expect(await mail.show('Trash')).toHaveLength(14);
  });

  test('W2, L2: a pattern means no storage of settings of before', async () => {
    const before = await new BulkAccount({ lazyExpunge: '.OLD/' }).furnish();
    await before.run('expunge-messages', { user: USER, query: { mailbox: 'Trash' } });
    before.set({ lazyExpunge: '.NEW/' });
    await before.run(
      'expunge-messages',
      { user: USER, query: { mailbox: '*' } },
      { execution: 'b' },
    );
    expect(await before.show('.OLD/Trash')).toHaveLength(15);
    expect(await before.show('INBOX')).toEqual([]);
    const named = { user: USER, query: { mailbox: '.OLD/*' } };
    await before.run('expunge-messages', named, { execution: 'c' });
    expect(await before.show('.OLD/Trash')).toEqual([]);
  });

  test('W1, W8: a message that gets a flag meanwhile is looked at again', async () => {
    const trash = await mail.box('Trash');
    const flags = { add: { flags: new Set(['\\Flagged']), keywords: NONE }, remove: UNMARKED };
    const { rows } = mail.world;
    const transact = rows.transact.bind(rows);
    let isOnce = false;
    rows.transact = async (writes) => {
      const isExpunge = writes.some(
        (write) => write.kind === 'update' && write.change.set?.['state'] === 'expunged',
      );
      if (isExpunge && !isOnce) {
        isOnce = true;
        await changeFlags(mail.world.ports, trash, [1], flags);
      }
      return await transact(writes);
    };
    const query = { mailbox: 'Trash', not: { flag: '\\Flagged' } };
    await mail.run('expunge-messages', { user: USER, query });
    expect(isOnce).toBe(true);
    expect(await mail.show('Trash')).toEqual(['t11']);
  });

  test('O1: a dry run counts, and changes no mail', async () => {
    const before = mail.world.rows.rows('dictmap');
    const run = await mail.run('expunge-messages', { ...REQUEST, dryRun: true });
    expect(run.output).toMatchObject({ dryRun: true, expected: { messages: 10 }, counts: {} });
    expect(mail.world.rows.rows('dictmap')).toEqual(before);
  });

  test('O1: the record says who, how much and in which step; what was looked for goes', async () => {
    await mail.run('expunge-messages', REQUEST, { execution: 'by-anna' });
    const [operation] = mail.operations();
    expect(operation).toMatchObject({
      verb: 'expunge-messages',
      state: 'succeeded',
      requestedBy: 'execution by-anna',
      messages: 10,
    });
    expect(
      JSON.stringify(
        mail.world.rows.rows('registry').filter(({ key }) => key.pk.startsWith('operation#')),
      ),
    ).not.toMatch(/john|savedBefore/);
  });

  test('W1: what arrives after it has begun stays', async () => {
    const operation = await requestBulk(
      mail.world.ports,
      { ...BY_ANNA, input: { user: USER, query: { mailbox: 'Trash' } } },
      mail.until(),
    );
    expect(started()).toMatchObject({
      verb: 'expunge-messages',
      name: `${operation.operationId}-1`,
    });
    const input = started()?.input as object;
    const options = { execution: `${operation.operationId}-1`, invocationMs: -1 };
    let delivered = false;
    const run = await mail.run('expunge-messages', input, {
      ...options,
      onStep: async (token, call) => {
        if (token !== 'ExpungeMessagesFunctionArn' || call < 3 || delivered) return;
        delivered = true;
        await mail.deliver('Trash', 'late');
      },
    });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 15 } } });
    expect(await mail.show('Trash')).toEqual(['late']);
    const shown = await showOperation(mail.world.ports, operation.operationId);
    expect(shown).toMatchObject({ verb: 'expunge-messages', counts: { messages: 15 } });
  });

  test('W1: what arrives after it has begun stays, though a second delivery plans late', async () => {
    const { ports, clock, rows } = mail.world;
    const asked = { user: USER, query: { mailbox: 'Trash' } };
    const begun = await requestBulk(ports, { ...BY_ANNA, input: asked }, mail.until());
    const operation = { ...begun, attempt: 1 };
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const waiting = {
      get: rows.get.bind(rows),
      write: rows.write.bind(rows),
      transact: rows.transact.bind(rows),
      removeAll: rows.removeAll.bind(rows),
      query: async (query: Parameters<typeof rows.query>[0]) => {
        await gate;
        return await rows.query(query);
      },
    };
    const late = mail.step(operation, { ...ports, rows: waiting }, clock.now() + 1000);
    expect(await mail.step(operation, ports, 0)).toMatchObject({ outcome: 'again' });
    await mail.deliver('Trash', 'late');
    goOn();
    await late.catch(() => undefined);
    expect(await mail.step(operation, ports, mail.until())).toMatchObject({ outcome: 'done' });
    expect(await mail.show('Trash')).toEqual(['late']);
  });

  test('W6: a hold stops it, and resume goes on when it is released', async () => {
    const { operationId } = await requestBulk(
      mail.world.ports,
      { ...BY_ANNA, input: { user: USER, query: { mailbox: '*' } } },
      mail.until(),
    );
    const run = await mail.run('expunge-messages', started()?.input as object, {
      execution: `${operationId}-1`,
      invocationMs: -1,
      onStep: async (token, call) => {
        // After counting and one mailbox.
        if (token === 'ExpungeMessagesFunctionArn' && call === 7) await mail.hold(true);
      },
    });
    expect(run).toMatchObject({ status: 'FAILED', error: 'AccountHeldError' });
    const held = await showOperation(mail.world.ports, operationId);
    expect(held).toMatchObject({ state: 'failed', error: { name: 'AccountHeldError' } });
    expect(held.counts['messages']).toBeLessThan(20);
    mail.world.workflows.setStatus('expunge-messages', `${operationId}-1`, 'failed');
    await mail.hold(false);
    await resumeOperation(mail.world.ports, operationId, mail.until());
    const again = await mail.run('expunge-messages', started()?.input as object, {
      execution: `${operationId}-2`,
    });
    expect(again).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 20 } } });
    expect(await mail.show('INBOX')).toEqual([]);
  });

  test.each([
    [{ query: OLD }, 'InvalidInputError'],
    [{ user: USER }, 'InvalidInputError'],
    [{ user: USER, query: { savedBefore: { secondsAgo: 1 } } }, 'QueryLacksMailboxError'],
    [{ user: USER, query: { mailbox: '*', colour: 'red' } }, 'InvalidQueryError'],
    [{ user: 'nobody@example.org', query: OLD }, 'UnknownUserError'],
    [{ ...REQUEST, to: 'INBOX' }, 'InvalidInputError'],
    [{ operationId: 'op-none' }, 'UnknownOperationError'],
  ])('O2: %j is refused and changes nothing', async (input, error) => {
    const before = mail.world.rows.rows();
    expect(await mail.run('expunge-messages', input)).toMatchObject({ status: 'FAILED', error });
    expect(mail.world.rows.rows()).toEqual(before);
  });

  test('O2: a mailbox that is named and not there is said on the operation', async () => {
    const query = { mailbox: 'Nowhere' };
    const run = await mail.run('expunge-messages', { user: USER, query });
    expect(run).toMatchObject({ status: 'FAILED', error: 'UnknownMailboxError' });
    expect(mail.operations()).toMatchObject([{ state: 'failed', step: 'Find mailboxes' }]);
  });

  test.each(['inTurn', 'atOnce'] as const)('W3: steps delivered twice, %s', async (twice) => {
    const run = await mail.run('expunge-messages', REQUEST, { twice });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 10 } } });
    expect(await mail.show(STORAGE)).toHaveLength(10);
    expect(mail.operations()).toHaveLength(1);
  });

  test.each(CRASH_POINTS)('W3: a crash %s any change: same mail, same counts', async (point) => {
    const { changes } = await mail.run('expunge-messages', REQUEST);
    const clean = [await mail.show('Trash'), await mail.show(STORAGE)];
    expect(changes).toBeGreaterThan(6);
    for (let call = 1; call <= changes; call += 1) {
      mail = await new BulkAccount().furnish();
      const run = await mail.run('expunge-messages', REQUEST, { crash: { call, point } });
      expect(run).toMatchObject({ crashed: true, output: { counts: { messages: 10 } } });
      expect([call, await mail.show('Trash'), await mail.show(STORAGE)]).toEqual([call, ...clean]);
      expect(mail.operations()).toMatchObject([{ state: 'succeeded' }]);
    }
  });
});
