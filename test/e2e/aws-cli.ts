/** The AWS CLI against the embedded AWS, for listings that owe nothing to Lethe's own code. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { LETHE_DIRECTORY } from '../../local/project-paths.ts';
import { ensurePythonVenv } from '../../local/python-venv.ts';

const run = promisify(execFile);

/** A listing of 60,000 versions is some 20 MB of JSON. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/** Installs the CLI once; answers a function that runs it and parses its JSON. */
export async function awsCli(): Promise<(...words: string[]) => Promise<unknown>> {
  const python = await ensurePythonVenv({
    directory: join(LETHE_DIRECTORY, 'venv-aws-cli'),
    requirementsFile: join(import.meta.dirname, 'requirements.txt'),
    purpose: 'the AWS CLI for the end-to-end tests',
    log: (line) => void process.stderr.write(`${line}\n`),
  });
  const { endpoint, caFile, region, accessKeyId, secretAccessKey } = inject('ministack');
  const env = {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL: endpoint,
    AWS_CA_BUNDLE: caFile,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_PAGER: '',
  };
  return async (...words) => {
    const command = join(dirname(python), 'aws');
    const { stdout } = await run(python, [command, '--output', 'json', ...words], {
      env,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    return stdout.trim() === '' ? {} : (JSON.parse(stdout) as unknown);
  };
}
