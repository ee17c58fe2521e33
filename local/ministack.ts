import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { awsVariables, LOCAL_ACCOUNT, LOCAL_REGION, ROOT_CREDENTIALS } from './aws-environment.ts';
import type { InstanceFiles } from './instance-files.ts';
import { LocalEnvironmentError } from './local-environment-error.ts';
import { machineNow } from './machine-clock.ts';
import { identifyProcess, isAlive, MARKER_VARIABLES, type ProcessIdentity } from './processes.ts';
import { lastLines, runCommand } from './run-command.ts';

/** It answers after 2 s; loading a large state on a busy machine takes longer. */
const HEALTH_DEADLINE_SECONDS = 90;
const HEALTH_POLL_MILLISECONDS = 100;
const CERTIFICATE_DEADLINE_SECONDS = 60;

export interface MinistackOptions {
  /** Factor for Wait states and retry intervals of state machines. */
  readonly waitScale: number;
  /** Writes down which calls are made under which role. */
  readonly recordCalls: boolean;
}

/** Another process took the port between its choice and its use: choose another and try again. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/** Makes the authority and the server certificate of the instance, unless they exist. */
export async function ensureCertificates(files: InstanceFiles, python: string): Promise<void> {
  if (existsSync(files.caFile)) {
    return;
  }
  const result = await runCommand(
    python,
    [join(import.meta.dirname, 'make_certificate.py'), files.certificates],
    { deadlineSeconds: CERTIFICATE_DEADLINE_SECONDS },
  );
  if (result.code !== 0) {
    throw new LocalEnvironmentError(
      `The certificate of the embedded AWS could not be made:\n${lastLines(result.output)}`,
      'remove .lethe/venv to have the Python packages installed anew, then run the same command again.',
    );
  }
}

/**
 * The environment of MiniStack and, by inheritance, of every function: nothing of the user's own,
 * so that functions see what they would see on AWS.
 */
function ministackEnvironment(
  files: InstanceFiles,
  port: number,
  { waitScale, recordCalls }: MinistackOptions,
): NodeJS.ProcessEnv {
  const {
    AWS_ENDPOINT_URL: _set,
    AWS_ENDPOINT_URL_S3: _byIt,
    ...variables
  } = awsVariables(files, `https://127.0.0.1:${port}`, ROOT_CREDENTIALS);
  return {
    ...variables,
    [MARKER_VARIABLES.instance]: files.directory,
    LANG: 'C.UTF-8',
    HOME: files.temporary,
    TMPDIR: files.temporary,
    PYTHONUNBUFFERED: '1',
    // TLS and IAM enforcement, on loopback only.
    USE_SSL: '1',
    MINISTACK_SSL_CERT: join(files.certificates, 'server.pem'),
    MINISTACK_SSL_KEY: join(files.certificates, 'server-key.pem'),
    AUTH: 'true',
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    MINISTACK_REGION: LOCAL_REGION,
    MINISTACK_ACCOUNT_ID: LOCAL_ACCOUNT,
    // Listeners and a container engine that Lethe has no use for. MiniStack looks for containers
    // of earlier runs when it starts; a socket that does not exist keeps it from the user's own.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    DOCKER_HOST: `unix://${files.directory}/no-container-engine`,
    // A restart keeps everything.
    PERSIST_STATE: '1',
    STATE_DIR: files.state,
    S3_PERSIST: '1',
    S3_DATA_DIR: files.objects,
    SFN_WAIT_SCALE: String(waitScale),
    ...(recordCalls ? { LETHE_CALLS_FILE: files.calls } : {}),
  };
}

/** Starts MiniStack as the leader of a session of its own: a Ctrl-C at the terminal is not for it. */
export function spawnMinistack(
  files: InstanceFiles,
  python: string,
  port: number,
  options: MinistackOptions,
): ProcessIdentity {
  if (existsSync(files.log)) {
    renameSync(files.log, `${files.log}.1`);
  }
  const log = openSync(files.log, 'w', 0o600);
  const child = spawn(python, [join(import.meta.dirname, 'run_ministack.py')], {
    cwd: files.directory,
    detached: true,
    stdio: ['ignore', log, log],
    env: ministackEnvironment(files, port, options),
  });
  closeSync(log);
  child.on('error', () => {}); // Seen below: without a pid there is no identity.
  child.unref();
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (identity === undefined) {
    throw new Error(`MiniStack could not be started with ${python}; see ${files.log}.`);
  }
  return identity;
}

/**
 * Waits until the instance answers.
 *
 * @throws PortTakenError when another process has the port.
 * @throws LocalEnvironmentError when it ended or did not answer in time.
 */
export async function waitUntilHealthy(
  files: InstanceFiles,
  ministack: ProcessIdentity,
  endpoint: string,
): Promise<void> {
  const deadline = machineNow() + HEALTH_DEADLINE_SECONDS * 1000;
  while (machineNow() < deadline) {
    if (await isHealthy(files, endpoint)) {
      return;
    }
    if (!isAlive(ministack)) {
      const log = readFileSync(files.log, 'utf8');
      if (/already in use/i.test(log)) {
        throw new PortTakenError(`${endpoint} is in use.`);
      }
      throw new LocalEnvironmentError(
        `MiniStack ended while it was starting:\n${lastLines(log)}`,
        `see ${files.log}; npm run local -- reset makes a new, empty instance.`,
      );
    }
    await sleep(HEALTH_POLL_MILLISECONDS);
  }
  throw new LocalEnvironmentError(
    `MiniStack did not answer at ${endpoint} within ${HEALTH_DEADLINE_SECONDS} s.`,
    `see ${files.log}; a machine busy with other work may need it to end first.`,
  );
}

/** Whether MiniStack answers at the endpoint, proven by the instance's own certificate authority. */
export function isHealthy(files: InstanceFiles, endpoint: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(
      `${endpoint}/_ministack/health`,
      { ca: readFileSync(files.caFile), timeout: 5_000, agent: false },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
