import { readdirSync } from 'node:fs';
import { inspect } from 'node:util';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../../functions/contract/error-names.ts';
import { InvalidInputError, LetheError, StoreBusyError } from '../../../functions/core/errors.ts';
import { entryPoint, isEntryPoint } from '../../../functions/runtime/entry-point.ts';
import { stepHandler } from '../../../functions/runtime/step-handler.ts';
import { captureLog, type LogLines } from '../runtime/log-lines.ts';

const HANDLERS = new URL('../../../functions/handlers/', import.meta.url);
const FILES = readdirSync(HANDLERS).filter((file) => file.endsWith('.ts'));

let log: LogLines;
beforeEach(() => {
  log = captureLog();
});
afterEach(() => {
  log.release();
});

async function faultOf(run: () => Promise<unknown>): Promise<Error> {
  try {
    await run();
  } catch (fault) {
    return fault as Error;
  }
  throw new Error('it did not fail');
}

/** As the runtime of Lambda does: name, message, stack, and every field that can be listed. */
const loggedByLambda = (fault: Error): string =>
  `${fault.name} ${fault.message} ${fault.stack} ${JSON.stringify(fault)} ${inspect(fault, { depth: 9 })}`;

const SECRETS = /john|example\.org|divorce/i;
const STEP = { getRemainingTimeInMillis: () => 300_000 } as unknown as Context;

describe('what Lambda calls', () => {
  test.each(FILES)('U7: %s lets only bare faults out', async (file) => {
    const { handler } = (await import(new URL(file, HANDLERS).href)) as { handler: object };
    expect(isEntryPoint(handler)).toBe(true);
  });

  test.each([
    ['bad input', InvalidInputError.of('user', 'got "john@example.org"'), 'InvalidInputError'],
    [
      'a fault of a library',
      new SyntaxError('Unexpected token \'S\', "Subject: Divorce"'),
      'SyntaxError',
    ],
    ['a fault that says it plainly', new Error('no header Subject of john@example.org'), 'Error'],
    [
      'one that carries more',
      Object.assign(new TypeError('x'), { user: 'john@example.org' }),
      'TypeError',
    ],
    [
      'one with a cause',
      new StoreBusyError('busy', { cause: new Error('john') }),
      'StoreBusyError',
    ],
    ['a name that is none', Object.assign(new Error('x'), { name: 'john@example.org' }), 'Error'],
    ['no error at all', 'john@example.org', 'Error'],
  ])('U7: %s leaves it without what somebody wrote', async (_, thrown, name) => {
    const fail = async () => {
      throw thrown;
    };
    const handlers = [
      entryPoint(fail),
      stepHandler('a-step', (event) => event, fail),
      entryPoint(() => {
        throw thrown;
      }),
    ];
    for (const handler of handlers) {
      const fault = await faultOf(() => handler({}, STEP));
      expect(fault.name).toBe(name);
      expect(fault.message).not.toBe('');
      expect(loggedByLambda(fault)).not.toMatch(SECRETS);
    }
    expect(log.lines()).toHaveLength(3);
    expect(log.text()).not.toMatch(SECRETS);
  });

  test('O1: what names ids and counts alone is said: the operation shows it', async () => {
    const thrown = new LetheError(ERROR_NAMES.erasureBlocked, '3 could not be removed', 'Resume.');
    const fault = await faultOf(() =>
      stepHandler(
        'a-step',
        (event) => event,
        async () => {
          throw thrown;
        },
      )({}, STEP),
    );
    expect(fault).toMatchObject({ name: 'ErasureBlockedError', message: '3 could not be removed' });
  });
});
