/** Directories that are removed when the tests of a file are over. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

/** For the top of a file of tests. */
export function useTemporaryDirectories(): void {
  afterAll(async () => {
    for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
  });
}

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'lethe-test-'));
  made.push(directory);
  return directory;
}
