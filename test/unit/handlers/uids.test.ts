/** UIDs that clients give, and the last of them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { UID_MAX, UID_STEP_MAX } from '../../../functions/contract/limits.ts';
import { findAccount } from '../../../functions/core/accounts/accounts.ts';
import { changeUids } from '../../../functions/core/mailboxes/mailbox-uids.ts';
import { findMailbox } from '../../../functions/core/mailboxes/mailboxes.ts';
import { expectProblem } from './doors.ts';
import { ADMIN, ANNA, FolderDoors, JOHN } from './folder-doors.ts';

let doors: FolderDoors;
beforeEach(async () => {
  doors = await FolderDoors.open();
});

const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
const deliver = (messages: readonly object[], query = '', mailbox = 'INBOX') =>
  doors.ask(`POST ${JOHN}/messages?${query}`, { body: { mailbox, messages } });
const patch = (body: object, query = '', base = JOHN) =>
  doors.ask(`PATCH ${base}/mailboxes?${query}`, { body: { path: 'INBOX', ...body } });

/** As if all UIDs before it had been given. */
async function raise(path: string, uidNext: number): Promise<void> {
  const { ports } = doors.world;
  const account = await findAccount(ports.rows, 'john@x.org');
  if (account === undefined) throw new Error('john is gone');
  const mailbox = await findMailbox(ports.rows, account, path);
  const { mailboxId = '' } = mailbox ?? {};
  const changed = await changeUids(ports, account, mailboxId, { uidNext }, ports.clock.now() + 1);
  expect(changed.uidNext).toBe(uidNext);
}

describe('who may set UIDs', () => {
  beforeEach(async () => {
    const body = { mailbox: 'INBOX', identifier: 'anna@x.org', rights: 'lrik' };
    expect((await doors.ask(`PUT ${JOHN}/mailboxes/acl`, { body })).status).toBe(200);
  });

  test('W1: not another user, whatever may be inserted', async () => {
    const before = doors.world.rows.rows();
    const create = { path: 'INBOX/x', uidValidity: 7 };
    for (const answer of [
      await patch({ uidNext: 10 }, ANNA),
      await patch({ uidValidity: 10 }, ANNA),
      await deliver([{ raw, uid: 10 }], ANNA),
      await doors.ask(`POST ${JOHN}/mailboxes?${ANNA}`, { body: create }),
    ]) {
      expectProblem(answer, 403, 'urn:lethe:permission-denied');
    }
    expect(doors.world.rows.rows()).toEqual(before);
    expect((await deliver([{ raw }], ANNA)).body['uids']).toEqual([1]);
  });

  test('W1: the owner and administrators may', async () => {
    expect((await patch({ uidNext: 10 })).body).toMatchObject({ uidNext: 10 });
    expect((await patch({ uidNext: 20 }, '', ADMIN)).body).toMatchObject({ uidNext: 20 });
    expect((await deliver([{ raw, uid: 30 }])).body['uids']).toEqual([30]);
  });
});

describe('by how much', () => {
  test('W1: one request raises UIDNEXT by a step, sixteen of them use all up', async () => {
    const before = doors.world.rows.rows();
    expectProblem(await patch({ uidNext: UID_STEP_MAX + 2 }), 400, 'urn:lethe:invalid-input', [
      'uidNext',
    ]);
    expectProblem(await deliver([{ raw, uid: UID_STEP_MAX + 1 }]), 400, 'urn:lethe:invalid-input', [
      'messages',
    ]);
    expect(doors.world.rows.rows()).toEqual(before);
    expect(doors.world.objects.versions()).toEqual([]);
    expect((await deliver([{ raw, uid: UID_STEP_MAX }])).body['uids']).toEqual([UID_STEP_MAX]);
    let [uidNext, steps] = [UID_STEP_MAX + 1, 1];
    while (uidNext < UID_MAX + 1) {
      uidNext = Math.min(uidNext + UID_STEP_MAX, UID_MAX + 1);
      expect((await patch({ uidNext })).body).toMatchObject({ uidNext });
      steps += 1;
    }
    expect(steps).toBe(16);
  });
});

describe('the last UID', () => {
  test('W1: is given, and can be listed, fetched, copied and moved away', async () => {
    await raise('INBOX', UID_MAX);
    expect((await deliver([{ raw }])).body['uids']).toEqual([UID_MAX]);
    const list = await doors.ask(`GET ${JOHN}/messages?cursor=${UID_MAX - 1}`);
    expect(list.body['items']).toMatchObject([{ uid: UID_MAX }]);
    expect((await doors.ask(`GET ${JOHN}/messages/${UID_MAX}`)).status).toBe(200);
    await doors.make('A');
    const body = { from: 'INBOX', uids: [UID_MAX], to: 'A' };
    for (const verb of ['copy', 'move']) {
      expect((await doors.ask(`POST ${JOHN}/messages/${verb}`, { body })).body).toMatchObject({
        uids: [UID_MAX],
      });
    }
  });

  test('W1, O2: after it deliveries, copies and moves are refused, and nothing is written', async () => {
    await doors.make('A');
    expect((await deliver([{ raw }, { raw }], '', 'A')).status).toBe(201);
    await raise('INBOX', UID_MAX);
    const before = doors.world.rows.rows();
    const objects = doors.world.objects.versions();
    const body = { from: 'A', uids: [1, 2], to: 'INBOX' };
    for (const answer of [
      await deliver([{ raw }, { raw }]),
      await doors.ask(`POST ${JOHN}/messages/copy`, { body }),
      await doors.ask(`POST ${JOHN}/messages/move`, { body }),
    ]) {
      const { detail } = expectProblem(answer, 409, 'urn:lethe:uids-exhausted');
      expect(detail).toContain('Make another mailbox');
    }
    expect(doors.world.rows.rows()).toEqual(before);
    expect(doors.world.objects.versions()).toEqual(objects);
  });

  test('W2: what takes several transactions is refused before the first', async () => {
    await doors.make('A');
    for (let n = 0; n < 2; n += 1) {
      await deliver(
        Array.from({ length: 75 }, () => ({ raw })),
        '',
        'A',
      );
    }
    await raise('INBOX', UID_MAX - 100);
    const before = doors.world.rows.rows();
    const uids = Array.from({ length: 150 }, (_, index) => index + 1);
    for (const verb of ['copy', 'move']) {
      const body = { from: 'A', uids, to: 'INBOX' };
      const answer = await doors.ask(`POST ${JOHN}/messages/${verb}`, { body });
      expectProblem(answer, 409, 'urn:lethe:uids-exhausted');
    }
    expect(doors.world.rows.rows()).toEqual(before);
  });

  test('W2: of the expunge storage stops expunges, and the mail stays', async () => {
    doors.settings = { lazyExpunge: '.EXPUNGED' };
    expect((await deliver([{ raw }, { raw }])).status).toBe(201);
    const expunge = (uid: number) =>
      doors.ask(`POST ${JOHN}/messages/expunge`, { body: { mailbox: 'INBOX', uids: [uid] } });
    expect((await expunge(1)).status).toBe(200);
    await raise('.EXPUNGED', UID_MAX + 1);
    expect((await expunge(2)).status).toBeGreaterThanOrEqual(400);
    const list = await doors.ask(`GET ${JOHN}/messages`);
    expect(list.body['items']).toMatchObject([{ uid: 2 }]);
  });
});
