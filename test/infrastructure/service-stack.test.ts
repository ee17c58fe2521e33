import { describe, expect, test } from 'vitest';
import { LONGEST_TIMEOUT_SECONDS } from '../../cdk/function-timeouts.ts';
import { FUNCTIONS } from './function-names.ts';
import { grantsOf, resourceNamed, resourcesOf, synthesize } from './synthesized.ts';

const prod = synthesize('prod').service;
const local = synthesize('local').service;

describe('functions', () => {
  test.each(FUNCTIONS)('%s runs on Node 24 with a log group of its own that ends', (name) => {
    const { Properties } = resourceNamed(prod, 'AWS::Lambda::Function', `${name}Function`);
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 1024,
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogGroup: { Ref: expect.stringMatching(`^${name}Logs`) } },
      Environment: { Variables: { NODE_OPTIONS: '--enable-source-maps' } },
    });
    const logs = resourceNamed(prod, 'AWS::Logs::LogGroup', `${name}Logs`);
    expect(logs.Properties['RetentionInDays']).toBe(30);
  });

  test('X3: none takes longer than the settling time reckons with', () => {
    const timeouts = [...resourcesOf(prod, 'AWS::Lambda::Function').values()].map(
      ({ Properties }) => Number(Properties['Timeout']),
    );
    expect(timeouts).toHaveLength(FUNCTIONS.length);
    expect(Math.max(...timeouts)).toBe(LONGEST_TIMEOUT_SECONDS);
  });

  test('the doors answer before API Gateway gives up after 30 s', () => {
    for (const name of ['ProvisioningApi', 'MailApi', 'AddressApi', 'Doctor']) {
      const { Properties } = resourceNamed(prod, 'AWS::Lambda::Function', `${name}Function`);
      expect(Properties['Timeout']).toBe(29);
    }
  });

  const variablesOf = (template: typeof prod, name: string) => {
    const { Properties } = resourceNamed(template, 'AWS::Lambda::Function', `${name}Function`);
    return (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
  };

  test('the classes are told by their days, null for those without end', () => {
    const variables = variablesOf(prod, 'ProvisioningApi');
    expect(variables['LETHE_DEFAULT_CLASS']).toBe('r30');
    expect(JSON.parse(String(variables['LETHE_RETENTION_CLASSES']))).toEqual({
      r30: 30,
      r7: 7,
      r365: 365,
      keep: null,
    });
  });

  test('X3: PlanErasure knows how long to settle', () => {
    expect(variablesOf(prod, 'PlanErasure')['LETHE_SETTLE_SECONDS']).toBe('1800');
    expect(variablesOf(local, 'PlanErasure')['LETHE_SETTLE_SECONDS']).toBe('5');
  });

  test('U7: CertifyErasure knows what remains and for how long, and how to lock', () => {
    expect(variablesOf(prod, 'CertifyErasure')).toMatchObject({
      LETHE_LOG_RETENTION_DAYS: '30',
      LETHE_RECOVERY_DAYS: '35',
      LETHE_EVIDENCE_LOCK_DAYS: '1095',
      LETHE_EVIDENCE_LOCK_MODE: 'GOVERNANCE',
    });
    const ephemeral = variablesOf(local, 'CertifyErasure');
    expect(ephemeral['LETHE_EVIDENCE_LOCK_DAYS']).toBe('0');
    expect(Object.keys(ephemeral)).not.toContain('LETHE_EVIDENCE_LOCK_MODE');
  });

  const RESOURCES = 'Registry|Dictmap|PurgeMailboxes|Mail|Evidence|CertificateKey|DeleteAccount';
  const NAMED = new RegExp(`(?:Att|Ref":")(${RESOURCES})`);

  const WITH_RESOURCES = FUNCTIONS.filter((name) => name !== 'FinishSweep');

  test.each(WITH_RESOURCES)('%s is told of a resource exactly when it may use it', (name) => {
    const told = Object.entries(variablesOf(prod, name)).flatMap(([variable, value]) => {
      const found = new RegExp(`(${RESOURCES})`).exec(JSON.stringify(value));
      return variable.startsWith('LETHE_') && found?.[1] !== undefined ? [found[1]] : [];
    });
    const granted = grantsOf(prod, name).flatMap(({ resources }) =>
      resources.flatMap((resource) => {
        const found = NAMED.exec(resource);
        return found?.[1] === undefined ? [] : [found[1]];
      }),
    );
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told)).toEqual(new Set(granted));
  });
});

