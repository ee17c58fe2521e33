import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import { encodePosition, positionIn } from '../../../../functions/core/queries/walk-position.ts';
import { ADMIN, FolderDoors, JOHN } from '../../handlers/folder-doors.ts';

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
  await doors.make('A', 'B');
  for (const path of ['A', 'A', 'A', 'B', 'B']) await doors.deliver(path);
});

const send = (verb: string, body: object, base = ADMIN) =>
  doors.ask(`POST ${base}/messages/${verb}`, { body });

const idOf = (path: string): string =>
  String(
    doors.world.rows
      .rows('dictmap')
      .find(({ attributes }) => attributes['type'] === 'mailbox' && attributes['path'] === path)
      ?.attributes['mailboxId'],
  );

const at = (path: string, uid: number) =>
  encodePosition(positionIn({ path, mailboxId: idOf(path) }, uid));

const QUERY = { or: [{ mailbox: 'A' }, { mailbox: 'B' }], all: true };

describe('O3: what takes longer than one request goes on where the last answer says', () => {
  test('O3: a search goes on in the mailbox, and with those behind it', async () => {
    const { body } = await send('search', { query: QUERY, cursor: at('A', 2) });
    expect(body).toMatchObject({
      items: [
        { mailbox: 'A', uid: 3 },
        { mailbox: 'B', uid: 1 },
        { mailbox: 'B', uid: 2 },
      ],
      complete: true,
    });
  });

  test('O3: an expunge by query goes on there, and leaves what is before', async () => {
    const { body } = await send('expunge', { query: QUERY, cursor: at('B', 1) });
    expect(body).toMatchObject({ expunged: [{ mailbox: 'B', uid: 2 }], complete: true });
  });

  test('O3: a copy by query goes on there: nothing is copied twice', async () => {
    await doors.make('C');
    const { body } = await send('copy-by-query', { query: QUERY, to: 'C', cursor: at('A', 3) });
    expect(body).toMatchObject({ done: [{ uid: 1 }, { uid: 2 }], complete: true });
  });

  test('O3: EXPUNGE goes on behind a UID; a mailbox that is older than the notes is read', async () => {
    const flags = { mailbox: 'A', uids: [1, 3], add: { flags: ['\\Deleted'] } };
    await send('flags', flags);
    await doors.world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(idOf('A')),
      guard: { row: 'present' },
      change: { unset: ['topBucket'] },
    });
    const { body } = await send('expunge', { mailbox: 'A', cursor: at('A', 1) }, JOHN);
    expect(body).toMatchObject({ expunged: [{ mailbox: 'A', uid: 3 }], complete: true });
  });

  test.each(['x', at.name, Buffer.from('[1,2,3]').toString('base64url')])(
    'O2: %s is no cursor, and nothing is done',
    async (cursor) => {
      const { status } = await send('expunge', { query: QUERY, cursor });
      expect(status).toBe(400);
      expect((await send('search', { query: QUERY })).body).toMatchObject({ count: 5 });
    },
  );

  test('O2: a cursor of another mailbox is refused', async () => {
    const { status } = await send('expunge', { mailbox: 'A', cursor: at('B', 1) }, JOHN);
    expect(status).toBe(400);
  });
});
