/** How large each function's bundle is, and how long a fresh Node takes to load it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHandlers } from '../../cdk/handler-bundles.ts';
import { runCommand } from '../../local/run-command.ts';

const RUNS = 5;
const LOAD_SECONDS_MAX = 30;

/** From the beginning of the import to its end, and the process as a whole. */
const PROGRAM =
  'const start = performance.now(); await import(process.argv[1]); const end = performance.now();' +
  'console.log(JSON.stringify({ loadMs: end - start, rssMb: process.memoryUsage.rss() / 2 ** 20 }));';

export interface ColdStart {
  readonly handler: string;
  /** Of the code alone, without its source map. */
  readonly bundleBytes: number;
  /** Medians. */
  readonly loadMs: number;
  readonly rssMb: number;
}

/** Bundles the handlers as the app does, and loads each several times. */
export async function measureColdStarts(directory: string): Promise<ColdStart[]> {
  bundleHandlers(directory);
  const results: ColdStart[] = [];
  for (const handler of readdirSync(directory).toSorted()) {
    const bundle = join(directory, handler, 'index.mjs');
    const runs: { readonly loadMs: number; readonly rssMb: number }[] = [];
    for (let run = 0; run < RUNS; run += 1) runs.push(await load(bundle));
    results.push({
      handler,
      bundleBytes: statSync(bundle).size,
      loadMs: median(runs.map(({ loadMs }) => loadMs)),
      rssMb: median(runs.map(({ rssMb }) => rssMb)),
    });
  }
  return results;
}

async function load(bundle: string): Promise<{ loadMs: number; rssMb: number }> {
  const args = ['--input-type=module', '--eval', PROGRAM, bundle];
  const { code, output } = await runCommand(process.execPath, args, {
    env: { PATH: process.env['PATH'], AWS_REGION: 'us-east-1' },
    deadlineSeconds: LOAD_SECONDS_MAX,
  });
  if (code !== 0) throw new Error(`${bundle} could not be loaded:\n${output}`);
  return JSON.parse(output) as { loadMs: number; rssMb: number };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
