import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cdkJson } from './synthesized.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const outdir = temporaryDirectory();

/** Runs the app as the CDK CLI does: the command of cdk.json, told by the environment. */
function runApp(context: Readonly<Record<string, unknown>>) {
  const env = {
    ...process.env,
    CDK_OUTDIR: outdir,
    CDK_CONTEXT_JSON: JSON.stringify({ ...cdkJson.context, ...context }),
  };
  return spawnSync('sh', ['-c', cdkJson.app], { env, encoding: 'utf8' });
}

const handlers = readdirSync('functions/handlers')
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

/** What one set of rules found. */
interface Checked {
  readonly violations: readonly unknown[];
  /** With a reason at the construct. */
  readonly suppressedViolations?: readonly {
    readonly acknowledgedId: string;
    readonly acknowledgedAt: string;
  }[];
}

describe('the app', () => {
  test('synthesizes a stage with bundles, with every check of CDK and cdk-nag', () => {
    const { status, stderr } = runApp({ stage: 'local' });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const files = readdirSync(outdir);
    expect(files).toContain('LetheLocalStorage.template.json');
    expect(files).toContain('LetheLocalService.template.json');
    const report = readFileSync(join(outdir, 'validation-report.json'), 'utf8');
    const { pluginReports } = JSON.parse(report) as { readonly pluginReports: readonly Checked[] };
    expect(pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
    const acknowledged = pluginReports.flatMap((checked) => checked.suppressedViolations ?? []);
    expect(
      acknowledged.map(({ acknowledgedId, acknowledgedAt }) => [acknowledgedId, acknowledgedAt]),
    ).toEqual([['AwsSolutions::AwsSolutions-SQS3', 'LetheLocalService/LostRecordsQueue']]);
  });

  test('every bundle loads by itself and has a handler', () => {
    const bundles = readdirSync(join(outdir, 'bundles'));
    expect(bundles.sort()).toEqual(handlers.sort());
    const urls = bundles.map((name) => pathToFileURL(join(outdir, 'bundles', name, 'index.mjs')));
    const code = `for (const url of ${JSON.stringify(urls)}) {
      const { handler } = await import(url);
      console.log(typeof handler);
    }`;
    const args = ['--input-type=module', '--eval', code];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: '/', encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual(bundles.map(() => 'function'));
  });

  test('O2: says what is wrong with its settings and stops', () => {
    const { status, stderr } = runApp({ stage: 'nowhere' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('stage: given "nowhere", allowed: one of local, dev, prod');
  });
});

test('cdk.json has the feature flags that cdk init gives a new app, and nothing stale', () => {
  const recommended = createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json');
  const { lethe: _, ...flags } = cdkJson.context;
  expect(flags).toEqual(recommended);
});
