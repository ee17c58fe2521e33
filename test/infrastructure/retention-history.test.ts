import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { rememberClasses } from '../../cdk/retention-history.ts';
import { parseDeploymentSettings, type RetentionClasses } from '../../cdk/settings.ts';
import { temporaryDirectory } from './temporary-directory.ts';

let file: string;
beforeEach(() => {
  file = join(temporaryDirectory(), 'history.json');
  writeFileSync(file, '{}');
});

function remember(retentionClasses: RetentionClasses, raw: object = {}, stage = 'prod') {
  const [defaultRetentionClass] = Object.keys(retentionClasses);
  const settings = { retentionClasses, defaultRetentionClass, ...raw };
  return rememberClasses(parseDeploymentSettings(stage, settings), file);
}

const written = () => JSON.parse(readFileSync(file, 'utf8')) as unknown;

describe('classes are append-only', () => {
  test('the first synth remembers its classes for its stage alone', () => {
    expect(remember({ r7: 7, keep: 'keep' })).toEqual({ r7: 7, keep: 'keep' });
    remember({ r14: 14 }, {}, 'test');
    expect(written()).toEqual({
      prod: { keep: { retention: 'keep' }, r7: { retention: 7 } },
      test: { r14: { retention: 14 } },
    });
  });

  test('a class can be added', () => {
    remember({ r7: 7 });
    expect(remember({ r7: 7, r30: 30 })).toEqual({ r7: 7, r30: 30 });
  });

  test('W1: a removed class is refused, by name, and nothing is written', () => {
    remember({ r7: 7, r30: 30 });
    const before = written();
    expect(() => remember({ r30: 30 })).toThrow(
      /lethe\.stages\.prod\.retentionClasses\.r7: nothing given, allowed: 7 or longer.*"r7" to lethe\.stages\.prod\.acceptRetentionChange/,
    );
    expect(written()).toEqual(before);
  });

  test.each([
    [3650, 100, 'given 100, allowed: 3650 or longer'],
    ['keep', 3650, 'given 3650, allowed: "keep" or longer'],
  ] as const)('W1: a class shortened from %s to %s is refused', (before, after, message) => {
    remember({ legal: before });
    expect(() => remember({ legal: after })).toThrow(message);
  });

  test('a class can be lengthened', () => {
    remember({ legal: 100 });
    expect(remember({ legal: 3650 })).toEqual({ legal: 3650 });
    expect(remember({ legal: 'keep' })).toEqual({ legal: 'keep' });
  });

  test('every refused class is named at once, and accepting one does not accept another', () => {
    remember({ r7: 7, r14: 14, r30: 30 });
    expect(() => remember({ r30: 30 })).toThrow(/r14: .*\n.*r7: /);
    expect(() => remember({ r30: 30 }, { acceptRetentionChange: ['r7'] })).toThrow(/ .*r14: /);
  });
});

describe('X3: an accepted change keeps erasure informed', () => {
  test('a retired class stays among the classes ever deployed, once accepted for good', () => {
    remember({ r7: 7, r30: 30 });
    const ever = { r30: 30, r7: 7 };
    expect(remember({ r30: 30 }, { acceptRetentionChange: ['r7'] })).toEqual(ever);
    expect(written()).toEqual({
      prod: { r30: { retention: 30 }, r7: { retention: 7, retired: true } },
    });
    expect(remember({ r30: 30 })).toEqual(ever);
  });

  test('a retired class can come back, as long as it was', () => {
    remember({ legal: 100, r30: 30 });
    remember({ r30: 30 }, { acceptRetentionChange: ['legal'] });
    expect(() => remember({ legal: 50, r30: 30 })).toThrow('given 50, allowed: 100 or longer');
    remember({ legal: 100, r30: 30 });
    expect(written()).toEqual({ prod: { legal: { retention: 100 }, r30: { retention: 30 } } });
  });

  test('an accepted shortening is what the lifecycle rule gets', () => {
    remember({ legal: 100 });
    const after = remember({ legal: 50 }, { acceptRetentionChange: ['legal'] });
    expect(after).toEqual({ legal: 50 });
    expect(written()).toEqual({ prod: { legal: { retention: 50 } } });
  });
});

describe('the file', () => {
  test('X3, W5: is refused when it is missing: nobody knows what it would have named', () => {
    rmSync(file);
    expect(() => remember({ r7: 7 })).toThrow(`${file}: missing`);
    expect(existsSync(file)).toBe(false);
  });

  test('an ephemeral stage neither reads nor writes it', () => {
    rmSync(file);
    expect(remember({ r7: 7 }, { ephemeral: true })).toEqual({ r7: 7 });
    expect(existsSync(file)).toBe(false);
  });

  test('is not touched when nothing changed', () => {
    remember({ r7: 7, r30: 30 });
    const { ino } = statSync(file);
    remember({ r30: 30, r7: 7 });
    expect(statSync(file).ino).toBe(ino);
  });

  test.each(['', '{', '[]', '{"prod": {"r7": 7}}', '{"prod": {"r7": {"retention": 0}}}'])(
    'W5: is refused, not ignored, when it cannot be read: %s',
    (text) => {
      writeFileSync(file, text);
      expect(() => remember({ r7: 7 })).toThrow(`${file}: not a retention history`);
      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );
});
