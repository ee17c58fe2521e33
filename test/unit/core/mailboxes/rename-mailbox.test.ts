import { beforeEach, describe, expect, test } from 'vitest';
import { ADMIN } from '../../../../functions/core/accounts/actor.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { interrupted } from '../interrupted.ts';
import { RenameDesk, SECOND, USER } from './rename-desk.ts';

let desk: RenameDesk;

beforeEach(async () => {
  desk = await RenameDesk.make();
});

describe('renaming', () => {
  test('children move along; UIDs, UIDVALIDITY and messages stay', async () => {
    await desk.create('Work', 'Work/a', 'Work/a/b', 'Workshop');
    await deliverMessages(
      desk.world.ports,
      { user: USER, mailbox: 'Work', messages: [{ raw: Buffer.from('x') }] },
      desk.world.clock.now() + SECOND,
    );
    const before = await desk.box('Work');
    const { mailboxId, uidValidity } = await desk.rename('Work', 'Old/Work');
    expect(await desk.paths()).toEqual([
      'INBOX',
      'Old/Work',
      'Old/Work/a',
      'Old/Work/a/b',
      'Workshop',
    ]);
    expect({ mailboxId, uidValidity }).toEqual({
      mailboxId: before.mailboxId,
      uidValidity: before.uidValidity,
    });
    expect(await desk.box('Old/Work')).toMatchObject({ messages: 1, uidNext: 2 });
    await desk.expectNamesAgree();
  });

  test('a mailbox made anew under the old name has another UIDVALIDITY', async () => {
    await desk.create('Work');
    const { uidValidity } = await desk.rename('Work', 'Old');
    await desk.create('Work');
    expect((await desk.box('Work')).uidValidity).toBeGreaterThan(uidValidity);
  });

  test('A2: the clock starts anew, under the policy of the new name', async () => {
    desk.settings = {
      mailboxes: {
        Trash: { autoexpunge: { maxMails: 9 } },
        'Trash/*': { autoexpunge: { afterSeconds: 60 } },
      },
    };
    await desk.create('Old');
    await deliverMessages(
      desk.world.ports,
      { user: USER, mailbox: 'Old', messages: [{ raw: Buffer.from('x') }] },
      desk.world.clock.now() + SECOND,
    );
    desk.world.clock.advance(100 * SECOND);
    await desk.rename('Old', 'Trash/Old');
    expect(await desk.box('Trash/Old')).toMatchObject({
      renamedAt: desk.world.clock.now(),
      autoexpungeAfterSeconds: 60,
      dueSk: '2026-11-22T00:02:40.000Z',
    });
    await desk.rename('Trash/Old', 'Old');
    const back = await desk.box('Old');
    expect(back).not.toHaveProperty('autoexpungeAfterSeconds');
    expect(back).not.toHaveProperty('dueSk');
  });

  test.each([
    ['Missing', 'New', 'UnknownMailboxError'],
    ['Work', 'INBOX', 'MailboxExistsError'],
    ['Work', 'Work', 'MailboxExistsError'],
    ['Work', 'Taken', 'MailboxExistsError'],
    ['Work', 'Work/a/b', 'NotAllowedError'],
    ['INBOX', 'New', 'NotAllowedError'],
    ['Placeholder', 'New', 'UnknownMailboxError'],
    ['Work', `${'x'.repeat(798)}/y`, 'InvalidInputError'],
  ])('O2: %s to %s: %s, and nothing changes', async (from, to, name) => {
    await desk.create('Work', `Work/${'y'.repeat(10)}`, 'Taken', 'Placeholder/x');
    const before = desk.world.rows.rows();
    await expect(desk.rename(from, to)).rejects.toMatchObject({ name });
    await expect(desk.rename(from, to, { actor: ADMIN })).rejects.toMatchObject({ name });
    expect(desk.world.rows.rows()).toEqual(before);
  });

  test('a name that a child would get must be free as well', async () => {
    await desk.create('Work', 'Work/a', 'New/a');
    await expect(desk.rename('Work', 'New')).rejects.toMatchObject({
      name: 'MailboxExistsError',
      message: 'there is already a mailbox "New/a"',
    });
    expect(await desk.paths()).toEqual(['INBOX', 'New/a', 'Work', 'Work/a']);
  });

  test('mail that is delivered meanwhile is neither lost nor missed by autoexpunge', async () => {
    desk.settings = { mailboxes: { New: { autoexpunge: { afterSeconds: 60 } } } };
    await desk.create('Work');
    const deliver = () =>
      deliverMessages(
        desk.world.ports,
        { user: USER, mailbox: 'Work', messages: [{ raw: Buffer.from('x') }] },
        desk.world.clock.now() + SECOND,
      );
    await desk.rename('Work', 'New', {
      ports: { ...desk.world.ports, rows: interrupted(desk.world.rows, deliver) },
    });
    expect(await desk.box('New')).toMatchObject({
      messages: 1,
      dueSk: expect.stringMatching(/^2026/),
    });
  });
});
