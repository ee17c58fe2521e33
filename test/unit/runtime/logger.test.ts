import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  InvalidInputError,
  PermissionMissingError,
  StoreBusyError,
} from '../../../functions/core/errors.ts';
import { logFault, logInfo } from '../../../functions/runtime/logger.ts';
import { captureLog, type LogLines } from './log-lines.ts';

let log: LogLines;

beforeEach(() => {
  log = captureLog();
});
afterEach(() => {
  log.release();
});

describe('the log', () => {
  test('O1: has a line of JSON for each entry, with the ids and counts it was given', () => {
    logInfo('step done', {
      step: 'plan-erasure',
      operationId: 'op-1',
      attempt: 2,
      requestId: undefined,
    });
    expect(log.lines()).toEqual([
      expect.objectContaining({
        level: 'INFO',
        message: 'step done',
        service: 'lethe',
        step: 'plan-erasure',
        operationId: 'op-1',
        attempt: 2,
      }),
    ]);
  });

  test('U7: never holds what a typed error quotes: its name and where it was thrown must do', () => {
    const fault = InvalidInputError.of('user', 'got "john@example.org", allowed is an address');
    logFault('step failed', fault, { step: 'resolve-account' });
    const [line] = log.lines();
    expect(line).toMatchObject({ level: 'ERROR', error: 'InvalidInputError' });
    expect(line?.['stack']).toMatch(/^ +at .*logger\.test\.ts/s);
    expect(log.text()).not.toMatch(/john|example\.org|allowed is/);
  });

  test('U7: nor the cause of a typed error, nor lines of a message that look like a frame', () => {
    const cause = new Error('the row of john@example.org');
    logFault('request failed', new StoreBusyError('busy with john@example.org', { cause }), {});
    const sly = InvalidInputError.of('user', 'got\n    at john@example.org (mail.ts:1:1)');
    logFault('request failed', sly, {});
    expect(log.lines()).toHaveLength(2);
    expect(log.text()).not.toContain('john');
  });

  test('O1: holds what AWS says of a missing permission: role, action and resource', () => {
    const cause = new Error('role/EraseRange is not authorized to perform: s3:DeleteObjectVersion');
    logFault('step failed', new PermissionMissingError('removing versions', { cause }), {});
    const [line] = log.lines();
    expect(line).toMatchObject({ error: 'PermissionMissingError', cause: cause.message });
  });

  test('says what a fault of ours says, with its frames', () => {
    logFault('request failed', new TypeError('damaged row'), { route: '/v1/accounts' });
    expect(log.lines()).toEqual([
      expect.objectContaining({
        error: 'TypeError',
        cause: 'damaged row',
        route: '/v1/accounts',
        stack: expect.stringContaining('logger.test.ts'),
      }),
    ]);
  });

  test.each([['text'], [undefined], [null], [7]])(
    'takes %j, thrown by somebody, for a fault',
    (thrown) => {
      logFault('request failed', thrown, {});
      expect(log.lines()).toEqual([
        expect.objectContaining({ error: 'Error', cause: String(thrown) }),
      ]);
    },
  );
});
