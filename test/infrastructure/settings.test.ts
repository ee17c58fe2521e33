import { describe, expect, test } from 'vitest';
import { LONGEST_TIMEOUT_SECONDS } from '../../cdk/function-timeouts.ts';
import {
  parseDeploymentSettings,
  readDeploymentSettings,
  SettingsError,
} from '../../cdk/settings.ts';
import {
  FUNCTION_TIMEOUT_SECONDS_MAX,
  PRESIGNED_URL_SECONDS_MAX,
} from '../../functions/contract/limits.ts';
import { cdkJson } from './synthesized.ts';

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  throw new Error('the settings were accepted');
}

const problems = (raw: unknown) => problemsOf(() => parseDeploymentSettings('prod', raw));

const contextOf = (context: Readonly<Record<string, unknown>>) => ({
  tryGetContext: (key: string) => context[key],
});

describe('settings that are right', () => {
  test('a stage that says nothing gets every default', () => {
    expect(parseDeploymentSettings('prod', {})).toEqual({
      stage: 'prod',
      ephemeral: false,
      retentionClasses: { r30: 30, r7: 7, r365: 365, keep: 'keep' },
      defaultRetentionClass: 'r30',
      acceptRetentionChange: [],
      evidenceLockMode: 'GOVERNANCE',
      tags: {},
      erasureMaxConcurrency: 8,
      autoexpungeSchedule: 'rate(1 hour)',
      autoexpungeMaxConcurrency: 4,
      purgeMailboxesSchedule: 'cron(0 3 ? * SUN *)',
      purgeKeysPerSecond: 300,
      backupGate: 'off',
      backupWaitAlarmDays: 14,
      apiRequestsPerSecondMax: 1000,
      settleSeconds: 1800,
      evidenceRetentionDays: 1095,
      recoveryDays: 35,
      reservationDays: 180,
      logRetentionDays: 30,
      overdueHours: 6,
      functionMemoryMb: 1024,
      mailSettings: { lazyExpunge: 'in-place' },
    });
  });

  test.each([
    [{}, { lazyExpunge: 'in-place' }],
    [{ mailSettings: { quotaBytes: 1024 } }, { lazyExpunge: 'in-place', quotaBytes: 1024 }],
    [{ mailSettings: { lazyExpunge: 'off' } }, { lazyExpunge: 'off' }],
    [{ mailSettings: { lazy_expunge: '.EXPUNGED' } }, { lazyExpunge: '.EXPUNGED' }],
    [{ ephemeral: true }, undefined],
  ])('W2: with %j what is expunged is kept as %j say', (raw, mailSettings) => {
    expect(parseDeploymentSettings('prod', raw).mailSettings).toEqual(mailSettings);
  });

  test.each(['local', 'dev', 'prod'])('stage %s of cdk.json is right', (stage) => {
    const settings = readDeploymentSettings(contextOf({ ...cdkJson.context, stage }));
    expect(settings.stage).toBe(stage);
    expect(settings.ephemeral).toBe(stage !== 'prod');
  });

  test('account and region are taken as they are', () => {
    const raw = { account: '012345678901', region: 'ap-southeast-2', owner: 'mail' };
    expect(parseDeploymentSettings('prod', raw)).toMatchObject(raw);
  });

  test('O2: mail settings are checked as the functions check them, and may have the seed names', () => {
    expect(
      parseDeploymentSettings('prod', { mailSettings: { lazy_expunge: '.EXPUNGED' } }),
    ).toMatchObject({
      mailSettings: { lazyExpunge: '.EXPUNGED' },
    });
    expect(problems({ mailSettings: { lazyExpunge: 'INBOX', quotaBytes: 0 } })).toEqual([
      expect.stringMatching(
        /^lethe\.stages\.prod\.mailSettings\.lazyExpunge: given "INBOX", allowed: no name at or below/,
      ),
      expect.stringMatching(/^lethe\.stages\.prod\.mailSettings\.quotaBytes: given 0, allowed: /),
    ]);
    expect(problems({ mailSettings: 'off' })[0]).toMatch(
      /^lethe\.stages\.prod\.mailSettings: given "off", allowed: an object with any of/,
    );
  });

  test('O2: mail settings of a deployment must fit into the variables of a function', () => {
    const quotaExempt = Array.from({ length: 20 }, (_, index) => `${index}${'x'.repeat(60)}`);
    expect(problems({ mailSettings: { quotaExempt } })).toEqual([
      expect.stringMatching(/^lethe\.stages\.prod\.mailSettings: .*at most 1024 bytes$/),
    ]);
  });

  test('a class may have a name of its own', () => {
    const retentionClasses = { legal: 3650, r14: 14 };
    const raw = { retentionClasses, defaultRetentionClass: 'legal' };
    expect(parseDeploymentSettings('prod', raw).retentionClasses).toEqual(retentionClasses);
  });
});

