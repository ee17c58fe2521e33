import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT_ROOT } from '../../local/project-paths.ts';
import { fakeProgram, temporaryDirectory } from './temporary-directory.ts';

const LOCKED = { version: '1.0.0', integrity: 'sha512-a' };

/** A project with one package and one for another platform, and an npm that does as told. */
function project(npm: string): { root: string; run: () => { status: number; said: string } } {
  const root = temporaryDirectory();
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeLock(root, { '': {}, 'node_modules/a': LOCKED, 'node_modules/b': { optional: true } });
  fakeProgram(bin, 'npm', `echo "$@" >> ${join(root, 'calls')}\n${npm}`);
  const run = () => {
    const script = join(PROJECT_ROOT, 'local', 'setup.mjs');
    const result = spawnSync(process.execPath, [script, '--root', root], {
      encoding: 'utf8',
      env: { PATH: bin },
    });
    expect(result.stdout).toBe('');
    return { status: result.status ?? -1, said: result.stderr };
  };
  return { root, run };
}

function writeLock(root: string, packages: object): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
}

function calls(root: string): string[] {
  const file = join(root, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

test('packages are installed when missing, and not again', () => {
  const { root, run } = project('/bin/mkdir -p node_modules');
  const first = run();
  expect(first).toMatchObject({ status: 0 });
  expect(first.said).toMatch(/Installing the packages/);
  expect(run()).toStrictEqual({ status: 0, said: '' });
  expect(calls(root)).toStrictEqual([expect.stringMatching(/^ci /)]);
});

test('packages are installed again when package-lock.json has changed', () => {
  const { root, run } = project('/bin/mkdir -p node_modules');
  run();
  writeLock(root, { '': {}, 'node_modules/a': { ...LOCKED, version: '2.0.0' } });
  run();
  expect(calls(root)).toHaveLength(2);
});

test.each([
  ['kept', LOCKED, 0],
  ['replaced', { ...LOCKED, integrity: 'sha512-b' }, 1],
])('a tree that npm install made is %s by what npm recorded', (_what, installed, installs) => {
  const { root, run } = project('');
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(
    join(root, 'node_modules', '.package-lock.json'),
    JSON.stringify({ packages: { 'node_modules/a': installed } }),
  );
  expect(run()).toMatchObject({ status: 0 });
  expect(calls(root)).toHaveLength(installs);
});

test.each([
  ['npm error code ENOTFOUND', /registry could not be reached.*\n {2}Fix: check the network/],
  ['npm error code EUSAGE', /do not belong together.*\n {2}Fix: restore both files/],
  ['npm error code ENOSPC', /disk is full/],
  ['npm error something new', /npm ci ended with 1.*\n {2}Fix: see the messages above/],
])('when npm says "%s", so does setup, with the fix', (line, expected) => {
  const { run } = project(`echo "${line}" >&2; exit 1`);
  const { status, said } = run();
  expect(status).toBe(1);
  expect(said).toMatch(expected);
});

test('without npm the fix is to install it', () => {
  const { root, run } = project('');
  spawnSync('rm', [join(root, 'bin', 'npm')]);
  expect(run()).toMatchObject({ status: 1, said: expect.stringMatching(/install Node .* npm/) });
});

test('an installation that failed is begun anew the next time, and leaves no lock', () => {
  const { root, run } = project('exit 1');
  run();
  expect(existsSync(join(root, '.lethe', 'setup.lock'))).toBe(false);
  run();
  expect(calls(root)).toHaveLength(2);
});

/** A shell remembers where it found a program; the project's own Node is there after the setup. */
test.each(['demo', 'local', 'replay', 'bench'])(
  'npm run %s goes on with the Node that was installed',
  (name) => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const root = temporaryDirectory();
    const [own, machines] = [join(root, 'own'), join(root, 'machines')];
    for (const directory of [own, machines]) mkdirSync(directory);
    fakeProgram(own, 'installed', 'echo "own $1"');
    fakeProgram(machines, 'node', `echo "machine's $1"; /bin/cp ${own}/installed ${own}/node`);
    const path = [own, machines, '/usr/bin', '/bin'].join(':');
    const ran = spawnSync('/bin/sh', ['-c', scripts[name] ?? ''], {
      encoding: 'utf8',
      env: { PATH: path },
    });
    expect(ran.stdout.trim().split('\n')).toEqual([
      "machine's local/setup.mjs",
      expect.stringMatching(/^own \S+\.ts$/),
    ]);
  },
);
