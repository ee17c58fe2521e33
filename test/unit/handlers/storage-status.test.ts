import { expect, test } from 'vitest';
import { dictmapKeys, uidKey } from '../../../functions/contract/row-layout.ts';
import { ADMIN, FolderDoors, JOHN } from './folder-doors.ts';

/** As many more as make it too large to be counted. */
const MORE = 5001;

test('O3: STATUS of a storage is answered however large it is', async () => {
  const doors = await FolderDoors.open();
  await doors.ask(`PATCH ${ADMIN}/settings`, { body: { set: { lazyExpunge: '.EXPUNGED' } } });
  await doors.deliver('INBOX');
  await doors.ask(`POST ${JOHN}/messages/expunge`, { body: { mailbox: 'INBOX', uids: [1] } });
  const status = async () =>
    (await doors.ask(`GET ${ADMIN}/mailboxes/status?mailbox=.EXPUNGED`)).body;
  const small = await status();
  expect(small).toMatchObject({ messages: 1, unseen: 1 });

  const { rows } = doors.world;
  const [one] = rows.rows('dictmap').filter(({ attributes }) => attributes['state'] === 'expunged');
  const [count] = rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === 'expiry');
  if (one === undefined || count === undefined) throw new Error('nothing was expunged');
  const [, mailboxId = ''] = one.key.pk.split('#');
  for (let uid = 2; uid <= MORE + 1; uid += 1) {
    const attributes = { ...one.attributes, lazySk: uidKey(uid) };
    await rows.write({ kind: 'put', key: dictmapKeys.message(mailboxId, uid), attributes });
  }
  await rows.write({
    kind: 'update',
    key: count.key,
    guard: { row: 'present' },
    change: { add: { messages: MORE, bytes: MORE * Number(small['bytes']) } },
  });
  expect(await status()).toEqual({
    ...small,
    messages: MORE + 1,
    bytes: (MORE + 1) * Number(small['bytes']),
    unseen: undefined,
    estimated: true,
  });
});
