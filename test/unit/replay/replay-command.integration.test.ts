/** The command line of the replay, as somebody would call it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const COMMAND = join(import.meta.dirname, '..', '..', 'replay', 'replay.ts');

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-replay-command-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

const replay = (...words: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [COMMAND, ...words], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });

function file(name: string, content: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const scenario = (id: string, ...steps: object[]) => ({ id, settings: {}, steps });

const APPEND = { do: 'append', mailbox: 'INBOX', message: 'm', expect: { uid: 1 } };

test('carries out files and directories, a line each, and fails when one of them fails', async () => {
  const folder = join(directory, 'some');
  mkdirSync(join(folder, 'below'), { recursive: true });
  file('some/a.json', scenario('a', APPEND));
  file('some/b.json', scenario('b', { ...APPEND, expect: { uid: 2 } }));
  file('some/below/c.json', { ...scenario('c'), needs: ['wings'] });
  file('some/other.json', { name: 'something else' });
  file('some/notes.txt', 'no JSON');
  const bucket = { id: 's', source: { storage: 's3' }, steps: [{ do: 'versions' }] };
  const { code, stdout, stderr } = await replay(folder, file('s.json', bucket));
  expect(stdout.split('\n')).toEqual([
    'ok    a',
    'FAIL  b: step 1 (append): uid: expected 2, got 1',
    'skip  c: needs wings',
    `skip  ${join(folder, 'other.json')}: it is no scenario: it has no steps`,
    'ok    s',
    '2 passed, 1 failed, 2 skipped',
    '',
  ]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
});

test('ends with 0 when none fails, and prints nothing but its lines when functions log', async () => {
  const broken = { lazyExpunge: { mode: 'mailbox', name: '.EXPUNGED' } };
  const path = file('d.json', {
    ...scenario(
      'd',
      APPEND,
      { do: 'breakExpungeStorage' },
      { do: 'pop3Session', delete: [1], quit: true, expect: { error: 'serverRefused' } },
    ),
    settings: broken,
  });
  expect(await replay('--target', 'memory', path)).toEqual({
    code: 0,
    stdout: 'ok    d\n1 passed, 0 failed, 0 skipped\n',
    stderr: '',
  });
});

describe('O2: wrong usage ends with 64 and names what is wrong', () => {
  test.each<[string, () => string[], RegExp]>([
    ['no file', () => [], /^no file or directory is named\nusage: /],
    ['no such file', () => ['no-such.json'], /^ScenarioError: no-such\.json: ENOENT/],
    ['no JSON', () => [file('x.json', '{')], /^ScenarioError: .*x\.json: .*JSON/],
    [
      'no scenario',
      () => [file('y.json', { id: 'y', steps: [{ label: 'z' }] })],
      /^ScenarioError: .*y\.json: .*\n.*at steps\[0\]\.do/,
    ],
    ['a directory without any', () => [mkdtempSync(join(directory, 'empty-'))], /no scenarios/],
    [
      'a target',
      () => ['--target', 'moon', directory],
      /^--target: got "moon", allowed are memory/,
    ],
    ['an instance for the models', () => ['-d', directory, directory], /^--directory: .*embedded/],
    ['an option', () => ['--fast', directory], /'--fast'.*\nusage: /s],
  ])('%s', async (_, words, message) => {
    const { code, stdout, stderr } = await replay(...words());
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('and --help tells what is right', async () => {
    const { code, stdout } = await replay('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^usage: npm run --silent replay -- /);
    for (const word of ['--target', '--directory', 'Exit codes']) expect(stdout).toContain(word);
  });
});
