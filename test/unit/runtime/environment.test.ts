import { afterEach, describe, expect, test, vi } from 'vitest';
import { ENV } from '../../../functions/contract/env.ts';
import { readEnvironment, readJson, readNumber } from '../../../functions/runtime/environment.ts';
import {
  once,
  wireBackupArns,
  wireBackupGate,
  wireErasureSettings,
  wireEstimateSettings,
  wireRetentionClasses,
} from '../../../functions/runtime/wiring.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the environment of a function', () => {
  test('gives the variables asked for, and no other', () => {
    const env = { [ENV.mailBucket]: 'mail', [ENV.registryTable]: 'registry', HOME: '/' };
    expect(readEnvironment([ENV.mailBucket], env)).toEqual({ [ENV.mailBucket]: 'mail' });
  });

  test('O2: names all that are missing or empty at once', () => {
    const env = { [ENV.mailBucket]: 'mail', [ENV.registryTable]: '' };
    const names = [
      ENV.registryTable,
      ENV.mailBucket,
      ENV.dictmapTable,
      ENV.evidenceBucket,
    ] as const;
    expect(() => readEnvironment(names, env)).toThrow(
      "the function's environment lacks LETHE_REGISTRY_TABLE, LETHE_DICTMAP_TABLE, LETHE_EVIDENCE_BUCKET",
    );
  });

  test.each(['-1', '1.5', 'x', '1e400', '9007199254740993'])(
    'O2: %s is no whole number',
    (text) => {
      vi.stubEnv(ENV.settleSeconds, text);
      expect(() => readNumber(ENV.settleSeconds)).toThrow(
        `LETHE_SETTLE_SECONDS is "${text}", allowed is a whole number from 0 on`,
      );
    },
  );

  test('whole numbers and JSON are read', () => {
    vi.stubEnv(ENV.settleSeconds, '0');
    expect(readNumber(ENV.settleSeconds)).toBe(0);
    vi.stubEnv(ENV.settleSeconds, '1800');
    expect(readNumber(ENV.settleSeconds)).toBe(1800);
    vi.stubEnv(ENV.retentionClasses, '{"r30": 30, "keep": null}');
    expect(readJson(ENV.retentionClasses)).toEqual({ r30: 30, keep: null });
    vi.stubEnv(ENV.retentionClasses, '{r30: 30}');
    expect(() => readJson(ENV.retentionClasses)).toThrow('LETHE_RETENTION_CLASSES is not JSON');
  });

  test('classes come from it, and the memory that an estimate counts with', () => {
    vi.stubEnv(ENV.defaultClass, 'r30');
    vi.stubEnv(ENV.retentionClasses, '{"r30": 30, "keep": null}');
    vi.stubEnv(ENV.classesEverDeployed, '["r14", "r30", "keep"]');
    expect(wireRetentionClasses()).toEqual({ names: ['r30', 'keep'], fallback: 'r30' });
    vi.stubEnv('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '1024');
    const classes = ['r14', 'r30', 'keep'];
    expect(wireErasureSettings()).toEqual({ classes, memoryMb: 1024 });
    expect(wireEstimateSettings).toThrow(ENV.recoveryDays);
    vi.stubEnv(ENV.recoveryDays, '35');
    vi.stubEnv(ENV.logRetentionDays, '30');
    expect(wireEstimateSettings).toThrow(ENV.reservationDays);
    vi.stubEnv(ENV.reservationDays, '180');
    expect(wireEstimateSettings()).toEqual({
      ...{ classes, memoryMb: 1024 },
      ...{ recoveryDays: 35, logRetentionDays: 30, reservationDays: 180 },
    });
  });

  test.each(['off', 'aws-backup', 'recorded'])('F5: the backup gate is %s', (gate) => {
    vi.stubEnv(ENV.backupGate, gate);
    expect(wireBackupGate()).toBe(gate);
  });

  test('W5: a function that is not told of the backup gate does not take it for off', () => {
    vi.stubEnv(ENV.backupGate, undefined);
    expect(wireBackupGate).toThrow("the function's environment lacks LETHE_BACKUP_GATE");
    vi.stubEnv(ENV.backupGate, 'no');
    expect(wireBackupGate).toThrow('LETHE_BACKUP_GATE is "no", allowed are off, aws-backup');
  });

  test('F5: every resource of a backup has its ARN', () => {
    const arns = { 'mail-bucket': 'arn:a', registry: 'arn:b', dictmap: 'arn:c' };
    vi.stubEnv(ENV.backupArns, JSON.stringify(arns));
    expect(wireBackupArns()).toEqual(arns);
    vi.stubEnv(ENV.backupArns, JSON.stringify({ ...arns, registry: '' }));
    expect(wireBackupArns).toThrow('LETHE_BACKUP_ARNS lacks one of mail-bucket, registry, dictmap');
  });
});

describe('what is made once', () => {
  test('is made when first asked for, and kept, even if it is undefined', () => {
    let made = 0;
    const get = once(() => {
      made += 1;
      return undefined;
    });
    expect(made).toBe(0);
    expect([get(), get()]).toEqual([undefined, undefined]);
    expect(made).toBe(1);
  });

  test('is made again after it could not be made', () => {
    let tries = 0;
    const get = once(() => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
      return tries;
    });
    expect(get).toThrow('not yet');
    expect([get(), get()]).toEqual([2, 2]);
  });
});
