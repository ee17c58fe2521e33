/** The quota, where mail comes back out of an expunge storage. */
import { beforeEach, expect, test } from 'vitest';
import { ADMIN, FolderDoors, JOHN } from './folder-doors.ts';

/** Of each message. */
const BYTES = 15;

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
  doors.settings = { lazyExpunge: '.EXPUNGED', quotaBytes: 3 * BYTES };
  await doors.make('Work');
  for (const mailbox of ['Work', 'Work', 'INBOX']) {
    expect((await doors.deliver(mailbox)).status).toBe(201);
  }
  const body = { mailbox: 'Work', uids: [1, 2] };
  expect((await doors.ask(`POST ${JOHN}/messages/expunge`, { body })).status).toBe(200);
});

const restore = (more: object = {}) =>
  doors.ask(`POST ${ADMIN}/messages/restore`, { body: { query: {}, ...more } });
const usedBytes = async () => (await doors.ask(`GET ${JOHN}/quota`)).body['bytes'];

test.each([{}, { to: 'INBOX' }])(
  'L7: out of a storage that counts all comes back, and no byte more is used: %j',
  async (more) => {
    expect(await usedBytes()).toBe(3 * BYTES);
    const { status, body, text } = await restore(more);
    expect(status, text).toBe(200);
    expect(body['restored']).toHaveLength(2);
    expect(body['overQuota']).toBeUndefined();
    expect(await usedBytes()).toBe(3 * BYTES);
  },
);

test('L7: what the storage keeps besides is a byte more', async () => {
  const { status, body } = await restore({ keep: true });
  expect([status, body['type']]).toEqual([409, 'urn:lethe:quota-exceeded']);
  expect(await usedBytes()).toBe(3 * BYTES);
});

test('L7: out of a storage that is exempt it has to fit', async () => {
  doors.settings = { ...doors.settings, quotaExempt: ['.EXPUNGED'], quotaBytes: 2 * BYTES };
  const { status, body } = await restore();
  expect([status, body['type']]).toEqual([409, 'urn:lethe:quota-exceeded']);
  expect(await usedBytes()).toBe(BYTES);
});
