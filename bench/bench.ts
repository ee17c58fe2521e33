/**
 * `npm run bench -- erase`, `messages` or `folders`: measures on an embedded AWS of its own, which
 * is gone afterwards; `history` in memory. `--help` says the rest.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Instance, startInstance } from '../local/instance.ts';
import { benchErase } from './erase/bench-erase.ts';
import { describeReport } from './erase/describe-report.ts';
import { benchFolders, describeFolderCosts } from './folders/bench-folders.ts';
import { benchHistory, describeHistory } from './history/bench-history.ts';
import { benchMessages, describeCosts } from './messages/bench-messages.ts';
import { type Options, parseOptions, USAGE } from './options.ts';

const EXIT_USAGE = 64;
const EXIT_FAILED = 70;
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function run({ benchmark, json, messages, sizes, peers }: Options): Promise<void> {
  if (benchmark === 'history')
    return show(json, ...described(await benchHistory(say), describeHistory));
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
    const running = await startInstance({ directory, owner: process.pid, waitScale: 0, log: say });
    instance = running;
    const [report, text] = await {
      erase: async () =>
        described(await benchErase(running, { sizes, peers, say }), describeReport),
      messages: async () =>
        described(await benchMessages(running, { messages, say }), describeCosts),
      folders: async () =>
        described(await benchFolders(running, { messages, say }), describeFolderCosts),
    }[benchmark]();
    show(json, report, text);
  } finally {
    await stop();
  }
}

function show(json: boolean, report: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : text);
}

const described = <R>(report: R, describe: (report: R) => string): readonly [R, string] => [
  report,
  describe(report),
];

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
