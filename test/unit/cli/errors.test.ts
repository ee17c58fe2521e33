import { describe, expect, test } from 'vitest';
import { machineError } from '../../../cli/errors.ts';

const fault = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: said by the machine`), { code, syscall: 'open', ...more });

describe('O2: errors of the machine are told as such', () => {
  test.each([
    ['ENOSPC', 74, 'the disk is full'],
    ['EDQUOT', 74, 'the quota of the disk is used up'],
    ['EIO', 74, 'the disk cannot be read or written'],
    ['EROFS', 73, 'the file system can only be read'],
    ['ENOTDIR', 73, 'a file is where a directory is needed'],
    ['EISDIR', 73, 'a directory is where a file is needed'],
    ['ENAMETOOLONG', 73, 'the name is too long'],
    ['EACCES', 77, 'permission denied'],
  ])('%s', (code, exitCode, said) => {
    expect(machineError(fault(code, { path: '/a/b' }))).toMatchObject({
      exitCode,
      message: `/a/b: ${said}`,
    });
    expect(machineError(fault(code))?.message).toBe(said);
  });

  test('of a rename, where it was to', () => {
    const renamed = fault('ENOSPC', { path: '/a', dest: '/b' });
    expect(machineError(renamed)?.message).toBe('/b: the disk is full');
  });

  test('other errors are none of its', () => {
    expect(machineError(new Error('fault'))).toBeUndefined();
    expect(machineError(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBeUndefined();
    expect(machineError(fault('ECONNRESET'))).toBeUndefined();
    expect(machineError('text')).toBeUndefined();
  });
});
