/**
 * `npm run bench -- erase [--json] [--sizes 1000,10000,50000] [--no-peers]`: measures on an embedded
 * AWS of its own, which is gone afterwards. Results go to standard output, progress to standard
 * error.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Instance, startInstance } from '../local/instance.ts';
import { benchErase } from './erase/bench-erase.ts';
import { describeReport } from './erase/describe-report.ts';

const USAGE = `usage: npm run bench -- erase [--json] [--sizes N,N,...] [--no-peers]
  --json      one JSON document on standard output, nothing else
  --sizes     numbers of messages, 100 to 1000000 each (default 1000,10000,50000)
  --no-peers  without aws s3 rm and rclone delete on the same objects
`;

const EXIT_USAGE = 64;
const EXIT_FAILED = 70;
const DEFAULT_SIZES = '1000,10000,50000';
const SIZE_MIN = 100;
const SIZE_MAX = 1_000_000;

interface Options {
  readonly json: boolean;
  readonly sizes: readonly number[];
  readonly peers: boolean;
}

/** @throws Error saying what is wrong and what is allowed */
function parseOptions(words: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    allowNegative: true,
    options: {
      json: { type: 'boolean', default: false },
      sizes: { type: 'string', default: DEFAULT_SIZES },
      peers: { type: 'boolean', default: true },
    },
  });
  if (positionals.length !== 1 || positionals[0] !== 'erase') {
    throw new Error(`got ${JSON.stringify(positionals.join(' '))}, allowed is erase`);
  }
  const sizes = values.sizes.split(',').map(Number);
  const wrong = sizes.find((size) => !Number.isInteger(size) || size < SIZE_MIN || size > SIZE_MAX);
  if (wrong !== undefined || new Set(sizes).size < sizes.length) {
    const allowed = `allowed are different whole numbers from ${SIZE_MIN} to ${SIZE_MAX}`;
    throw new Error(`--sizes: got ${JSON.stringify(values.sizes)}, ${allowed}`);
  }
  const rising = sizes.toSorted((a, b) => a - b);
  return { json: values.json, sizes: rising, peers: values.peers };
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function run({ json, sizes, peers }: Options): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lethe-bench-'));
  let instance: Instance | undefined;
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      await instance?.stop();
      await rm(directory, { recursive: true, force: true });
    })();
    return stopping;
  };
  // The instance's guard ends it also when this process is killed; this is the tidy way.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().finally(() => process.exit(130)));
  }
  try {
    instance = await startInstance({ directory, owner: process.pid, waitScale: 0, log: say });
    const report = await benchErase(instance, { sizes, peers, say });
    process.stdout.write(
      json ? `${JSON.stringify(report, undefined, 2)}\n` : describeReport(report),
    );
  } finally {
    await stop();
  }
}

let options: Options | undefined;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${USAGE}`);
  process.exitCode = EXIT_USAGE;
}
if (options !== undefined) {
  await run(options).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_FAILED;
  });
}
