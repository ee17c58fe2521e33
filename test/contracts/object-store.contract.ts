import { beforeAll, describe, expect, test } from 'vitest';
import { OBJECT_PAGE_KEYS } from '../../functions/contract/limits.ts';
import { wholePages } from '../../functions/core/erasure/whole-pages.ts';
import type { ListedVersion, ObjectVersion } from '../../functions/core/ports/object-store.ts';
import { copyContract, presignedContract } from './object-store-copies.contract.ts';
import { markerContract } from './object-store-markers.contract.ts';
import { allPages, type TestedObjectStore } from './tested-object-store.ts';

/** How many requests a test has under way at a time. */
const PARALLEL = 32;

let made = 0;
/** A prefix that no other test uses: the tests of a run share their bucket. */
function freshPrefix(): string {
  made += 1;
  return `contract/${made}/`;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function manyTimes(count: number, act: (i: number) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < count; start += PARALLEL) {
    const length = Math.min(PARALLEL, count - start);
    await Promise.all(Array.from({ length }, (_, i) => act(start + i)));
  }
}

/** What every object store must do. */
export function objectStoreContract(
  name: string,
  makeStore: () => Promise<TestedObjectStore>,
): void {
  describe(`object store: ${name}`, () => {
    let tested: TestedObjectStore | undefined;
    beforeAll(async () => {
      tested = await makeStore();
    });
    const under = (): TestedObjectStore => {
      if (tested === undefined) throw new Error('the store was not made');
      return tested;
    };
    objectContract(under);
    copyContract(under);
    presignedContract(under);
    markerContract(under);
    removalContract(under);
    listContract(under);
    uploadContract(under);
  });
}

function objectContract(under: () => TestedObjectStore): void {
  describe('objects', () => {
    test('W1: bytes come back as they were', async () => {
      const prefix = freshPrefix();
      const every = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
      for (const [i, body] of [bytesOf(''), bytesOf('x'), every].entries()) {
        const { versionId } = await under().store.put(`${prefix}${i}`, body);
        expect(versionId).not.toBe('');
        const read = await under().store.get(`${prefix}${i}`);
        expect(read?.versionId).toBe(versionId);
        expect(Buffer.from(read?.body ?? []).equals(Buffer.from(body))).toBe(true);
      }
    });

    test('W1: a put that comes again writes nothing, and answers the version that is there', async () => {
      const prefix = freshPrefix();
      const first = await under().store.put(`${prefix}a`, bytesOf('one'));
      expect(await under().store.put(`${prefix}a`, bytesOf('one'))).toEqual(first);
      await expect(under().store.put(`${prefix}a`, bytesOf('other'))).rejects.toThrow(Error);
      const { entries } = await allPages((after) => under().store.listVersions(prefix, after));
      expect(entries.map(({ versionId }) => versionId)).toEqual([first.versionId]);
      // Hidden, it is no object: the key takes one.
      await under().placeMarker(`${prefix}a`);
      const again = await under().store.put(`${prefix}a`, bytesOf('again'));
      expect(await under().store.get(`${prefix}a`)).toEqual({ body: bytesOf('again'), ...again });
    });

    test('W1: a second version keeps the first', async () => {
      const key = `${freshPrefix()}a`;
      const first = await under().store.put(key, bytesOf('one'));
      const second = await under().addVersion(key, bytesOf('two'));
      expect(first.versionId).not.toBe(second.versionId);
      expect(await under().store.get(key)).toEqual({ body: bytesOf('two'), ...second });
      expect(await under().store.get(key, first.versionId)).toEqual({
        body: bytesOf('one'),
        ...first,
      });
    });

    test('X6: keys differ by every byte', async () => {
      const prefix = freshPrefix();
      const keys = ['a', 'A', 'a#', 'a b', 'a+b', 'a%20b', 'é', 'e\u0301', '😀', 'a/', 'a//b'];
      for (const key of keys) await under().store.put(`${prefix}${key}`, bytesOf(key));
      for (const key of keys) {
        expect((await under().store.get(`${prefix}${key}`))?.body).toEqual(bytesOf(key));
      }
      const listed = await allPages((after) => under().store.listVersions(prefix, after));
      const expected = keys.map((key) => Buffer.from(`${prefix}${key}`)).sort(Buffer.compare);
      expect(listed.entries.map(({ key }) => key)).toEqual(expected.map(String));
    });

    test('X1: an absent key, a marker and a removed version have nothing to read', async () => {
      const key = `${freshPrefix()}a`;
      expect(await under().store.get(key)).toBeUndefined();
      const kept = await under().store.put(key, bytesOf('kept'));
      const removed = await under().addVersion(key, bytesOf('removed'));
      await under().store.removeVersions([{ key, ...removed }]);
      expect(await under().store.get(key, removed.versionId)).toBeUndefined();
      await under().placeMarker(key);
      expect(await under().store.get(key)).toBeUndefined();
      const list = (after?: string) => under().store.listVersions(key.slice(0, -1), after);
      const [marker] = (await allPages(list)).entries;
      expect(marker?.deleteMarker).toBe(true);
      expect(await under().store.get(key, marker?.versionId)).toBeUndefined();
      expect((await under().store.get(key, kept.versionId))?.body).toEqual(bytesOf('kept'));
    });
  });
}

