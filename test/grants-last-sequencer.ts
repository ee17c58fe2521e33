import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const DIRECTORY = join(import.meta.dirname, 'e2e');

/** Looks at what all the others did, so it comes after them. */
const LAST = 'used-grants.test.ts';

/** Vitest's own order, but the test of used grants last; tells it whether all others are there. */
export class GrantsLastSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLast = ({ moduleId }: TestSpecification) => moduleId === join(DIRECTORY, LAST);
    const last = sorted.filter(isLast);
    const named = new Set(sorted.map(({ moduleId }) => moduleId));
    const wholeSuite = readdirSync(DIRECTORY)
      .filter((name) => basename(name).endsWith('.test.ts'))
      .every((name) => named.has(join(DIRECTORY, name)));
    for (const { project } of last) project.provide('wholeSuite', wholeSuite);
    return [...sorted.filter((file) => !isLast(file)), ...last];
  }
}
