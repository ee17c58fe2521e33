import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { localDirectoryNamed } from '../functions/contract/outputs.ts';
import { LocalEnvironmentError } from './local-environment-error.ts';
import type { ProcessIdentity } from './processes.ts';
import { LETHE_DIRECTORY } from './project-paths.ts';

/** Where everything of one instance lives. */
export interface InstanceFiles {
  readonly directory: string;
  /** Port of the instance, remembered over stop and start. */
  readonly settings: string;
  readonly certificates: string;
  readonly caFile: string;
  /** What MiniStack keeps over a restart: everything but object bytes, and those. */
  readonly state: string;
  readonly objects: string;
  /** Code of functions, unpacked; the home directory of what runs. */
  readonly temporary: string;
  readonly log: string;
  readonly deployLog: string;
  /** Calls made under the roles of the deployment, one in a line; where that was asked for. */
  readonly calls: string;
  /** How far the instance's clock is ahead of the machine's; absent until somebody moves it. */
  readonly clock: string;
  readonly clockLock: string;
  /** Present while the instance runs (or after it ended without `stop`). */
  readonly run: string;
  /** What was deployed last: hash of the sources, names of the stacks. */
  readonly deployed: string;
  /** Outputs of the stacks, as `cdk deploy` wrote them. */
  readonly stackOutputs: string;
  /** What `outputs` prints. */
  readonly outputs: string;
  /** Keys of the operator's IAM user; 0600. */
  readonly credentials: string;
  readonly cdkOut: string;
  readonly lock: string;
}

export interface RunRecord {
  /** MiniStack itself, leader of its process group. */
  readonly ministack: ProcessIdentity;
  /** The process without which the instance must not live on: while it starts, its starter. */
  readonly owner?: ProcessIdentity;
  /** The process that ends the instance when its owner dies. */
  readonly guard?: ProcessIdentity;
  readonly endpoint: string;
  /** ISO 8601. */
  readonly since: string;
  readonly waitScale: number;
}

export interface InstanceSettings {
  readonly port: number;
}

export interface OperatorCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * The instance that `npm run local` means where no option names one: the same as `lethe --local`.
 * @throws LocalEnvironmentError where two variables name two
 */
export function defaultInstanceDirectory(): string {
  const named = localDirectoryNamed(process.env);
  if (named === undefined) return join(LETHE_DIRECTORY, 'local');
  if (typeof named === 'string') return named;
  throw new LocalEnvironmentError(
    `LETHE_LOCAL is ${named[0]} and LETHE_LOCAL_DIRECTORY is ${named[1]}: which one is meant is not clear.`,
    'unset one of them, or name the directory with -d',
  );
}

export function instanceFiles(instanceDirectory: string): InstanceFiles {
  const directory = resolve(instanceDirectory);
  const certificates = join(directory, 'certificates');
  return {
    directory,
    settings: join(directory, 'settings.json'),
    certificates,
    caFile: join(certificates, 'ca.pem'),
    state: join(directory, 'state'),
    objects: join(directory, 'objects'),
    temporary: join(directory, 'tmp'),
    log: join(directory, 'ministack.log'),
    deployLog: join(directory, 'deploy.log'),
    calls: join(directory, 'calls.jsonl'),
    clock: join(directory, 'clock.json'),
    clockLock: join(directory, 'clock.lock'),
    run: join(directory, 'run.json'),
    deployed: join(directory, 'deployed.json'),
    stackOutputs: join(directory, 'stack-outputs.json'),
    outputs: join(directory, 'outputs.json'),
    credentials: join(directory, 'credentials.json'),
    cdkOut: join(directory, 'cdk.out'),
    lock: join(directory, 'start.lock'),
  };
}

/** Makes the directories; only their owner may read them, because they hold keys and mail. */
export function makeInstanceDirectories(files: InstanceFiles): void {
  mkdirSync(files.directory, { recursive: true, mode: 0o700 });
  for (const directory of [files.certificates, files.state, files.objects, files.temporary]) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }
  // MiniStack unpacks functions, and its own CommonJS worker, below: without a package.json of its
  // own, Node would take the one of this project, which says that every .js file is a module.
  writeFileSync(join(files.temporary, 'package.json'), '{}\n');
}

/** Removes what an instance keeps, and the directory itself if nothing else is in it. */
export async function removeInstanceFiles(files: InstanceFiles): Promise<void> {
  const { directory, caFile: _inCertificates, ...entries } = files;
  for (const entry of [...Object.values(entries), `${files.log}.1`]) {
    await rm(entry, { recursive: true, force: true });
  }
  try {
    await rmdir(directory);
  } catch {
    // Somebody keeps something of their own there, or it was never made.
  }
}

/** Reads a file that this module wrote; undefined when it is absent. */
export function readRecord<T>(path: string): T | undefined {
  if (!existsSync(path)) {
    return undefined;
  }
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (cause) {
    throw new Error(`${path} is not the JSON that was written there; remove it.`, { cause });
  }
}

/** Writes whole or not at all. */
export function writeRecord(path: string, record: unknown, mode = 0o644): void {
  const staging = `${path}.new`;
  writeFileSync(staging, `${JSON.stringify(record, null, 2)}\n`, { mode });
  chmodSync(staging, mode);
  renameSync(staging, path);
}