function removalContract(under: () => TestedObjectStore): void {
  describe('removal', () => {
    test('X3: versions and markers go, absent ones count as removed', async () => {
      const prefix = freshPrefix();
      const neighbour = `${prefix.slice(0, -1)}0/a`;
      await under().store.put(neighbour, bytesOf('stays'));
      for (const key of ['a', 'a', 'b']) await under().addVersion(prefix + key, bytesOf(key));
      await under().placeMarker(`${prefix}a`);
      await under().placeMarker(`${prefix}never-there`);
      const list = (after?: string) => under().store.listVersions(prefix, after);
      const { entries } = await allPages(list);
      expect(entries).toHaveLength(5);
      expect(await under().store.removeVersions(entries)).toEqual([]);
      expect((await allPages(list)).entries).toEqual([]);
      // U5: again, as after a crash.
      expect(await under().store.removeVersions(entries)).toEqual([]);
      expect((await allPages(list)).entries).toEqual([]);
      expect((await under().store.get(neighbour))?.body).toEqual(bytesOf('stays'));
    });

    test('X5: removing a version leaves no marker and no other version changed', async () => {
      const key = `${freshPrefix()}a`;
      const first = await under().store.put(key, bytesOf('one'));
      const second = await under().addVersion(key, bytesOf('two'));
      expect(await under().store.removeVersions([{ key, ...second }])).toEqual([]);
      const list = (after?: string) => under().store.listVersions(key.slice(0, -1), after);
      const { entries } = await allPages(list);
      expect(entries).toEqual([{ key, ...first, deleteMarker: false, latest: true, sizeBytes: 3 }]);
      expect((await under().store.get(key))?.body).toEqual(bytesOf('one'));
    });

    test('O2: at most 1,000 at a time', async () => {
      const key = `${freshPrefix()}a`;
      const { versionId } = await under().store.put(key, bytesOf('x'));
      const tooMany = Array.from({ length: 1001 }, (): ObjectVersion => ({ key, versionId }));
      await expect(under().store.removeVersions(tooMany)).rejects.toThrow(RangeError);
      expect(await under().store.get(key)).toBeDefined();
      expect(await under().store.removeVersions([])).toEqual([]);
    });
  });
}

