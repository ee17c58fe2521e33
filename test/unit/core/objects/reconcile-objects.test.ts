import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys, type RowKey } from '../../../../functions/contract/row-layout.ts';
import { reconcileObjects } from '../../../../functions/core/objects/reconcile-objects.ts';
import {
  BLOB_ROW,
  LINK,
  MAILBOX,
  MESSAGE,
  OBJECT_KEY,
  OPAQUE_KEY,
  OPAQUE_ROW,
  SmallStore,
} from './reconciled-rows.ts';

let store: SmallStore;
beforeEach(async () => {
  store = await SmallStore.make();
});

const reconcile = (key: RowKey) => reconcileObjects(store, key);

describe('a message that was never copied', () => {
  test('X2: expunged, its bytes are hidden, and S3 has the clock', async () => {
    await store.message('expunged', { expiresAt: store.inDays(30) });
    expect(await reconcile(MESSAGE)).toBe('marked');
    expect(store.under(OBJECT_KEY)).toBe('mv');
    expect(await store.rows.get(MESSAGE)).toBeDefined();
  });

  test('X5: a second record prolongs nothing: the marker is the first one', async () => {
    await store.message('expunged');
    await reconcile(MESSAGE);
    const before = store.objects.versions();
    expect(await reconcile(MESSAGE)).toBe('nothing');
    expect(store.objects.versions()).toEqual(before);
  });

  test('X5: expunged after its bytes are gone, no marker is left on their key', async () => {
    await store.message('expunged');
    await store.objects.removeVersions([{ key: OBJECT_KEY, versionId: store.versionId }]);
    expect(await reconcile(MESSAGE)).toBe('nothing');
    expect(store.under(OBJECT_KEY)).toBe('');
  });

  test('purging, its bytes go, and then the row', async () => {
    await store.message('purging');
    expect(await reconcile(MESSAGE)).toBe('removed');
    expect(store.under(OBJECT_KEY)).toBe('');
    expect(await store.rows.get(MESSAGE)).toBeUndefined();
  });

  test('purging after it was expunged, the marker stays for lifecycle to remove', async () => {
    await store.message('expunged');
    await reconcile(MESSAGE);
    await store.message('purging');
    expect(await reconcile(MESSAGE)).toBe('removed');
    expect(store.under(OBJECT_KEY)).toBe('m');
  });

  test('purging bytes that a PUT with a lost answer stored twice, the other copy is hidden', async () => {
    const { versionId } = store.objects.addVersion(OBJECT_KEY, Buffer.from('mail'));
    await store.message('purging', { versionId });
    expect(await reconcile(MESSAGE)).toBe('removed');
    expect(store.under(OBJECT_KEY)).toBe('mv');
  });

  test.each(['live', 'moved', 'ended', 'of a later release'])(
    'W1: %s, nothing happens',
    async (state) => {
      await store.message(state);
      const before = await store.everything();
      expect(await reconcile(MESSAGE)).toBe('nothing');
      expect(await store.everything()).toEqual(before);
    },
  );

  test('W5: a row that is missing causes nothing', async () => {
    const before = await store.everything();
    for (const key of [MESSAGE, BLOB_ROW, OPAQUE_ROW]) expect(await reconcile(key)).toBe('nothing');
    expect(await store.everything()).toEqual(before);
  });
});

describe('a message that was copied: the blob row alone decides', () => {
  test('B1: its own expunged row does nothing', async () => {
    await store.message('expunged', { copied: true });
    expect(await reconcile(MESSAGE)).toBe('nothing');
    expect(store.under(OBJECT_KEY)).toBe('v');
  });

  test('W5: a purging row of it is damage: reported, and nothing goes', async () => {
    await store.message('purging', { copied: true });
    await expect(reconcile(MESSAGE)).rejects.toThrow(/purging, although it was copied/);
    expect(store.under(OBJECT_KEY)).toBe('v');
    expect(await store.rows.get(MESSAGE)).toBeDefined();
  });

  test('W1: one live link keeps the bytes as they are', async () => {
    await store.blob({ live: new Set([LINK]), expunged: { other: store.inDays(-1), third: 0 } });
    expect(await reconcile(BLOB_ROW)).toBe('nothing');
    expect(store.under(OBJECT_KEY)).toBe('v');
  });

  test.each([
    ['one that has not expired', 1],
    ['one that never does', 0],
  ])('W1: among expunged links %s keeps the bytes behind a marker', async (_, days) => {
    const end = days === 0 ? 0 : store.inDays(days);
    await store.blob({ expunged: { [LINK]: store.inDays(-1), other: end } });
    expect(await reconcile(BLOB_ROW)).toBe('marked');
    expect(store.under(OBJECT_KEY)).toBe('mv');
    expect((await store.rows.get(BLOB_ROW))?.attributes['state']).toBe('live');
  });

  test.each([
    ['no link is left', {}],
    ['all have expired', { expunged: { [LINK]: Date.parse('2026-11-22T00:00:00Z') } }],
  ])('B1: when %s the bytes go, and then the row', async (_, links) => {
    await store.blob({ ...links, ttl: 1 });
    expect(await reconcile(BLOB_ROW)).toBe('removed');
    expect(store.under(OBJECT_KEY)).toBe('');
    expect(await store.rows.get(BLOB_ROW)).toBeUndefined();
  });

  test('W4: a change that comes between reading and deciding wins, and is then followed', async () => {
    await store.blob({ expunged: { [LINK]: store.inDays(-1) } });
    const get = store.rows.get.bind(store.rows);
    let between = 1;
    const rows = Object.assign(Object.create(store.rows) as typeof store.rows, {
      get: async (key: RowKey) => {
        const row = await get(key);
        if (between-- > 0) {
          await store.rows.write({
            kind: 'update',
            key,
            guard: { row: 'present' },
            change: { set: { revision: 4, expunged: { [LINK]: store.inDays(5) } } },
          });
        }
        return row;
      },
      write: store.rows.write.bind(store.rows),
      transact: store.rows.transact.bind(store.rows),
    });
    expect(await reconcileObjects({ ...store, rows }, BLOB_ROW)).toBe('marked');
    expect(store.under(OBJECT_KEY)).toBe('mv');
  });

  test('O3: one that is changed again and again is left for later', async () => {
    await store.blob();
    const rows = Object.assign(Object.create(store.rows) as typeof store.rows, {
      get: store.rows.get.bind(store.rows),
      write: async () => ({ outcome: 'refused', refusals: [{ index: 0, row: {} }] }),
    });
    const fault = { name: 'StoreBusyError' };
    await expect(reconcileObjects({ ...store, rows }, BLOB_ROW)).rejects.toMatchObject(fault);
    expect(store.under(OBJECT_KEY)).toBe('v');
  });
});

