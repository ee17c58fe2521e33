/**
 * `npm run bench -- erase`: measures on an embedded AWS of its own, which is gone afterwards.
 * `--help` says the rest.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Instance, startInstance } from '../local/instance.ts';
import { benchErase } from './erase/bench-erase.ts';
import { describeReport } from './erase/describe-report.ts';
import { type Options, parseOptions, USAGE } from './options.ts';

const EXIT_USAGE = 64;
const EXIT_FAILED = 70;
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
if (options?.help === true) process.stdout.write(USAGE);
else if (options !== undefined) {
  await run(options).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_FAILED;
  });
}
