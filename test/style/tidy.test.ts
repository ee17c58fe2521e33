import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import { describe, expect, test } from 'vitest';

const LINES_MAX = 300;

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && file !== 'package-lock.json');
const code = files.filter((file) => /\.(ts|mjs|cjs)$/.test(file));

const read = (file: string): string => readFileSync(file, 'utf8');

/**
 * Beginnings of the SHA-256 of labels that are hosts of package registries, so that not even this
 * file has to name one.
 */
const REGISTRIES: ReadonlySet<string> = new Set([
  '08d54e49cb09e297',
  'a4aa2ac280bb8d1a',
  '2960ad205cb64ff3',
  '57f4f2e8349b7bfb',
]);

/** Names in a text of which one label, or two that follow each other, have a known digest. */
function hostsAmong(text: string, known: ReadonlySet<string>): string[] {
  return [...new Set(text.match(/[a-z0-9-]+(?:\.[a-z0-9-]+)*/gi))].filter((name) => {
    const labels = name.toLowerCase().split('.');
    const runs = labels.flatMap((label, at) => [label, labels.slice(at, at + 2).join('.')]);
    return runs.some((run) => known.has(digest(run)));
  });
}

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16);

describe('the rooms are small and tidy', () => {
  test(`no code file has more than ${LINES_MAX} lines`, () => {
    const large = code.filter((file) => read(file).split('\n').length > LINES_MAX + 1);
    expect(large).toEqual([]);
  });

  test('files are named in kebab case and no folder is a drawer for everything', () => {
    const names = code.flatMap((file) => file.split('/'));
    const odd = names.filter((name) => !/^[a-z0-9.-]+$/.test(name));
    expect(odd).toEqual([]);
    expect(names.filter((name) => /^(utils?|helpers?|common)(\.ts)?$/.test(name))).toEqual([]);
  });

  test('nothing names the machine it was written on or a registry host', () => {
    // Built from parts, so that this file does not match itself.
    const banned = [['', 'wo' + 'rk', 'main'].join('/'), '..' + '/shared'];
    const found = files
      .filter((file) => !/\.(png|ico)$/.test(file))
      .flatMap((file) => [
        ...banned.filter((word) => read(file).includes(word)).map((word) => `${file}: ${word}`),
        ...hostsAmong(read(file), REGISTRIES).map((host) => `${file}: ${host}`),
      ]);
    expect(found).toEqual([]);
  });

  test('names are found by their labels, alone and in pairs, whatever their case', () => {
    const known = new Set(['b', 'c.d'].map(digest));
    expect(hostsAmong('https://A.B.org/x and c.d, not d.c', known)).toEqual(['A.B.org', 'c.d']);
  });

  test('every law that a test cites is listed', () => {
    const listed = new Set(read('docs/laws.md').match(/(?<=^- )[A-Z]\d+(?=\. )/gm));
    const titles = files
      .filter((file) => file.endsWith('.test.ts'))
      .flatMap((file) => [...read(file).matchAll(/['"`]((?:[ABFLORUWX]\d+, )*[ABFLORUWX]\d+): /g)])
      .flatMap(([, laws = '']) => laws.split(', '));
    expect(titles.length).toBeGreaterThan(100);
    expect([...new Set(titles)].filter((law) => !listed.has(law))).toEqual([]);
  });

  test('code is free of notes to self', () => {
    const notes = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`);
    expect(code.filter((file) => notes.test(read(file)))).toEqual([]);
  });
});

describe('imports point one way', () => {
  test('the check of imports sees every module', async () => {
    const roots = ['functions', 'cdk', 'cli', 'local'];
    const result = await cruise(roots, { doNotFollow: { path: 'node_modules' } });
    const output = result.output;
    if (typeof output === 'string') throw new Error('expected a result object');
    const seen = new Set(output.modules.map(({ source }) => source));
    const expected = code.filter((file) => roots.includes(file.split('/')[0] ?? ''));
    expect(expected.length).toBeGreaterThan(60);
    expect(expected.filter((file) => !seen.has(file))).toEqual([]);
  });

  test('layers of the core have an order, and none imports from one that comes after it', async () => {
    const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs');
    const baseDir = mkdtempSync(join(tmpdir(), 'lethe-core-order-'));
    const put = (file: string, text: string): void => {
      mkdirSync(join(baseDir, dirname(file)), { recursive: true });
      writeFileSync(join(baseDir, file), text);
    };
    put('functions/core/ports/clock.ts', "import '../erasure/plan.ts';\nimport '../drawer/x.ts';");
    put('functions/core/erasure/plan.ts', "import '../rows/paging.ts';");
    put('functions/core/rows/paging.ts', 'export {};');
    put('functions/core/drawer/x.ts', 'export {};');
    put('functions/core/accounts/create-account.ts', "import '../mailboxes/create-mailbox.ts';");
    put('functions/core/mailboxes/create-mailbox.ts', "import '../accounts/create-account.ts';");
    const result = await cruise(['functions'], { baseDir, validate: true, ruleSet: { forbidden } });
    rmSync(baseDir, { recursive: true });
    if (typeof result.output === 'string') throw new Error('expected a result object');
    const found = result.output.summary.violations.map(({ rule }) => rule.name);
    expect(found).toEqual(
      expect.arrayContaining([
        'core-ports-imports-downwards',
        'core-folder-has-a-place',
        'core-mailboxes-imports-no-higher-file',
      ]),
    );
    expect(
      found.filter((name) => /^core-(erasure|rows|provisioning|accounts)-/.test(name)),
    ).toEqual([]);
  });
});

describe('what the documents name is there', () => {
  test('paths of files and folders', () => {
    const at = ['', 'functions/', 'docs/', 'docs/decisions/'];
    const gone = files
      .filter((file) => /^(README|docs\/[a-z-]+)\.md$/.test(file))
      .flatMap((file) =>
        [
          ...read(file).matchAll(
            /`((?:functions|core|adapters|cdk|cli|test|local|docs|bench)\/[\w./-]+)`/g,
          ),
        ]
          .map(([, path = '']) => path)
          .filter((path) => !at.some((prefix) => existsSync(prefix + path)))
          .map((path) => `${file}: ${path}`),
      );
    expect(gone).toEqual([]);
  });
});