describe('an object that was replaced', () => {
  test('its bytes go, and then the row', async () => {
    await store.opaque();
    expect(await reconcile(OPAQUE_ROW)).toBe('removed');
    expect(store.under(OPAQUE_KEY)).toBe('');
    expect(await store.rows.get(OPAQUE_ROW)).toBeUndefined();
  });

  test('without a version in its row, it is hidden for lifecycle to remove', async () => {
    const key = await store.opaque();
    const { versionId: _, ...older } = (await store.rows.get(key))?.attributes ?? {};
    await store.row(key, older);
    expect(await reconcile(OPAQUE_ROW)).toBe('removed');
    expect(store.under(OPAQUE_KEY)).toBe('mv');
  });

  test('W1: the row of the present object of a name is none of them', async () => {
    const current = dictmapKeys.object('aa11', 'index', 'purging#d00d');
    await store.row(current, { state: 'purging', kind: 'index', objectId: 'd00d' });
    const before = await store.everything();
    expect(await reconcile(current)).toBe('nothing');
    expect(await store.everything()).toEqual(before);
  });
});

describe('W5: what cannot be understood is reported and kept', () => {
  test.each([
    ['class', 7],
    ['class', 'r30/0/aa11/mail'],
    ['class', '..'],
    ['blobId', 'not hex'],
    ['versionId', 1],
    ['state', 3],
  ])('a message with %s %j', async (name, value) => {
    await store.message('purging', { [name]: value });
    const before = await store.everything();
    await expect(reconcile(MESSAGE)).rejects.toThrow(TypeError);
    expect(await store.everything()).toEqual(before);
  });

  test.each([
    ['blobId', 'c0ffee0'],
    ['live', { not: 'a set' }],
    ['expunged', { link: 'soon' }],
    ['revision', '3'],
    ['state', 'gone'],
  ])('a blob with %s %j', async (name, value) => {
    await store.blob({ [name]: value });
    const before = await store.everything();
    await expect(reconcile(BLOB_ROW)).rejects.toThrow(TypeError);
    expect(await store.everything()).toEqual(before);
  });

  test('an opaque object whose row says other than its key', async () => {
    await store.opaque({ objectId: 'beef' });
    await expect(reconcile(OPAQUE_ROW)).rejects.toThrow(TypeError);
    expect(store.under(OPAQUE_KEY)).toBe('v');
  });

  test.each([`mailbox#${MAILBOX}`, 'mailbox#nodot#0', 'blobs#', 'mailbox##0'])(
    'a row in the partition %s',
    async (pk) => {
      const key = { table: 'dictmap', pk, sk: '0000000001' } as const;
      await store.row(key, { state: 'purging', blobId: 'c0ffee', class: 'r30', versionId: 'v' });
      await expect(reconcile(key)).rejects.toThrow(TypeError);
    },
  );

  test('rows of other kinds with such a state are none of its business', async () => {
    for (const sk of [`mailbox#${MAILBOX}`, 'tree#1', 'path#INBOX']) {
      const key = { table: 'dictmap', pk: 'account#aa11', sk } as const;
      await store.row(key, { state: 'purging' });
      expect(await reconcile(key)).toBe('nothing');
    }
  });
});

describe('what S3 refuses', () => {
  test.each([
    ['AccessDenied', 'ObjectBlockedError'],
    ['SlowDown', 'StoreBusyError'],
  ])('W5: %s to a removal is a %s, and the row stays', async (code, name) => {
    await store.message('purging');
    store.objects.failKey(OBJECT_KEY, code, 1);
    await expect(reconcile(MESSAGE)).rejects.toMatchObject({ name });
    expect(await store.rows.get(MESSAGE)).toBeDefined();
    expect(await reconcile(MESSAGE)).toBe('removed');
  });

  test('a marker that is refused is a fault', async () => {
    await store.message('expunged');
    store.objects.failKey(OBJECT_KEY, 'AccessDenied', 1);
    await expect(reconcile(MESSAGE)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await reconcile(MESSAGE)).toBe('marked');
  });
});
