/**
 * What people use otherwise to delete a user's objects, on the same number of the same keys and
 * bodies in a bucket without versions, where a DELETE is the end of an object: in Lethe's own
 * versioned bucket these programs would only place markers.
 */
import { dirname, join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { inParallel } from '../../functions/core/rows/parallel.ts';
import { ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import type { Instance } from '../../local/instance.ts';
import { machineNow } from '../../local/machine-clock.ts';
import { LETHE_DIRECTORY, PROJECT_ROOT } from '../../local/project-paths.ts';
import { ensurePythonVenv } from '../../local/python-venv.ts';
import { lastLines, runCommand } from '../../local/run-command.ts';
import type { BenchStores } from './stores.ts';

const PARALLEL_PUTS = 32;
const DEADLINE_SECONDS = 3600;
const BODY = Buffer.from(
  'The minutes of the meeting, and what we agreed to do next.\r\n'.repeat(15),
);

export interface Peer {
  readonly name: string;
  /** Missing when the program is not there. */
  readonly seconds?: number;
  readonly objectsPerSecond?: number;
  readonly skipped?: string;
}

interface Program {
  readonly name: string;
  /** Its file; or why there is none. */
  readonly command: string | Error;
  /** Arguments that delete everything in a bucket. */
  readonly arguments: (bucket: string) => readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Runs every program that is there on as many objects. */
export async function measurePeers(
  instance: Instance,
  stores: BenchStores,
  objects: number,
  say: (line: string) => void,
): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (const program of [await awsProgram(instance, say), rcloneProgram(instance)]) {
    const missing = await whyMissing(program);
    if (missing !== undefined) {
      const skipped = `not here: ${missing}`;
      say(`${program.name}: left out, ${skipped}`);
      peers.push({ name: program.name, skipped });
      continue;
    }
    const seconds = await measure(stores, program, objects);
    peers.push({ name: program.name, seconds, objectsPerSecond: objects / seconds });
    say(`${program.name}: ${objects} objects in ${seconds.toFixed(1)} s`);
  }
  return peers;
}

/** @returns why a program cannot be run on this machine, or undefined */
export async function whyMissing({ command }: Pick<Program, 'command'>) {
  if (command instanceof Error) return command.message.split('\n')[0] ?? command.name;
  const { code, startError } = await runCommand(command, ['--version'], { deadlineSeconds: 60 });
  if (code === 0) return undefined;
  return `${command} ends with ${startError?.code ?? `exit ${code}`}`;
}

async function awsProgram({ env }: Instance, say: (line: string) => void): Promise<Program> {
  const { accessKeyId, secretAccessKey } = ROOT_CREDENTIALS;
  const python = ensurePythonVenv({
    directory: join(LETHE_DIRECTORY, 'venv-aws-cli'),
    requirementsFile: join(PROJECT_ROOT, 'test', 'e2e', 'requirements.txt'),
    purpose: 'the AWS CLI for the benchmark',
    log: say,
  });
  return {
    name: 'aws s3 rm --recursive',
    command: await python.then(
      (path) => join(dirname(path), 'aws'),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    ),
    arguments: (bucket) => ['s3', 'rm', '--recursive', '--quiet', `s3://${bucket}/`],
    env: { ...env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  };
}

/** By parameters alone: no configuration of the user's is read or written. */
function rcloneProgram({ outputs }: Instance): Program {
  const { accessKeyId, secretAccessKey } = ROOT_CREDENTIALS;
  const keys = `access_key_id=${accessKeyId},secret_access_key=${secretAccessKey}`;
  const remote = `:s3,provider=Other,endpoint='${outputs.endpoint}',${keys},no_check_bucket=true`;
  const options = ['--config', '', '--ca-cert', outputs.caFile, '--s3-force-path-style'];
  return {
    name: 'rclone delete',
    command: 'rclone',
    arguments: (bucket) => ['delete', ...options, `${remote}:${bucket}`],
    // Its SDK cannot take the certificate authority from a variable.
    env: { PATH: process.env['PATH'] },
  };
}

async function measure({ s3 }: BenchStores, program: Program, objects: number): Promise<number> {
  if (program.command instanceof Error) throw program.command;
  const Bucket = `lethe-bench-peer-${objects}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  const numbers = Array.from({ length: objects }, (_, index) => index);
  await inParallel(numbers, PARALLEL_PUTS, (index) =>
    s3.send(new PutObjectCommand({ Bucket, Key: keyOf(index), Body: BODY })),
  );
  const started = machineNow();
  const { code, output } = await runCommand(program.command, program.arguments(Bucket), {
    env: program.env,
    deadlineSeconds: DEADLINE_SECONDS,
  });
  const seconds = (machineNow() - started) / 1000;
  if (code !== 0) throw new Error(`${program.name} failed:\n${lastLines(output)}`);
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
  if (KeyCount !== 0) throw new Error(`${program.name} left objects behind`);
  await s3.send(new DeleteBucketCommand({ Bucket }));
  return seconds;
}

/** Keys of the length and the spread of Lethe's own. */
function keyOf(index: number): string {
  const shard = (index % 16).toString(16);
  return `r30/${shard}/${'a'.repeat(24)}/mail/${shard}${index.toString(16).padStart(31, '0')}`;
}
