import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalOutputs } from '../functions/contract/outputs.ts';
import {
  childEnvironment,
  clientOptions,
  ROOT_CREDENTIALS,
  type SdkOptions,
} from './aws-environment.ts';
import { deployApplication, PROJECT_APPLICATION } from './deploy.ts';
import { closeDeploymentGaps } from './deployment-gaps.ts';
import { withFileLock } from './file-lock.ts';
import { findFreePort, isPortFree } from './free-port.ts';
import {
  type InstanceFiles,
  type InstanceSettings,
  instanceFiles,
  makeInstanceDirectories,
  type OperatorCredentials,
  type RunRecord,
  readRecord,
  removeInstanceFiles,
  writeRecord,
} from './instance-files.ts';
import { dismissGuard, startGuard, type Watch } from './instance-guard.ts';
import { LocalEnvironmentError } from './local-environment-error.ts';
import { localOutputs } from './local-outputs.ts';
import { machineNow } from './machine-clock.ts';
import {
  ensureCertificates,
  isHealthy,
  PortTakenError,
  spawnMinistack,
  waitUntilHealthy,
} from './ministack.ts';
import { ensureOperator } from './operator.ts';
import { isAlive, signalProcess, waitUntil } from './processes.ts';
import { LETHE_DIRECTORY } from './project-paths.ts';
import { ensurePythonVenv } from './python-venv.ts';
import { stopInstance } from './stop-instance.ts';

/** A first start, downloads included, of another process. */
const LOCK_DEADLINE_SECONDS = 1200;
const PORT_TRIES = 5;
/** A guard gives a deployment and MiniStack 30 s each at most. */
const GUARD_DEADLINE_MILLISECONDS = 90_000;

export interface StartOptions {
  readonly directory: string;
  /** Process id of the process without which the instance must not live on. */
  readonly owner?: number;
  /** Factor for Wait states and retry intervals of state machines: 0 does not wait at all. */
  readonly waitScale?: number;
  /** Writes down which calls are made under which role, in `calls.jsonl`; not when missing. */
  readonly recordCalls?: boolean;
  /** A certain port; otherwise the one the instance had before, or a free one. */
  readonly port?: number;
  /** The folder with the cdk.json to deploy; this project's own otherwise. */
  readonly appDirectory?: string;
  /** Takes progress, a line at a time. */
  readonly log?: (line: string) => void;
}

