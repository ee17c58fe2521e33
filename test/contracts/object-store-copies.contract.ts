import { describe, expect, test } from 'vitest';
import { allPages, type TestedObjectStore } from './tested-object-store.ts';

let made = 0;
/** A prefix that no other test uses: the tests of a run share their bucket. */
function freshPrefix(): string {
  made += 1;
  return `contract-copies/${made}/`;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What never passes through the caller: copies within the bucket. */
export function copyContract(under: () => TestedObjectStore): void {
  describe('copies', () => {
    test('W1: take the bytes of the very version that is named, and leave the source', async () => {
      const [from, to] = [`${freshPrefix()}a é+%20#/x`, `${freshPrefix()}b`];
      const body = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256);
      const first = await under().store.put(from, body);
      await under().addVersion(from, bytesOf('later'));
      const copied = await under().store.copy({ key: from, ...first }, to);
      const read = await under().store.get(to);
      expect(read?.versionId).toBe(copied?.versionId);
      expect(Buffer.from(read?.body ?? []).equals(body)).toBe(true);
      expect((await under().store.get(from))?.body).toEqual(bytesOf('later'));
    });

    test('W1: one that comes again writes nothing, and answers the version that is there', async () => {
      if (!under().copiesOnce) return;
      const prefix = freshPrefix();
      const from = { key: `${prefix}a`, ...(await under().store.put(`${prefix}a`, bytesOf('x'))) };
      const first = await under().store.copy(from, `${prefix}b`);
      expect(await under().store.copy(from, `${prefix}b`)).toEqual(first);
      const list = (after?: string) => under().store.listVersions(prefix, after);
      expect((await allPages(list)).entries).toHaveLength(2);
    });

    test('X1: of what is gone there are none', async () => {
      const [from, to] = [`${freshPrefix()}a`, `${freshPrefix()}b`];
      const gone = await under().store.put(from, bytesOf('x'));
      await under().store.removeVersions([{ key: from, ...gone }]);
      expect(await under().store.copy({ key: from, ...gone }, to)).toBeUndefined();
      expect(await under().store.get(to)).toBeUndefined();
    });
  });
}

/** Writing without credentials, by a URL that was signed for it. */
export function presignedContract(under: () => TestedObjectStore): void {
  describe('presigned URLs', () => {
    test('take the bytes of whoever has them', async () => {
      const key = `${freshPrefix()}a`;
      const put = await under().store.presignPut(key, 4, 60);
      expect(await under().send(put, bytesOf('mail'))).toBe(true);
      expect((await under().store.get(key))?.body).toEqual(bytesOf('mail'));
    });

    test('W1: give the bytes of the very version that they were made for', async () => {
      const key = `${freshPrefix()}a é+%20#`;
      const body = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) % 256);
      const first = await under().store.put(key, body);
      await under().addVersion(key, bytesOf('later'));
      const opened = await under().open(await under().store.presignGet({ key, ...first }, 60));
      expect(Buffer.from(opened ?? []).equals(body)).toBe(true);
    });

    test('X1: lead to nothing when it is gone', async () => {
      const key = `${freshPrefix()}a`;
      const version = { key, ...(await under().store.put(key, bytesOf('mail'))) };
      const url = await under().store.presignGet(version, 60);
      await under().store.removeVersions([version]);
      expect(await under().open(url)).toBeUndefined();
    });

    test('O2: take no other number of bytes than they were made for', async () => {
      const key = `${freshPrefix()}a`;
      const put = await under().store.presignPut(key, 4, 60);
      const headers = { ...put.headers, 'content-length': '5' };
      expect(await under().send({ ...put, headers }, bytesOf('mail2'))).toBe(false);
      expect(await under().store.get(key)).toBeUndefined();
    });
  });
}
