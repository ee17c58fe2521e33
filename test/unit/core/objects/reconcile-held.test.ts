import { beforeEach, describe, expect, test } from 'vitest';
import type { RowKey } from '../../../../functions/contract/row-layout.ts';
import { reconcileObjects } from '../../../../functions/core/objects/reconcile-objects.ts';
import { BLOB_ROW, LINK, MESSAGE, OBJECT_KEY, SmallStore } from './reconciled-rows.ts';

let store: SmallStore;
beforeEach(async () => {
  store = await SmallStore.make();
});

const reconcile = (key: RowKey) => reconcileObjects(store, key);

describe('what a hold protects', () => {
  test('W6: the marker of a protected message is lifted, and no new one is placed', async () => {
    await store.message('expunged', { expiresAt: store.inDays(1) });
    await reconcile(MESSAGE);
    await store.message('expunged', { protectedAt: 1 });
    expect(await reconcile(MESSAGE)).toBe('lifted');
    expect(store.under(OBJECT_KEY)).toBe('v');
    expect(await reconcile(MESSAGE)).toBe('nothing');
    expect(store.under(OBJECT_KEY)).toBe('v');
  });

  test('W6: of several markers none is left', async () => {
    await store.message('expunged', { protectedAt: 1 });
    store.objects.deleteMarker(OBJECT_KEY);
    store.objects.deleteMarker(OBJECT_KEY);
    expect(await reconcile(MESSAGE)).toBe('lifted');
    expect(store.under(OBJECT_KEY)).toBe('v');
  });

  test('W5, X5: where the bytes are gone nothing is touched', async () => {
    await store.message('expunged', { protectedAt: 1 });
    store.objects.deleteMarker(OBJECT_KEY);
    await store.objects.removeVersions([{ key: OBJECT_KEY, versionId: store.versionId }]);
    expect(await reconcile(MESSAGE)).toBe('nothing');
    expect(store.under(OBJECT_KEY)).toBe('m');
  });

  test('O3: S3 that refuses is tried again later', async () => {
    await store.message('expunged', { protectedAt: 1 });
    store.objects.deleteMarker(OBJECT_KEY);
    store.objects.failKey(OBJECT_KEY, 'SlowDown', 1);
    await expect(reconcile(MESSAGE)).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(await reconcile(MESSAGE)).toBe('lifted');
  });

  test('W6, B1: one protected link shows the bytes for all, and a live one needs nothing', async () => {
    const expunged = { [LINK]: 0, other: store.inDays(1) };
    await store.blob({ expunged });
    await reconcile(BLOB_ROW);
    await store.blob({ expunged, keptLinks: new Set([LINK]) });
    expect(await reconcile(BLOB_ROW)).toBe('lifted');
    expect(store.under(OBJECT_KEY)).toBe('v');
  });

  test('W6: what expired by the clock is not ended while the account is held', async () => {
    await store.account({ hold: { since: 1 } });
    await store.blob({ expunged: { [LINK]: store.inDays(-1) }, ttl: 1 });
    const before = await store.everything();
    expect(await reconcile(BLOB_ROW)).toBe('nothing');
    expect(await store.everything()).toEqual(before);
  });

  test('W5: nor while nobody can say whether it is held', async () => {
    await store.rows.removeAll([await store.account()]);
    await store.blob({ expunged: { [LINK]: store.inDays(-1) } });
    expect(await reconcile(BLOB_ROW)).toBe('nothing');
    expect(store.under(OBJECT_KEY)).toBe('v');
  });

  test('B1: what somebody has ended before the hold goes all the same', async () => {
    await store.account({ hold: { since: 1 } });
    await store.blob();
    expect(await reconcile(BLOB_ROW)).toBe('removed');
  });
});
