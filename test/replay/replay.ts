/** `npm run replay`: scenarios that were recorded on real servers, carried out on Lethe. */
import './quiet-logs.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startInstance } from '../../local/instance.ts';
import { EmbeddedTarget } from './embedded-target.ts';
import { MemoryTarget } from './memory-target.ts';
import { type Outcome, runScenario } from './run-scenario.ts';
import { replayBucket } from './s3/replay-bucket.ts';
import { isBucketScenario, type Scenario } from './scenario.ts';
import { type ScenarioFile, scenarioFiles } from './scenario-files.ts';
import type { Target } from './target.ts';

const USAGE = `usage: npm run --silent replay -- [--target memory|embedded] <file or directory>...
Carries out recorded scenarios and says for each: ok, skip with a reason, or FAIL with the step,
what was expected and what was there.
  --target memory    the core over models in memory (default)
  --target embedded  the deployed app on an embedded AWS of its own, started for this
  -d, --directory    with embedded: that of an instance to use (npm run local), which stays
  -h, --help         this text
Exit codes: 0 none failed, 1 some failed, 64 wrong usage or a file that is no scenario.
`;
const EXIT_FAILED = 1;
const EXIT_USAGE = 64;
/** As shells report SIGINT. */
const EXIT_INTERRUPTED = 130;

class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Options {
  readonly files: readonly ScenarioFile[];
  readonly target: 'memory' | 'embedded';
  readonly directory?: string;
}

function parseOptions(words: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      target: { type: 'string', default: 'memory' },
      directory: { type: 'string', short: 'd' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { target, directory } = values;
  if (target !== 'memory' && target !== 'embedded') {
    throw new UsageError(`--target: got ${JSON.stringify(target)}, allowed are memory, embedded`);
  }
  if (directory !== undefined && target !== 'embedded') {
    throw new UsageError('--directory: allowed only with --target embedded');
  }
  if (positionals.length === 0) throw new UsageError('no file or directory is named');
  const files = scenarioFiles(positionals);
  return { files, target, ...(directory === undefined ? {} : { directory }) };
}

/** Each scenario in memory gets a world of its own; all on the embedded AWS share one. */
async function withTargets(
  { target, directory }: Options,
  use: (make: () => Target) => Promise<void>,
): Promise<void> {
  if (target === 'memory') return await use(() => new MemoryTarget());
  const own = directory === undefined ? await mkdtemp(join(tmpdir(), 'lethe-replay-')) : undefined;
  const log = (line: string) => void process.stderr.write(`embedded AWS: ${line}\n`);
  const instance = await startInstance({
    directory: directory ?? own ?? '',
    ...(own === undefined ? {} : { owner: process.pid, waitScale: 0 }),
    log,
  });
  const shared = new EmbeddedTarget(instance);
  const end = async (): Promise<void> => {
    await shared.close();
    if (own === undefined) return;
    await instance.stop();
    await rm(own, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void end().finally(() => process.exit(EXIT_INTERRUPTED)));
  }
  try {
    await use(() => shared);
  } finally {
    await end();
  }
}

async function replay(options: Options): Promise<number> {
  const counts = { ok: 0, FAIL: 0, skip: 0 };
  await withTargets(options, async (make) => {
    for (const [index, { file, scenario }] of options.files.entries()) {
      const suffix = `s${index}-${Date.now().toString(36)}`;
      const outcome: Outcome =
        scenario === undefined
          ? { outcome: 'skip', reason: 'it is no scenario: it has no steps' }
          : await runAny(scenario, make(), suffix);
      counts[outcome.outcome] += 1;
      process.stdout.write(`${lineOf(scenario?.id ?? file, outcome)}\n`);
    }
  });
  process.stdout.write(`${counts.ok} passed, ${counts.FAIL} failed, ${counts.skip} skipped\n`);
  return counts.FAIL > 0 ? EXIT_FAILED : 0;
}

const runAny = (scenario: Scenario, target: Target, suffix: string): Promise<Outcome> =>
  isBucketScenario(scenario)
    ? replayBucket(scenario, target.directory)
    : runScenario(scenario, target, suffix);

function lineOf(id: string, outcome: Outcome): string {
  if (outcome.outcome === 'ok') return `ok    ${id}`;
  if (outcome.outcome === 'skip') return `skip  ${id}: ${outcome.reason}`;
  return `FAIL  ${id}: ${outcome.step}: ${outcome.message}`;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(USAGE);
  else process.exitCode = await replay(options);
} catch (error) {
  const { name, message, code } = error as Error & { readonly code?: string };
  const usage = name === 'UsageError' || code?.startsWith('ERR_PARSE_ARGS') === true;
  process.stderr.write(usage ? `${message}\n${USAGE}` : `${name}: ${message}\n`);
  process.exitCode = usage || name === 'ScenarioError' ? EXIT_USAGE : EXIT_FAILED;
}
