import { describe, expect, test } from 'vitest';
import { allPages, type TestedObjectStore } from './tested-object-store.ts';

let made = 0;
/** A prefix that no other test uses: the tests of a run share their bucket. */
function freshPrefix(): string {
  made += 1;
  return `contract-markers/${made}/`;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Delete markers that are placed on a condition. */
export function markerContract(under: () => TestedObjectStore): void {
  describe('delete markers', () => {
    test('W1: hide the current version and keep its bytes', async () => {
      const prefix = freshPrefix();
      const key = `${prefix}a é+%20#`;
      const version = await under().store.put(key, bytesOf('mail'));
      const neighbour = await under().store.put(`${key}b`, bytesOf('next'));
      expect(await under().store.placeMarker(key)).toBe(true);
      expect(await under().store.get(key)).toBeUndefined();
      expect((await under().store.get(key, version.versionId))?.body).toEqual(bytesOf('mail'));
      expect(await under().store.get(`${key}b`)).toEqual({ body: bytesOf('next'), ...neighbour });
      const { entries } = await allPages((after) => under().store.listVersions(prefix, after));
      expect(entries.map((one) => [one.key, one.deleteMarker, one.latest])).toEqual([
        [key, true, true],
        [key, false, false],
        [`${key}b`, false, true],
      ]);
    });

    test('X5: none on a key that never was, nor where the version has gone', async () => {
      const prefix = freshPrefix();
      expect(await under().store.placeMarker(`${prefix}never`)).toBe(false);
      const gone = {
        key: `${prefix}gone`,
        ...(await under().store.put(`${prefix}gone`, bytesOf('x'))),
      };
      await under().store.removeVersions([gone]);
      expect(await under().store.placeMarker(gone.key)).toBe(false);
      expect(await allPages((after) => under().store.listVersions(prefix, after))).toMatchObject({
        entries: [],
      });
    });

    test('X5: a second one is not placed, so that the clock of the first goes on', async () => {
      const prefix = freshPrefix();
      const key = `${prefix}a`;
      await under().store.put(key, bytesOf('mail'));
      expect(await under().store.placeMarker(key)).toBe(true);
      const once = await allPages((after) => under().store.listVersions(prefix, after));
      expect(await under().store.placeMarker(key)).toBe(false);
      expect(await allPages((after) => under().store.listVersions(prefix, after))).toMatchObject({
        entries: once.entries,
      });
    });

    test('X5: two that are placed at once are one', async () => {
      const prefix = freshPrefix();
      const key = `${prefix}a`;
      await under().store.put(key, bytesOf('mail'));
      const placed = await Promise.all(
        Array.from({ length: 8 }, () => under().store.placeMarker(key)),
      );
      expect(placed.filter((one) => one)).toHaveLength(1);
      expect(
        (await allPages((after) => under().store.listVersions(prefix, after))).entries,
      ).toHaveLength(2);
    });

    test('W6: versions and markers of one key are listed, the latest first, and no other key', async () => {
      const prefix = freshPrefix();
      const key = `${prefix}a`;
      const { versionId } = await under().store.put(key, bytesOf('mail'));
      await under().store.put(`${key}b`, bytesOf('next'));
      expect(await under().store.versionsOf(key)).toMatchObject([{ key, versionId, latest: true }]);
      await under().store.placeMarker(key);
      const [marker, version, ...others] = await under().store.versionsOf(key);
      expect(marker).toMatchObject({ key, deleteMarker: true, latest: true });
      expect(version).toMatchObject({ versionId, deleteMarker: false, latest: false });
      expect(others).toEqual([]);
      await under().store.removeVersions([{ key, versionId: marker?.versionId ?? '' }]);
      expect(await under().store.versionsOf(key)).toMatchObject([{ versionId, latest: true }]);
      expect((await under().store.get(key))?.body).toEqual(bytesOf('mail'));
      expect(await under().store.versionsOf(`${prefix}never`)).toEqual([]);
    });
  });
}
