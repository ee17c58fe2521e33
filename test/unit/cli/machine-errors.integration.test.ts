import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { machineError } from '../../../cli/errors.ts';
import { EXIT } from '../../../cli/exit-codes.ts';
import { type CliResult, runCli } from './support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from './support/temporary-directory.ts';
import { useFakeApi } from './support/use-fake-api.ts';

useTemporaryDirectories();
const fake = useFakeApi();
let directory = '';

beforeEach(async () => {
  directory = await temporaryDirectory();
  const payload = Buffer.from('{}').toString('base64url');
  fake.api.on('GET /v1/operations/op1/certificate', {
    body: { payload, protected: payload, signature: '' },
  });
});

const certificate = (...words: string[]): Promise<CliResult> =>
  runCli(['certificate', ...words, '--local', fake.local], { cwd: directory });

describe('O2: errors of the machine are no fault of the program', () => {
  test.each([
    ['.', 73, /: a directory is where a file is needed$/],
    ['none/x.json', 73, /none\/x\.json: there is nothing of that name$/],
    ['file/x.json', 73, /file\/x\.json: a file is where a directory is needed$/],
    ['/dev/full', 74, /\/dev\/full: the disk is full$/],
  ])('certificate show --out %s ends with %i and names the path', async (out, code, said) => {
    await writeFile(join(directory, 'file'), '');
    const { exitCode, stderr } = await certificate('show', 'op1', '--out', out);
    expect(exitCode).toBe(code);
    expect(stderr.trim()).toMatch(said);
    expect(stderr).not.toMatch(/fault|^ +at /m);
  });

  test('certificate verify says why it cannot read', async () => {
    await mkdir(join(directory, 'folder'));
    const { exitCode, stderr } = await certificate('verify', 'folder', '--key', 'none.pem');
    expect(exitCode).toBe(64);
    expect(stderr).toContain('cannot read');
    expect(stderr).toContain('a directory is where a file is needed');
  });

  test.each([
    ['ENOSPC', EXIT.ioError],
    ['EISDIR', EXIT.cannotCreate],
    ['EROFS', EXIT.cannotCreate],
    ['EACCES', EXIT.notPermitted],
    ['EPERM', EXIT.notPermitted],
    ['EBUSY', EXIT.ioError],
  ])('%s of a path has a sentence and an exit code', (code, exitCode) => {
    const error = Object.assign(new Error(`${code}: said by the machine`), {
      code,
      syscall: 'open',
      path: '/a/b',
    });
    expect(machineError(error)).toMatchObject({
      exitCode,
      message: expect.stringMatching(/^\/a\/b: /),
    });
  });

  test('a write, which has no path, is told with the name that is given', () => {
    const full = Object.assign(new Error('ENOSPC, write'), { code: 'ENOSPC', syscall: 'write' });
    expect(machineError(full, '/out')).toMatchObject({
      exitCode: EXIT.ioError,
      message: '/out: the disk is full',
    });
  });

  test('what is no error of a file stays what it is', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), {
      code: 'ECONNRESET',
      syscall: 'read',
    });
    const pipe = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' });
    expect([machineError(reset), machineError(pipe), machineError(new Error('x'))]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
