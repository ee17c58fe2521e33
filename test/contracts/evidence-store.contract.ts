import { beforeAll, describe, expect, test } from 'vitest';
import type { EvidenceStore } from '../../functions/core/ports/evidence-store.ts';

/** The port, and what a test needs besides it. */
interface TestedEvidenceStore {
  readonly store: EvidenceStore;
  /** Tries to remove what was saved for good, as someone with every permission would. */
  remove(name: string): Promise<void>;
}

interface EvidenceContractOptions {
  /** False for stages that lock nothing. */
  readonly locks?: boolean;
  /** The time the store goes by; this machine's when missing. */
  readonly nowMs?: () => number;
}

const DAY_MS = 86_400_000;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every evidence store must do. */
export function evidenceStoreContract(
  name: string,
  makeStore: () => Promise<TestedEvidenceStore>,
  options: EvidenceContractOptions = {},
): void {
  const { locks = true, nowMs = Date.now } = options;
  describe(`evidence store: ${name}`, () => {
    let tested: TestedEvidenceStore | undefined;
    beforeAll(async () => {
      tested = await makeStore();
    });
    const under = (): TestedEvidenceStore => {
      if (tested === undefined) throw new Error('the store was not made');
      return tested;
    };
    const tomorrow = (): number => nowMs() + DAY_MS;

    test('U7: what was saved is read byte for byte', async () => {
      const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 256);
      expect(await under().store.read('certificates/1.json')).toBeUndefined();
      expect(await under().store.save('certificates/1.json', bytes, tomorrow())).toBe('saved');
      expect(Buffer.from((await under().store.read('certificates/1.json')) ?? [])).toEqual(
        Buffer.from(bytes),
      );
    });

    test('U7: what was saved cannot be overwritten', async () => {
      const { store } = under();
      expect(await store.save('certificates/2.json', bytesOf('true'), tomorrow())).toBe('saved');
      expect(await store.save('certificates/2.json', bytesOf('false'), tomorrow())).toBe('exists');
      expect(await store.save('certificates/2.json', bytesOf('true'), tomorrow())).toBe('exists');
      expect(await store.read('certificates/2.json')).toEqual(bytesOf('true'));
    });

    test('U5: of ten that save one name at the same time exactly one does', async () => {
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          under().store.save('certificates/3.json', bytesOf(String(i)), tomorrow()),
        ),
      );
      const winners = results.flatMap((result, i) => (result === 'saved' ? [i] : []));
      expect(winners).toHaveLength(1);
      const read = await under().store.read('certificates/3.json');
      expect(read).toEqual(bytesOf(String(winners[0])));
    });

    if (!locks) return;
    test('U7: what was saved under a lock cannot be removed before its time', async () => {
      await under().store.save('certificates/4.json', bytesOf('kept'), tomorrow());
      await expect(under().remove('certificates/4.json')).rejects.toThrow();
      expect(await under().store.read('certificates/4.json')).toEqual(bytesOf('kept'));
    });
  });
}
