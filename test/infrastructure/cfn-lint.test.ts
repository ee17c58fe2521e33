import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalEnvironmentError } from '../../local/local-environment-error.ts';
import { LETHE_DIRECTORY } from '../../local/project-paths.ts';
import { ensurePythonVenv } from '../../local/python-venv.ts';
import { synthesize } from './synthesized.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** W3005: CDK writes out that a function waits for its role, which the reference says already. */
const IGNORED = 'W3005';

/** The python that has cfn-lint, or why there is none; in CI that is a failure. */
async function pythonWithLinter(): Promise<{ python?: string; missing?: string }> {
  try {
    const python = await ensurePythonVenv({
      directory: join(LETHE_DIRECTORY, 'venv-cfn-lint'),
      requirementsFile: 'test/infrastructure/requirements.txt',
      log: (line) => process.stderr.write(`${line}\n`),
    });
    return { python };
  } catch (error) {
    if (!(error instanceof LocalEnvironmentError) || process.env['CI'] !== undefined) throw error;
    return { missing: error.message };
  }
}

function lint(python: string, ...files: string[]) {
  const program = join(dirname(python), 'cfn-lint');
  const args = ['--ignore-checks', IGNORED, '--format', 'parseable', '--', ...files];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, findings: `${stdout}${stderr}`.split('\n').filter((line) => line !== '') };
}

/** A table without a key. */
function wrongTemplate(): string {
  const template = join(temporaryDirectory(), 'template.json');
  const table = { Type: 'AWS::DynamoDB::Table', Properties: {} };
  writeFileSync(template, JSON.stringify({ Resources: { Table: table } }));
  return template;
}

function templatesOf(stage: string, raw: Readonly<Record<string, unknown>>): string[] {
  const { directory } = synthesize(stage.toLowerCase(), { raw });
  return ['Storage', 'Service'].map((name) =>
    join(directory, `Lethe${stage}${name}.template.json`),
  );
}

const { python, missing } = await pythonWithLinter();
if (missing !== undefined) process.stderr.write(`cfn-lint is skipped: ${missing}\n`);

describe.skipIf(python === undefined)('cfn-lint', () => {
  // All in one call: to begin with, it reads the rules of every kind of resource for 5 s.
  test('finds nothing in the templates of any variant, and does find what is wrong', () => {
    const templates = [
      ...templatesOf('Prod', {}),
      ...templatesOf('Prod', { backupGate: 'aws-backup' }),
      ...templatesOf('Local', {}),
    ];
    const wrong = wrongTemplate();
    const { status, findings } = lint(String(python), ...templates, wrong);
    expect(status).not.toBe(0);
    expect(findings.filter((finding) => !finding.startsWith(`${wrong}:`))).toEqual([]);
    expect(findings).toEqual([expect.stringContaining("'KeySchema' is a required property")]);
  });
});
