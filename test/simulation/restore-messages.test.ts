import { beforeEach, describe, expect, test } from 'vitest';
import { CRASH_POINTS } from '../models/faulty.ts';
import { BulkAccount, STORAGE, USER } from './bulk-account.ts';

const DAY_SECONDS = 86_400;
const QUERY = { origin: 'Trash', expungedSince: { secondsAgo: DAY_SECONDS } };
const REQUEST = { user: USER, query: QUERY };

let mail: BulkAccount;

/** Trash emptied two days ago and today, INBOX today. */
async function emptied(quotaBytes?: number, quotaExempt = [STORAGE]): Promise<BulkAccount> {
  const settings = quotaBytes === undefined ? {} : { quotaBytes, quotaExempt };
  const made = await new BulkAccount(settings).furnish();
  await made.expunge('Trash', 1, 2, 3, 4, 5);
  made.world.clock.advance(2 * DAY_SECONDS * 1000);
  await made.expunge('Trash', 6, 7, 8, 9, 10, 11, 12);
  await made.expunge('INBOX', 1);
  return made;
}

beforeEach(async () => {
  mail = await emptied();
});

describe('restore-messages', () => {
  test('L3: by origin and time of expunge, to where it came from', async () => {
    const run = await mail.run('restore-messages', REQUEST);
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { expected: { messages: 7 }, counts: { messages: 7 } },
    });
    expect(await mail.show('Trash')).toHaveLength(10);
    expect(await mail.show(STORAGE)).toHaveLength(6);
    expect(await mail.show('INBOX')).toEqual(['i2', 'i3']);
  });

  test('L3: to a mailbox that is named; one that is not there is an error', async () => {
    await mail.run('restore-messages', { ...REQUEST, to: 'Keep' });
    expect(await mail.show('Keep')).toHaveLength(9);
    const nowhere = await mail.run(
      'restore-messages',
      { ...REQUEST, to: 'No' },
      { execution: 'b' },
    );
    expect(nowhere).toMatchObject({ status: 'FAILED', error: 'UnknownMailboxError' });
    const storage = { ...REQUEST, to: STORAGE };
    const refused = await mail.run('restore-messages', storage, { execution: 'c' });
    expect(refused).toMatchObject({ status: 'FAILED', error: 'NotAllowedError' });
  });

  test('O1: a dry run counts, and changes no mail', async () => {
    const before = mail.world.rows.rows('dictmap');
    const run = await mail.run('restore-messages', { ...REQUEST, dryRun: true });
    expect(run.output).toMatchObject({ dryRun: true, expected: { messages: 7 }, counts: {} });
    expect(mail.world.rows.rows('dictmap')).toEqual(before);
  });

  test('L7: not over quota, unless an administrator says so', async () => {
    mail = await emptied(700);
    const refused = await mail.run('restore-messages', REQUEST);
    expect(refused).toMatchObject({ status: 'FAILED', error: 'QuotaExceededError' });
    expect(await mail.show('Trash')).toHaveLength(3);
    const over = { ...REQUEST, overQuota: true };
    const run = await mail.run('restore-messages', over, { execution: 'second' });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 7 } } });
  });

  test('L7: out of a storage that counts, no byte more is used', async () => {
    mail = await emptied(1, []);
    const run = await mail.run('restore-messages', REQUEST);
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 7 } } });
  });

  test('W6: a hold stops it before, and between reading and writing; nothing ends', async () => {
    const before = await mail.show(STORAGE);
    const late = await mail.run('restore-messages', REQUEST, {
      invocationMs: -1,
      onStep: async (token, call) => {
        if (token === 'RestoreMessagesFunctionArn' && call === 4) await mail.hold(true);
      },
    });
    expect(late).toMatchObject({ status: 'FAILED', error: 'AccountHeldError' });
    expect(await mail.show(STORAGE)).toEqual(before);
    const held = await mail.run('restore-messages', REQUEST, { execution: 'second' });
    expect(held).toMatchObject({ status: 'FAILED', error: 'AccountHeldError' });
    await mail.hold(false);
    const run = await mail.run('restore-messages', REQUEST, { execution: 'third' });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 7 } } });
  });

  test.each(['inTurn', 'atOnce'] as const)('W3: steps delivered twice, %s', async (twice) => {
    const run = await mail.run('restore-messages', REQUEST, { twice });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: { counts: { messages: 7 } } });
    expect(await mail.show('Trash')).toHaveLength(10);
    expect(await mail.show(STORAGE)).toHaveLength(6);
  });

  test.each(CRASH_POINTS)('W3: a crash %s any change: same mail, same counts', async (point) => {
    const { changes } = await mail.run('restore-messages', REQUEST);
    const clean = [(await mail.show('Trash')).toSorted(), await mail.show(STORAGE)];
    for (let call = 1; call <= changes; call += 1) {
      mail = await emptied();
      const run = await mail.run('restore-messages', REQUEST, { crash: { call, point } });
      expect(run).toMatchObject({ crashed: true, output: { counts: { messages: 7 } } });
      const end = [(await mail.show('Trash')).toSorted(), await mail.show(STORAGE)];
      expect([call, ...end]).toEqual([call, ...clean]);
    }
  });
});