describe('O2: settings that are wrong name the field, what was given, what is allowed', () => {
  test.each([
    ['account', 12345, 'given 12345, allowed: 12 digits in quotes'],
    ['region', 'Frankfurt', 'given "Frankfurt", allowed: the name of an AWS region'],
    ['ephemeral', 'yes', 'given "yes", allowed: true or false'],
    ['retentionClasses', {}, 'given {}, allowed: 1 to 100 classes'],
    ['retentionClasses', 7, 'given 7, allowed: 1 to 100 classes'],
    ['acceptRetentionChange', 'r7', 'given "r7", allowed: a list of class names'],
    ['evidenceLockMode', 'governance', 'given "governance", allowed: "GOVERNANCE" or "COMPL'],
    ['erasureMaxConcurrency', 257, 'given 257, allowed: a whole number from 1 to 256'],
    ['apiRequestsPerSecondMax', 0, 'given 0, allowed: a whole number from 1 to 10000'],
    ['settleSeconds', 1800.5, 'given 1800.5, allowed: a whole number from 0 to 43200'],
    ['evidenceRetentionDays', 0, 'given 0, allowed: a whole number from 1 to 36500'],
    ['overdueHours', 24, 'given 24, allowed: a whole number from 1 to 23'],
    ['alarmTopicArn', 'ops', 'given "ops", allowed: the ARN of a standard SNS topic'],
    ['reservationDays', -1, 'given -1, allowed: a whole number from 0 to'],
    ['recoveryDays', 36, 'given 36, allowed: a whole number from 1 to 35'],
    ['logRetentionDays', 8, 'given 8, allowed: one of 1, 3, 5, 7, 14'],
    ['functionMemoryMb', 127, 'given 127, allowed: a whole number from 128 to 10240'],
    ['backupGate', 'on', 'given "on", allowed: "off", "aws-backup", "recorded"'],
    ['backupWaitAlarmDays', 0, 'given 0, allowed: a whole number from 1 to 365'],
    ['owner', '', 'given "", allowed: a text of 1 to 256 characters'],
    ['costCentre', 4, 'given 4, allowed: a text of 1 to 256 characters'],
  ])('%s: %j', (field, given, message) => {
    expect(problems({ [field]: given })).toEqual([
      expect.stringContaining(`lethe.stages.prod.${field}: ${message}`),
    ]);
  });

  test.each([
    ['r30', 31, 'given 31, allowed: 30, as its name says'],
    ['keep', 30, 'given 30, allowed: "keep", as its name says'],
    ['legal', 0, 'given 0, allowed: a whole number of days from 1 to 36500, or "keep"'],
    ['legal', 'forever', 'given "forever", allowed: a whole number of days'],
    ['x1', 7, 'given 7, allowed: as its name a lower-case letter'],
    ['uploads', 7, 'given 7, allowed: as its name a lower-case letter'],
    ['R7', 7, 'given 7, allowed: as its name a lower-case letter'],
    ['a/b', 7, 'given 7, allowed: as its name a lower-case letter'],
  ])('a class %s: %j', (name, given, message) => {
    expect(problems({ retentionClasses: { r30: 30, [name]: given } })).toEqual([
      expect.stringContaining(`lethe.stages.prod.retentionClasses.${name}: ${message}`),
    ]);
  });

  test('a tag that is no text is named', () => {
    expect(problems({ tags: { team: 5 } })).toEqual([
      expect.stringContaining('lethe.stages.prod.tags.team: given 5, allowed: an object of texts'),
    ]);
  });

  test('an unknown setting is refused, with the known ones', () => {
    const [problem] = problems({ settleSecs: 5 });
    expect(problem).toMatch(/^lethe\.stages\.prod\.settleSecs: unknown, allowed: .*settleSeconds/);
  });

  test('settings that are no object are refused', () => {
    expect(problems(null)).toEqual(['lethe.stages.prod: given null, allowed: an object']);
  });

  test('all problems come at once', () => {
    const raw = { ephemeral: 1, settleSeconds: 5, recoveryDays: 0, unknown: true };
    expect(problems(raw).map((problem) => problem.split(':')[0])).toEqual([
      'lethe.stages.prod.ephemeral',
      'lethe.stages.prod.recoveryDays',
      'lethe.stages.prod.unknown',
    ]);
    expect(problems({ ...raw, ephemeral: false })).toHaveLength(3);
  });

  test('the default class must be one of the classes', () => {
    expect(problems({ defaultRetentionClass: 'r14' })).toEqual([
      'lethe.stages.prod.defaultRetentionClass: given "r14", allowed: one of r30, r7, r365, keep',
    ]);
  });

  test('a stage name must fit stack names', () => {
    expect(problemsOf(() => parseDeploymentSettings('pre-prod', {}))).toEqual([
      expect.stringContaining('lethe.stages.pre-prod: allowed as a stage is'),
    ]);
  });

  test.each([undefined, 'production'])('an unknown stage is refused: %s', (stage) => {
    const [problem] = problemsOf(() =>
      readDeploymentSettings(contextOf({ ...cdkJson.context, stage })),
    );
    expect(problem).toMatch(/^stage: (nothing given|given "production"), allowed: one of local, /);
  });

  test('a context without stages is refused', () => {
    expect(problemsOf(() => readDeploymentSettings(contextOf({ stage: 'prod' })))).toEqual([
      expect.stringContaining('lethe: allowed is an object with the one member stages'),
    ]);
  });
});

describe('X3: the settling time outlasts whoever got a turn before the fence', () => {
  const longest = LONGEST_TIMEOUT_SECONDS + PRESIGNED_URL_SECONDS_MAX;

  test('it must exceed the longest timeout and the life of a presigned URL', () => {
    expect(problems({ settleSeconds: longest })).toEqual([
      expect.stringContaining(`settleSeconds: given ${longest}, allowed: more than ${longest}`),
    ]);
    expect(parseDeploymentSettings('prod', { settleSeconds: longest + 1 }).settleSeconds).toBe(
      longest + 1,
    );
  });

  test('an ephemeral stage may settle for any time', () => {
    expect(
      parseDeploymentSettings('local', { ephemeral: true, settleSeconds: 0 }).settleSeconds,
    ).toBe(0);
  });

  test('no function takes longer than Lambda allows', () => {
    expect(LONGEST_TIMEOUT_SECONDS).toBeLessThanOrEqual(FUNCTION_TIMEOUT_SECONDS_MAX);
  });
});