/** A running embedded AWS with the application deployed to it. */
export interface Instance {
  readonly directory: string;
  readonly outputs: LocalOutputs;
  /** Keys of the operator's IAM user: checked as on AWS. */
  readonly credentials: OperatorCredentials;
  /** The complete environment for a child process that is to act as the operator. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/**
 * Starts the instance of a directory and deploys the application to it. Idempotent: what runs is
 * left running, and what is deployed and unchanged is not deployed again. While it starts, and
 * with an `owner` also afterwards, a guard process ends it when this process (the owner) dies.
 *
 * @throws LocalEnvironmentError with the fix when Python, a port or the network is missing.
 */
export async function startInstance(options: StartOptions): Promise<Instance> {
  const files = instanceFiles(options.directory);
  const log = options.log ?? (() => {});
  makeInstanceDirectories(files);
  return withFileLock(
    files.lock,
    LOCK_DEADLINE_SECONDS,
    () => log('Another process is starting this instance; waiting for it ...'),
    async () => {
      const running = await findRunning(files, log);
      if (running !== undefined) {
        log(`Running since ${running.since} at ${running.endpoint}.`);
        if (options.waitScale !== undefined && options.waitScale !== running.waitScale) {
          log(`Its wait scale is ${running.waitScale}; stop it first to start it with another.`);
        }
        return deployTo(files, running.endpoint, options, log);
      }
      return bringUp(files, options, log);
    },
  );
}

/** The run record of an instance that runs and answers; what else is left of one is ended. */
async function findRunning(
  files: InstanceFiles,
  log: (line: string) => void,
): Promise<RunRecord | undefined> {
  const run = readRecord<RunRecord>(files.run);
  if (run?.owner !== undefined && run.guard !== undefined && !isAlive(run.owner)) {
    const { guard } = run;
    log('The instance is being ended, because its owner died; waiting for that ...');
    await waitUntil(() => !isAlive(guard), GUARD_DEADLINE_MILLISECONDS);
  } else if (run !== undefined && isAlive(run.ministack)) {
    if (await isHealthy(files, run.endpoint)) {
      return run;
    }
  } else if (run !== undefined) {
    log('The embedded AWS had ended without a clean stop: what came after the last one is lost.');
  }
  await stopInstance(files.directory);
  return undefined;
}

async function bringUp(
  files: InstanceFiles,
  options: StartOptions,
  log: (line: string) => void,
): Promise<Instance> {
  const python = await ensurePythonVenv({
    directory: join(LETHE_DIRECTORY, 'venv'),
    requirementsFile: join(import.meta.dirname, 'requirements.txt'),
    log,
  });
  await ensureCertificates(files, python);
  forgetObjectsWithoutState(files);
  const watch = startGuard(files, options.owner ?? process.pid);
  try {
    const endpoint = await startOnSomePort(files, { python, watch, log }, options);
    const instance = await deployTo(files, endpoint, options, log);
    if (options.owner === undefined) {
      dismissGuard(files, watch);
    }
    return instance;
  } catch (error) {
    await stopInstance(files.directory);
    signalProcess(watch.guard.pid, 'SIGKILL');
    throw error;
  }
}

/**
 * Objects are written at once, everything else at a clean stop. Objects of an instance that never
 * saw one belong to buckets that no one knows: their names would only stand in the way.
 */
function forgetObjectsWithoutState(files: InstanceFiles): void {
  if (readdirSync(files.state).length === 0 && readdirSync(files.objects).length > 0) {
    rmSync(files.objects, { recursive: true, force: true });
    rmSync(files.deployed, { force: true });
    makeInstanceDirectories(files);
  }
}

/** Starts MiniStack; when another process takes the port first, on the next one. */
async function startOnSomePort(
  files: InstanceFiles,
  { python, watch, log }: { python: string; watch: Watch; log: (line: string) => void },
  options: StartOptions,
): Promise<string> {
  const { waitScale = 1, recordCalls = false } = options;
  for (let attempt = 0; attempt < PORT_TRIES; attempt += 1) {
    const port = await choosePort(files, options, log);
    const endpoint = `https://127.0.0.1:${port}`;
    log(`Starting the embedded AWS at ${endpoint} ...`);
    const ministack = spawnMinistack(files, python, port, { waitScale, recordCalls });
    const since = new Date(machineNow()).toISOString();
    const run: RunRecord = { ministack, ...watch, endpoint, since, waitScale };
    writeRecord(files.run, run);
    try {
      await waitUntilHealthy(files, ministack, endpoint);
      writeRecord(files.settings, { port } satisfies InstanceSettings);
      return endpoint;
    } catch (error) {
      if (!(error instanceof PortTakenError)) {
        throw error;
      }
    }
  }
  throw new LocalEnvironmentError(
    `${PORT_TRIES} free ports in a row were taken by other processes before they could be used.`,
    'name one that nothing else uses: npm run local -- start --port 24566',
  );
}

async function choosePort(
  files: InstanceFiles,
  options: StartOptions,
  log: (line: string) => void,
): Promise<number> {
  if (options.port !== undefined) {
    if (!(await isPortFree(options.port))) {
      throw new LocalEnvironmentError(
        `Port ${options.port} of 127.0.0.1 is in use or may not be used.`,
        'name another port, or leave the option out to have a free one chosen.',
      );
    }
    return options.port;
  }
  const remembered = existsSync(files.settings)
    ? readRecord<InstanceSettings>(files.settings)?.port
    : undefined;
  if (remembered !== undefined) {
    if (await isPortFree(remembered)) {
      return remembered;
    }
    log(`Port ${remembered}, used before, is taken by another program; choosing another.`);
  }
  return findFreePort();
}

async function deployTo(
  files: InstanceFiles,
  endpoint: string,
  options: StartOptions,
  log: (line: string) => void,
): Promise<Instance> {
  const appDirectory = options.appDirectory ?? PROJECT_APPLICATION;
  const stackOutputs = await deployApplication({ files, endpoint, appDirectory, log });
  await closeDeploymentGaps(files.cdkOut, clientOptions(files, endpoint, ROOT_CREDENTIALS), log);
  const outputs = localOutputs(stackOutputs, endpoint, files.caFile);
  const credentials = await ensureOperator(files, outputs);
  writeRecord(files.outputs, outputs);
  return instanceOf(files, outputs, credentials);
}

function instanceOf(
  files: InstanceFiles,
  outputs: LocalOutputs,
  credentials: OperatorCredentials,
): Instance {
  return {
    directory: files.directory,
    outputs,
    credentials,
    env: childEnvironment(files, outputs.endpoint, credentials),
    stop: async () => {
      await stopInstance(files.directory);
    },
  };
}

/** How an instance is; undefined when it does not run. */
export function instanceStatus(directory: string): RunRecord | undefined {
  const run = readRecord<RunRecord>(instanceFiles(directory).run);
  return run !== undefined && isAlive(run.ministack) ? run : undefined;
}

/** The outputs of the deployed application, running or not; undefined before the first start. */
export function instanceOutputs(directory: string): LocalOutputs | undefined {
  return readRecord<LocalOutputs>(instanceFiles(directory).outputs);
}

/** Stops an instance and forgets everything it held. */
export async function resetInstance(directory: string): Promise<void> {
  await stopInstance(directory);
  await removeInstanceFiles(instanceFiles(directory));
}

/**
 * Options for an AWS SDK client in this process that talks to the instance, as the operator or
 * with other keys (ROOT_CREDENTIALS for what only an administrator may do).
 */
export function sdkOptions(
  instance: Instance,
  credentials: OperatorCredentials = instance.credentials,
): SdkOptions {
  const files = instanceFiles(instance.directory);
  return clientOptions(files, instance.outputs.endpoint, credentials);
}
