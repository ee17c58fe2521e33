import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childEnvironment } from '../../local/aws-environment.ts';
import { instanceFiles } from '../../local/instance-files.ts';
import { PROJECT_ROOT } from '../../local/project-paths.ts';
import { temporaryDirectory } from './temporary-directory.ts';

function local(directory: string, ...args: string[]) {
  const command = join(PROJECT_ROOT, 'local', 'local.ts');
  return spawnSync(process.execPath, [command, '--directory', directory, ...args], {
    encoding: 'utf8',
  });
}

test('status of what does not run exits with 3', () => {
  const { status, stdout } = local(temporaryDirectory(), 'status');
  expect({ status, stdout }).toStrictEqual({ status: 3, stdout: 'not running\n' });
});

test('outputs before the first start say how to start', () => {
  const { status, stdout, stderr } = local(temporaryDirectory(), 'outputs');
  expect({ status, stdout }).toStrictEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/Fix: npm run local -- start/);
});

test('outputs print one JSON object and nothing else', () => {
  const directory = temporaryDirectory();
  writeFileSync(instanceFiles(directory).outputs, '{"endpoint":"https://127.0.0.1:1"}');
  const { stdout } = local(directory, 'outputs');
  expect(JSON.parse(stdout)).toStrictEqual({ endpoint: 'https://127.0.0.1:1' });
});

test('stop of what does not run is no error', () => {
  expect(local(temporaryDirectory(), 'stop')).toMatchObject({ status: 0, stdout: '' });
});

test('a port that is no port is refused by name', () => {
  const { status, stderr } = local(temporaryDirectory(), 'start', '--port', '70000');
  expect(status).toBe(1);
  expect(stderr).toMatch(/'70000' is invalid.*1 to 65535/);
});

test('children get the keys of the instance and nothing that leads to a real account', () => {
  const leads = ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL_DYNAMODB'];
  for (const name of leads) {
    process.env[name] = 'real';
  }
  const files = instanceFiles('/instance');
  const env = childEnvironment(files, 'https://127.0.0.1:1', {
    accessKeyId: 'AKIA',
    secretAccessKey: 'secret',
  });
  for (const name of leads) {
    delete process.env[name];
    expect(env).not.toHaveProperty(name);
  }
  expect(env).toMatchObject({
    AWS_ENDPOINT_URL: 'https://127.0.0.1:1',
    AWS_ENDPOINT_URL_S3: 'https://127.0.0.1:1',
    AWS_ACCESS_KEY_ID: 'AKIA',
    NODE_EXTRA_CA_CERTS: '/instance/certificates/ca.pem',
    AWS_CONFIG_FILE: '/instance/no-aws-config',
  });
});

test.each([
  ['nothing', [], /either a number of days or --to/],
  ['both', ['1', '--to', '2100-01-01'], /either a number of days or --to/],
  ['no number', ['ten'], /'ten' is invalid.*0 to 36525/],
  ['less than nothing', ['-1'], /'-1' is invalid|unknown option '-1'/],
  ['more than a century', ['36526'], /'36526' is invalid.*0 to 36525/],
  ['no time', ['--to', 'tomorrow'], /'tomorrow' is invalid.*ISO 8601/],
  ['no day', ['--to', '2100-02-31T00:00Z'], /is invalid.*ISO 8601/],
])('O2: advance by %s is wrong usage', (_name, words, message) => {
  const { status, stdout, stderr } = local(temporaryDirectory(), 'advance', ...words);
  expect({ status, stdout }).toStrictEqual({ status: 64, stdout: '' });
  expect(stderr).toMatch(message);
});

test('the clock of what does not run stands still', () => {
  const { status, stderr } = local(temporaryDirectory(), 'advance', '0.5');
  expect(status).toBe(1);
  expect(stderr).toMatch(/does not run.*\n {2}Fix: npm run local -- start/);
});
