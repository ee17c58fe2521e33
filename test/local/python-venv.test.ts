import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LocalEnvironmentError } from '../../local/local-environment-error.ts';
import { ensurePythonVenv } from '../../local/python-venv.ts';
import { fakeProgram, temporaryDirectory } from './temporary-directory.ts';

/** A Python of a version that makes environments whose pip runs the given script. */
function fakePython(bin: string, name: string, version: string, pip: string, hasVenv = true): void {
  const environmentPython = `#!/bin/sh\n${pip}`;
  const source = join(bin, 'environment-python');
  writeFileSync(source, environmentPython, { mode: 0o755 });
  fakeProgram(
    bin,
    name,
    `case "$2" in
  *version_info*) echo "${version}" ;;
  *ensurepip*) exit ${hasVenv ? 0 : 1} ;;
  venv) /bin/mkdir -p "$3/bin" && /bin/cp -p ${source} "$3/bin/python" ;;
esac`,
  );
}

function options(directory: string) {
  const requirementsFile = join(directory, 'requirements.txt');
  if (!existsSync(requirementsFile)) {
    writeFileSync(requirementsFile, 'six==1.17.0\n');
  }
  const log: string[] = [];
  return {
    directory: join(directory, 'venv'),
    requirementsFile,
    log: (line: string) => void log.push(line),
    env: { PATH: directory },
  };
}

async function failure(directory: string): Promise<LocalEnvironmentError> {
  const error = await ensurePythonVenv(options(directory)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LocalEnvironmentError);
  return error as LocalEnvironmentError;
}

test('without Python the message says which one is needed and how to get it', async () => {
  const error = await failure(temporaryDirectory());
  expect(error.message).toMatch(
    /Python 3\.10 or newer is needed for the embedded AWS, and there is none/,
  );
  expect(error.fix).toMatch(/apt-get install python3/);
});

test('a Python that is too old is named with its version', async () => {
  const directory = temporaryDirectory();
  fakePython(directory, 'python3', '3 9', 'exit 0');
  expect((await failure(directory)).message).toMatch(/python3 is Python 3\.9\./);
});

test('a newer Python beside one that is too old is taken', async () => {
  const directory = temporaryDirectory();
  fakePython(directory, 'python3', '3 9', 'exit 0');
  fakePython(directory, 'python3.12', '3 12', 'exit 0');
  expect(await ensurePythonVenv(options(directory))).toBe(join(directory, 'venv/bin/python'));
});

test('a Python without venv or ensurepip asks for python3-venv', async () => {
  const directory = temporaryDirectory();
  fakePython(directory, 'python3', '3 11', 'exit 0', false);
  const error = await failure(directory);
  expect(error.message).toMatch(/python3 \(Python 3\.11\) cannot make virtual environments/);
  expect(error.fix).toMatch(/apt-get install python3-venv/);
});

test('without network the message says so and shows what pip said', async () => {
  const directory = temporaryDirectory();
  const said = 'Failed to establish a new connection: [Errno 101] Network is unreachable';
  fakePython(directory, 'python3', '3 11', `echo "${said}"; exit 1`);
  const error = await failure(directory);
  expect(error.message).toContain('could not be downloaded');
  expect(error.message).toContain(said);
  expect(error.fix).toMatch(/check the network/);
});

test('a package with another hash is refused in so many words', async () => {
  const directory = temporaryDirectory();
  const said = 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.';
  fakePython(directory, 'python3', '3 11', `echo "${said}"; exit 1`);
  expect((await failure(directory)).message).toContain('is not the one that was recorded');
});

test('packages are installed with hashes required, once for each state of the requirements', async () => {
  const directory = temporaryDirectory();
  const calls = join(directory, 'calls');
  fakePython(directory, 'python3', '3 11', `echo "$@" >> ${calls}`);
  const first = options(directory);
  await ensurePythonVenv(first);
  await ensurePythonVenv(first);
  const lines = () => readFileSync(calls, 'utf8').trim().split('\n');
  expect(lines()).toHaveLength(1);
  expect(lines()[0]).toMatch(/^-m pip install .*--no-deps .*--require-hashes/);
  appendFileSync(first.requirementsFile, 'wsproto==1.3.2\n');
  await ensurePythonVenv(first);
  expect(lines()).toHaveLength(2);
});

test('an installation that failed is begun anew the next time', async () => {
  const directory = temporaryDirectory();
  fakePython(directory, 'python3', '3 11', 'exit 1');
  await failure(directory);
  fakePython(directory, 'python3', '3 11', 'exit 0');
  await expect(ensurePythonVenv(options(directory))).resolves.toContain('venv/bin/python');
});
