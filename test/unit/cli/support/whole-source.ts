/** Imports of sources of which it is known what was put in. */
import { expect } from 'vitest';
import { openSource } from '../../../../cli/import/open-source.ts';
import { type ImportReport, runImport } from '../../../../cli/import/run-import.ts';
import { type MemoryTarget, memoryTarget } from './memory-target.ts';

export interface PutIn {
  /** Bodies, sorted. */
  readonly stored: readonly string[];
  readonly leftOut: number;
  /** Whether something is there besides that is no mail. */
  readonly beside: boolean;
}

export async function importOnce(
  path: string,
  target: MemoryTarget,
  mode: 'import' | 'verify' = 'import',
): Promise<ImportReport> {
  const source = await openSource(path);
  try {
    const { signal } = new AbortController();
    return await runImport(source, target, { mode, signal, onProgress: () => {} });
  } finally {
    await source.close();
  }
}

export const storedIn = (target: MemoryTarget): string[] =>
  Object.values(target.bodies()).flat().sort();

/** Of an import into an empty account, of the same once more, and of a comparison. */
export async function checkImport(path: string, { stored, leftOut, beside }: PutIn): Promise<void> {
  const target = memoryTarget();
  const first = await importOnce(path, target);
  const again = await importOnce(path, target);
  const compared = await importOnce(path, target, 'verify');
  expect(storedIn(target)).toEqual(stored);
  const none = { missing: 0, skipped: leftOut, equal: leftOut === 0 };
  expect(first).toMatchObject({ ...none, stored: stored.length, present: 0 });
  expect(again).toMatchObject({ ...none, stored: 0, present: stored.length });
  expect(compared).toMatchObject({ ...none, stored: 0, present: stored.length });
  expect(first).not.toHaveProperty('failure');
  expect(first.problems).toHaveLength(leftOut);
  for (const { reason } of first.problems) expect(reason.length).toBeGreaterThan(5);
  expect(first.beside.length > 0).toBe(beside);
}
