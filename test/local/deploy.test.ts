import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashSources } from '../../local/deploy.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('what is deployed again is what was changed: contents, names, presence, and nothing else', () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, 'functions', 'core'), { recursive: true });
  const file = join(root, 'functions', 'core', 'a.ts');
  writeFileSync(file, 'one');
  writeFileSync(join(root, 'cdk.json'), '{}');
  const seen = [hashSources(root)];
  writeFileSync(join(root, 'README.md'), 'not a source');
  expect(hashSources(root)).toBe(seen[0]);
  for (const change of [
    () => writeFileSync(file, 'two'),
    () => writeFileSync(join(root, 'functions', 'b.ts'), ''),
    () => writeFileSync(join(root, 'cdk.json'), '{"app":""}'),
    () => rmSync(file),
  ]) {
    change();
    expect(seen).not.toContain(hashSources(root));
    seen.push(hashSources(root));
  }
});