describe('the state machine', () => {
  test('logs everything but execution data, which may hold an address, and is traced', () => {
    const machine = resourceNamed(prod, 'AWS::StepFunctions::StateMachine', 'DeleteAccount');
    expect(machine.Properties).toMatchObject({
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
  });

  test('its number tokens are numbers in the template', () => {
    const raw = { erasureMaxConcurrency: 17 };
    const { service } = synthesize('prod', { raw });
    const machine = resourceNamed(service, 'AWS::StepFunctions::StateMachine', 'DeleteAccount');
    expect(machine.Properties['DefinitionString']).toContain('"MaxConcurrency":17');
  });
});

describe('what schedules start', () => {
  const rulesOf = (template: typeof prod, machine: string) =>
    [...resourcesOf(template, 'AWS::Events::Rule').values()].filter(({ Properties }) =>
      JSON.stringify(Properties['Targets']).includes(`${machine}Machine`),
    );

  test.each([
    ['A5: Autoexpunge', 'rate(1 hour)'],
    ['F5: PurgeMailboxes', 'cron(0 3 ? * SUN *)'],
  ])('%s: %s, with an empty input, unless the stage says otherwise', (title, expression) => {
    const machine = title.slice('A5: '.length);
    const [rule, second] = rulesOf(prod, machine);
    expect(second).toBeUndefined();
    expect(rule?.Properties).toMatchObject({
      ScheduleExpression: expression,
      State: 'ENABLED',
      Targets: [{ Input: '{}', RetryPolicy: { MaximumRetryAttempts: 0 } }],
    });
    expect(rulesOf(local, machine)).toEqual([]);
  });

  test('F5: the steps of a purge are told its pace and the backup gate', () => {
    const raw = { purgeKeysPerSecond: 50, backupGate: 'recorded' };
    const { service } = synthesize('prod', { raw });
    for (const name of ['PurgePart', 'FinishPurge']) {
      const { Properties } = resourceNamed(service, 'AWS::Lambda::Function', name);
      expect(Properties['Environment']).toMatchObject({
        Variables: { LETHE_PURGE_KEYS_PER_SECOND: '50', LETHE_BACKUP_GATE: 'recorded' },
      });
    }
    const filters = [...resourcesOf(service, 'AWS::Logs::MetricFilter').values()];
    const waits = filters.filter(({ Properties }) =>
      JSON.stringify(Properties).includes('TreesWaitingForBackupDays'),
    );
    expect(JSON.stringify(waits)).toContain('FinishPurgeLogs');
  });

  test('its steps know the days of every class, and the settings of the deployment', () => {
    const mailSettings = {
      lazy_expunge: '.EXPUNGED',
      mailboxes: { Trash: { autoexpunge: '7days' } },
    };
    const { service } = synthesize('prod', { raw: { mailSettings } });
    for (const name of ['SweepDue', 'SweepAccounts']) {
      const { Properties } = resourceNamed(service, 'AWS::Lambda::Function', `${name}Function`);
      const { Variables } = Properties['Environment'] as { Variables: Record<string, string> };
      expect(JSON.parse(Variables['LETHE_RETENTION_CLASSES'] ?? '')).toMatchObject({
        r30: 30,
        keep: null,
      });
      expect(JSON.parse(Variables['LETHE_MAIL_SETTINGS'] ?? '')).toEqual({
        lazyExpunge: '.EXPUNGED',
        mailboxes: { Trash: { autoexpunge: { afterSeconds: 604_800 } } },
      });
    }
  });
});

describe('the doors', () => {
  const routes = [...resourcesOf(prod, 'AWS::ApiGatewayV2::Route').values()];

  test('every route asks for a signature', () => {
    const types = routes.map(({ Properties }) => Properties['AuthorizationType']);
    expect(types).toEqual(Array(40).fill('AWS_IAM'));
  });

  test('accounts and mail go to functions with different rights', () => {
    const integrations = resourcesOf(prod, 'AWS::ApiGatewayV2::Integration');
    const targetOf = (target: unknown) => {
      const id = /"Ref":"(\w+)"\}\]\]/.exec(JSON.stringify(target))?.[1] ?? '';
      return JSON.stringify(integrations.get(id)?.Properties['IntegrationUri']);
    };
    const byTarget = (name: string) =>
      routes
        .filter(({ Properties }) => targetOf(Properties['Target']).includes(name))
        .map(({ Properties }) => Properties['RouteKey'])
        .sort();
    expect(byTarget('MailApi')).toEqual([
      'ANY /v1/accounts/{user}/mailboxes',
      'ANY /v1/accounts/{user}/mailboxes/{what}',
      'ANY /v1/accounts/{user}/messages',
      'ANY /v1/accounts/{user}/messages/{what}',
      'ANY /v1/accounts/{user}/quota',
      'ANY /v1/accounts/{user}/settings',
      'ANY /v1/accounts/{user}/subscriptions',
      'ANY /v1/accounts/{user}/uploads',
      'ANY /v1/admin/accounts/{user}/mailboxes',
      'ANY /v1/admin/accounts/{user}/mailboxes/{what}',
      'ANY /v1/admin/accounts/{user}/messages',
      'ANY /v1/admin/accounts/{user}/messages/{what}',
      'ANY /v1/admin/accounts/{user}/quota',
      'ANY /v1/admin/accounts/{user}/quota/recount',
      'ANY /v1/admin/accounts/{user}/settings',
      'ANY /v1/admin/accounts/{user}/subscriptions',
      'ANY /v1/admin/accounts/{user}/uploads',
      'ANY /v1/admin/domains/{domain}/settings',
      'ANY /v1/admin/domains/{domain}/settings/apply',
    ]);
    expect(byTarget('ProvisioningApi')).toEqual([
      'DELETE /v1/accounts/{user}',
      'GET /v1/accounts/{user}',
      'GET /v1/accounts/{user}/holds',
      'GET /v1/certificate-key',
      'GET /v1/mailboxes/purge/{id}/folders',
      'GET /v1/operations/{id}',
      'GET /v1/operations/{id}/certificate',
      'POST /v1/accounts',
      'POST /v1/accounts/{user}/holds',
      'POST /v1/accounts/{user}/holds/release',
      'POST /v1/admin/accounts/{user}/disable-user',
      'POST /v1/admin/accounts/{user}/enable-user',
      'POST /v1/admin/accounts/{user}/undelete-user',
      'POST /v1/mailboxes/purge',
      'POST /v1/operations/{id}/resume',
    ]);
    expect(byTarget('AddressApi')).toEqual([
      'DELETE /v1/accounts/{user}/aliases',
      'DELETE /v1/addresses/{address}/reservation',
      'GET /v1/addresses/{address}',
      'POST /v1/accounts/{user}/aliases',
      'POST /v1/accounts/{user}/rename',
    ]);
    expect(byTarget('Doctor')).toEqual(['POST /v1/doctor']);
  });

  test('access logs name the route, never the path, which holds an address', () => {
    const stage = resourceNamed(prod, 'AWS::ApiGatewayV2::Stage', 'Doors').Properties;
    const { Format } = stage['AccessLogSettings'] as { readonly Format: string };
    const fields = Object.values(JSON.parse(Format) as Record<string, string>);
    expect(fields).toContain('$context.routeKey');
    expect(fields.filter((field) => /path|resource/i.test(field))).toEqual([]);
    expect(stage['DefaultRouteSettings']).toEqual({
      ThrottlingRateLimit: 1000,
      ThrottlingBurstLimit: 2000,
    });
  });
});