function listContract(under: () => TestedObjectStore): void {
  describe('lists of versions', () => {
    test('are by key, the latest first, with sizes', async () => {
      const prefix = freshPrefix();
      const one = await under().store.put(`${prefix}b`, bytesOf('1'));
      const two = await under().addVersion(`${prefix}b`, bytesOf('22'));
      const other = await under().store.put(`${prefix}a/deep/er`, bytesOf('333'));
      await under().placeMarker(`${prefix}c`);
      const list = (after?: string) => under().store.listVersions(prefix, after);
      const { entries } = await allPages(list);
      const version = { deleteMarker: false, latest: true };
      expect(entries).toEqual([
        { key: `${prefix}a/deep/er`, ...other, ...version, sizeBytes: 3 },
        { key: `${prefix}b`, ...two, ...version, sizeBytes: 2 },
        { key: `${prefix}b`, ...one, ...version, latest: false, sizeBytes: 1 },
        expect.objectContaining({
          key: `${prefix}c`,
          deleteMarker: true,
          latest: true,
          sizeBytes: 0,
        }),
      ]);
    });

    test('X3: 1,040 versions and markers are listed to the end, then removed page by page', async () => {
      const prefix = freshPrefix();
      await manyTimes(1000, (i) =>
        under().store.put(`${prefix}${String(i).padStart(4, '0')}`, bytesOf('x')),
      );
      // The boundary of the first page falls within the versions of one key.
      for (let i = 0; i < 30; i += 1) await under().addVersion(`${prefix}0990`, bytesOf(`v${i}`));
      for (let i = 0; i < 10; i += 1) await under().placeMarker(`${prefix}0990`);
      const list = (after?: string) => under().store.listVersions(prefix, after);
      const all = await allPages(list);
      expect(all.pages).toBeGreaterThan(1);
      expect(all.entries).toHaveLength(1040);
      const ids = new Set(all.entries.map(({ key, versionId }) => `${key} ${versionId}`));
      expect(ids.size).toBe(1040);
      expect(all.entries.filter(({ deleteMarker }) => deleteMarker)).toHaveLength(10);
      expect(all.entries.filter(({ latest }) => latest)).toHaveLength(1000);

      // A walk that removes keeps the end of a page until it has the next one: a cursor may skip
      // what is left of a key whose version it names, once that version is gone.
      const removed: ListedVersion[] = [];
      for await (const { entries } of wholePages(list)) {
        for (let start = 0; start < entries.length; start += OBJECT_PAGE_KEYS) {
          const batch = entries.slice(start, start + OBJECT_PAGE_KEYS);
          expect(await under().store.removeVersions(batch)).toEqual([]);
        }
        removed.push(...entries);
      }
      expect(removed).toEqual(all.entries);
      expect((await allPages(list)).entries).toEqual([]);
    });

    test('X3: a prefix ends in a slash, so that no other account is below it', async () => {
      const prefix = freshPrefix();
      await under().store.put(`${prefix}ab/x`, bytesOf('mine'));
      await under().store.put(`${prefix}abc/x`, bytesOf('not mine'));
      const list = (after?: string) => under().store.listVersions(`${prefix}ab/`, after);
      const { entries } = await allPages(list);
      expect(entries.map(({ key }) => key)).toEqual([`${prefix}ab/x`]);
      for (const wrong of [`${prefix}ab`, '', 'x/y']) {
        await expect(under().store.listVersions(wrong)).rejects.toThrow(RangeError);
        await expect(under().store.listUploads(wrong)).rejects.toThrow(RangeError);
      }
    });

    test('X3: the top of the bucket names every folder with a version or a marker', async () => {
      const folders = ['b', 'a', 'marker', 'gone'].map((name) => `contract-top-${name}`);
      const kept = await under().store.put(`${folders[0]}/x/y`, bytesOf('kept'));
      await under().store.put(`${folders[1]}/x`, bytesOf('hidden'));
      await under().placeMarker(`${folders[1]}/x`);
      await under().placeMarker(`${folders[2]}/x`);
      const gone = await under().store.put(`${folders[3]}/x`, bytesOf('gone'));
      await under().store.removeVersions([{ key: `${folders[3]}/x`, ...gone }]);
      const { entries } = await allPages((after) => under().store.listFolders(after));
      const own = entries.filter((name) => name.startsWith('contract-top-'));
      expect(own).toEqual(['a', 'b', 'marker'].map((name) => `contract-top-${name}`));
      expect((await under().store.get(`${folders[0]}/x/y`))?.versionId).toBe(kept.versionId);
    });

    test('O2: what is no cursor is refused, naming the field', async () => {
      const prefix = freshPrefix();
      const fault = { name: 'InvalidInputError', problems: [{ field: 'cursor' }] };
      for (const after of ['', 'x', '%%%', 'e30']) {
        await expect(under().store.listVersions(prefix, after)).rejects.toMatchObject(fault);
        await expect(under().store.listUploads(prefix, after)).rejects.toMatchObject(fault);
        await expect(under().store.listFolders(after)).rejects.toMatchObject(fault);
      }
    });
  });
}

function uploadContract(under: () => TestedObjectStore): void {
  describe('incomplete uploads', () => {
    test('X4: are listed below their prefix and ended, twice too', async () => {
      const prefix = freshPrefix();
      for (const key of ['b', 'a', 'a']) await under().startUpload(prefix + key);
      await under().startUpload(`${prefix.slice(0, -1)}0/a`);
      const list = (after?: string) => under().store.listUploads(prefix, after);
      const { entries } = await allPages(list);
      expect(entries.map(({ key }) => key)).toEqual(['a', 'a', 'b'].map((key) => prefix + key));
      expect(new Set(entries.map(({ uploadId }) => uploadId)).size).toBe(3);
      for (const upload of [...entries, ...entries]) await under().store.abortUpload(upload);
      expect((await allPages(list)).entries).toEqual([]);
      const besides = `${prefix.slice(0, -1)}0/`;
      const neighbour = await allPages((after) => under().store.listUploads(besides, after));
      expect(neighbour.entries).toHaveLength(1);
    });

    test('X4: 1,010 uploads are listed to the end, each once', async () => {
      const prefix = freshPrefix();
      await manyTimes(1000, (i) => under().startUpload(`${prefix}${String(i).padStart(4, '0')}`));
      // The boundary of the first page falls within the uploads of one key.
      await manyTimes(10, () => under().startUpload(`${prefix}0995`));
      const all = await allPages((after) => under().store.listUploads(prefix, after));
      expect(all.pages).toBeGreaterThan(1);
      expect(new Set(all.entries.map(({ uploadId }) => uploadId)).size).toBe(1010);
    });
  });
}
