import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { LocalEnvironmentError } from './local-environment-error.ts';
import { lastLines, runCommand } from './run-command.ts';

export interface PythonVenvOptions {
  /** Where the virtual environment is made. */
  readonly directory: string;
  /** Requirements with a hash for every file, all transitive packages included. */
  readonly requirementsFile: string;
  /** What the packages are for, in messages; the embedded AWS when missing. */
  readonly purpose?: string;
  readonly log: (line: string) => void;
  /** For tests; the process's own environment otherwise. */
  readonly env?: NodeJS.ProcessEnv;
}

/** MiniStack and cfn-lint need 3.10; the hashes cover 3.10 to 3.13. */
const OLDEST_PYTHON = [3, 10] as const;
const CANDIDATES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
/** A first download of some 30 MB took 20 s here; a slow line may need minutes. */
const INSTALL_DEADLINE_SECONDS = 900;
const PROBE_DEADLINE_SECONDS = 30;

/**
 * Makes a virtual environment that holds exactly what a requirements file names, or does nothing
 * when that was done before. Every package is checked against its hash; nothing is built.
 *
 * @returns The path of the environment's python.
 * @throws LocalEnvironmentError naming the fix: no Python, too old a Python, no venv module, no
 *   network.
 */
export async function ensurePythonVenv(options: PythonVenvOptions): Promise<string> {
  const python = join(options.directory, 'bin', 'python');
  const stampFile = join(options.directory, '.lethe-requirements');
  const stamp = createHash('sha256').update(readFileSync(options.requirementsFile)).digest('hex');
  // existsSync follows the link: an environment whose Python was uninstalled is made anew.
  const isReady = () =>
    existsSync(python) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp;
  if (isReady()) {
    return python;
  }
  await withFileLock(
    `${options.directory}.lock`,
    INSTALL_DEADLINE_SECONDS,
    () => options.log('Another process is installing the Python packages; waiting for it ...'),
    async () => {
      if (isReady()) {
        return;
      }
      const purpose = options.purpose ?? 'the embedded AWS';
      const systemPython = await findPython(purpose, options.env ?? process.env);
      options.log(`Installing the Python packages of ${purpose} (once, about 30 s) ...`);
      rmSync(options.directory, { recursive: true, force: true });
      await makeVenv(systemPython, options);
      await installRequirements(python, options);
      writeFileSync(stampFile, stamp);
    },
  );
  return python;
}

/** The first Python on the PATH that is new enough and can make virtual environments. */
async function findPython(purpose: string, env: NodeJS.ProcessEnv): Promise<string> {
  const tooOld: string[] = [];
  const withoutVenv: string[] = [];
  const wanted = env['LETHE_PYTHON'];
  for (const candidate of wanted === undefined ? CANDIDATES : [wanted]) {
    const version = await askPython(candidate, 'import sys; print(*sys.version_info[:2])', env);
    if (version === undefined) {
      continue;
    }
    const [major = 0, minor = 0] = version.split(' ').map(Number);
    if (major !== OLDEST_PYTHON[0] || minor < OLDEST_PYTHON[1]) {
      tooOld.push(`${candidate} is Python ${major}.${minor}`);
    } else if ((await askPython(candidate, 'import venv, ensurepip', env)) === undefined) {
      withoutVenv.push(`${candidate} (Python ${major}.${minor})`);
    } else {
      return candidate;
    }
  }
  if (withoutVenv.length > 0) {
    throw new LocalEnvironmentError(
      `${withoutVenv.join(' and ')} cannot make virtual environments: the module venv or ensurepip is missing.`,
      'install it, on Debian and Ubuntu: apt-get install python3-venv',
    );
  }
  const needs = `Python ${OLDEST_PYTHON.join('.')} or newer is needed for ${purpose}`;
  throw new LocalEnvironmentError(
    tooOld.length > 0
      ? `${needs}, but ${tooOld.join(', ')}.`
      : wanted === undefined
        ? `${needs}, and there is none on the PATH.`
        : `${needs}, and LETHE_PYTHON (${wanted}) could not be run.`,
    'install a newer Python (on Debian and Ubuntu: apt-get install python3 python3-venv) or name one: LETHE_PYTHON=/path/to/python3',
  );
}

async function askPython(
  program: string,
  code: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const result = await runCommand(program, ['-c', code], {
    env,
    deadlineSeconds: PROBE_DEADLINE_SECONDS,
  });
  return result.code === 0 ? result.output.trim() : undefined;
}

async function makeVenv(systemPython: string, options: PythonVenvOptions): Promise<void> {
  const result = await runCommand(systemPython, ['-m', 'venv', options.directory], {
    env: options.env ?? process.env,
    deadlineSeconds: INSTALL_DEADLINE_SECONDS,
  });
  if (result.code !== 0) {
    throw new LocalEnvironmentError(
      `The virtual environment ${options.directory} could not be made:\n${lastLines(result.output)}`,
      'on Debian and Ubuntu: apt-get install python3-venv; otherwise see the lines above (disk, permissions).',
    );
  }
}

async function installRequirements(python: string, options: PythonVenvOptions): Promise<void> {
  const result = await runCommand(
    python,
    [
      ...[
        '-m',
        'pip',
        'install',
        '--disable-pip-version-check',
        '--no-input',
        '--no-deps',
        '--no-compile',
      ],
      ...['--only-binary', ':all:', '--require-hashes', '--requirement', options.requirementsFile],
    ],
    { env: options.env ?? process.env, deadlineSeconds: INSTALL_DEADLINE_SECONDS },
  );
  if (result.code === 0) {
    return;
  }
  const excerpt = `\n${lastLines(result.output)}`;
  if (/DO NOT MATCH THE HASHES/i.test(result.output)) {
    throw new LocalEnvironmentError(
      `A downloaded Python package is not the one that was recorded.${excerpt}`,
      'use an index or mirror that serves the original files; do not install these.',
    );
  }
  if (
    /connection|resolution|unreachable|timed out|Max retries|SSL|proxy|from versions: none/i.test(
      result.output,
    )
  ) {
    throw new LocalEnvironmentError(
      `The Python packages could not be downloaded.${excerpt}`,
      'check the network (and the proxy or index settings: pip config list), then run the same command again.',
    );
  }
  throw new LocalEnvironmentError(
    `The Python packages of ${options.requirementsFile} could not be installed.${excerpt}`,
    'use Python 3.10 to 3.13 on Linux or macOS (x86-64 or arm64), or see the lines above.',
  );
}
