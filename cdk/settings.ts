/**
 * What a deployment can be told, in the context of cdk.json: `lethe.stages.<stage>`, picked by
 * `-c stage=<stage>`. Everything is checked at once, before anything is synthesized.
 */
import { z } from 'zod';
import {
  checkMailSettings,
  MAIL_SETTINGS_NAMES,
} from '../functions/contract/check-mail-settings.ts';
import {
  ERASURE_RANGES_MAX,
  MAIL_SETTINGS_DEPLOYMENT_BYTES,
  PRESIGNED_URL_SECONDS_MAX,
} from '../functions/contract/limits.ts';
import type { MailSettings } from '../functions/contract/mail-settings.ts';
import { DAYS_MAX } from '../functions/contract/times.ts';
import { BACKUP_ALLOWED, type BackupSettings, backupShape } from './backup-settings.ts';
import { LONGEST_TIMEOUT_SECONDS } from './function-timeouts.ts';
import {
  POLICY_SETTINGS_ALLOWED,
  type PolicySettings,
  policyShape,
} from './mail-policy-settings.ts';
import {
  type MailServersInput,
  mailServersAllowed,
  mailServersSchema,
} from './mail-server-settings.ts';
import {
  CLASS_NAME,
  CLASS_NAME_ALLOWED,
  RETENTION_CLASSES_ALLOWED,
  type RetentionClasses,
  retentionClasses,
  wholeNumber,
} from './retention-class-settings.ts';

export type { Retention, RetentionClasses } from './retention-class-settings.ts';

export interface Settings extends PolicySettings, BackupSettings {
  /** Part of the stack names: `LetheProdStorage`. Lower-case letters and digits. */
  readonly stage: string;
  /** AWS account to deploy to; when missing, that of the credentials in use. */
  readonly account?: string;
  /** AWS region to deploy to; when missing, that of the credentials in use. */
  readonly region?: string;
  /**
   * True for stages that hold nobody's mail: their buckets, tables and keys go with the stack,
   * nothing is locked or protected, and any settling time is allowed. False when missing.
   */
  readonly ephemeral: boolean;
  /**
   * Classes that accounts can have. Append-only: the class is part of every key, so one that is
   * removed or shortened strands or destroys mail (see `acceptRetentionChange`). Names of the
   * form `r30` say their days, and `keep` has no end.
   */
  readonly retentionClasses: RetentionClasses;
  /** Class of accounts created without one. */
  readonly defaultRetentionClass: string;
  /** Classes whose removal or shortening is meant. Their history stays, and so does their rule. */
  readonly acceptRetentionChange: readonly string[];
  /** Object Lock mode of certificates. COMPLIANCE cannot be undone by anyone. */
  readonly evidenceLockMode: 'GOVERNANCE' | 'COMPLIANCE';
  /** Who answers for the deployment: tag `owner`. */
  readonly owner?: string;
  /** Who pays for it: tag `cost-centre`. */
  readonly costCentre?: string;
  /** More tags for every resource. */
  readonly tags: Readonly<Record<string, string>>;
  /** Ranges of one account that are erased at the same time, so that delivery is never starved. */
  readonly erasureMaxConcurrency: number;
  /** Requests per second that the HTTP doors admit, all callers together; bursts of twice that. */
  readonly apiRequestsPerSecondMax: number;
  /** How long erasure waits for writers that got their turn before the fence. */
  readonly settleSeconds: number;
  /** How long a certificate cannot be removed. */
  readonly evidenceRetentionDays: number;
  /** How far back the tables can be restored: erased rows can still be had from there. 1 to 35. */
  readonly recoveryDays: number;
  /** How long logs are kept; one of the periods CloudWatch Logs offers. */
  readonly logRetentionDays: number;
  /** From this many hours on a deletion that still runs is overdue, and an alarm rings. */
  readonly overdueHours: number;
  /** The SNS topic that alarms tell; without one they only show in the console. */
  readonly alarmTopicArn?: string;
  /** Memory of every function; its share of a processor grows with it. */
  readonly functionMemoryMb: number;
  /** What mail is forgotten and kept; domains, accounts and mailboxes may differ. */
  readonly mailSettings?: MailSettings;
  /** Proxies and backends whose sessions a deletion ends; when missing, it ends none. */
  readonly mailServers?: MailServersInput;
}

/** Every problem of the settings at once; each names the field, what was given, what is allowed. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/** A writer that got its turn before the fence can write for this long after it. */
const LATE_WRITER_SECONDS = LONGEST_TIMEOUT_SECONDS + PRESIGNED_URL_SECONDS_MAX;

/** No execution waits longer than half a day: deployments never strand one. */
const SETTLE_SECONDS_MAX = 43_200;

/** The machine ends whatever runs longer than a day. */
const EXECUTION_HOURS_MAX = 24;

const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
];

const SCHEMA = z.strictObject({
  account: z
    .string()
    .regex(/^[0-9]{12}$/)
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/)
    .optional(),
  ephemeral: z.boolean().default(false),
  retentionClasses,
  defaultRetentionClass: z.string().default('r30'),
  acceptRetentionChange: z.array(z.string()).default([]),
  evidenceLockMode: z.enum(['GOVERNANCE', 'COMPLIANCE']).default('GOVERNANCE'),
  owner: z.string().min(1).max(256).optional(),
  costCentre: z.string().min(1).max(256).optional(),
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
  erasureMaxConcurrency: wholeNumber(1, ERASURE_RANGES_MAX).default(8),
  ...policyShape,
  ...backupShape,
  apiRequestsPerSecondMax: wholeNumber(1, 10_000).default(1000),
  settleSeconds: wholeNumber(0, SETTLE_SECONDS_MAX).default(1800),
  evidenceRetentionDays: wholeNumber(1, DAYS_MAX).default(1095),
  recoveryDays: wholeNumber(1, 35).default(35),
  logRetentionDays: z.literal(LOG_RETENTION_DAYS).default(30),
  overdueHours: wholeNumber(1, EXECUTION_HOURS_MAX - 1).default(6),
  alarmTopicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$/)
    .optional(),
  functionMemoryMb: wholeNumber(128, 10_240).default(1024),
  mailSettings: z
    .unknown()
    .transform((raw) => checkMailSettings(raw).settings)
    .optional(),
  mailServers: mailServersSchema.optional(),
});
type Field = keyof z.input<typeof SCHEMA>;

/** What each field takes, in words; issues inside a field may say it closer. */
const ALLOWED: Readonly<Record<Field, string>> = {
  account: '12 digits in quotes',
  region: 'the name of an AWS region such as "eu-central-1"',
  ephemeral: 'true or false',
  retentionClasses: RETENTION_CLASSES_ALLOWED,
  defaultRetentionClass: 'one of the names in retentionClasses',
  acceptRetentionChange: 'a list of class names',
  evidenceLockMode: '"GOVERNANCE" or "COMPLIANCE"',
  owner: 'a text of 1 to 256 characters',
  costCentre: 'a text of 1 to 256 characters',
  tags: 'an object of texts: names of 1 to 128 characters, values of at most 256',
  erasureMaxConcurrency: `a whole number from 1 to ${ERASURE_RANGES_MAX}`,
  ...POLICY_SETTINGS_ALLOWED,
  ...BACKUP_ALLOWED,
  apiRequestsPerSecondMax: 'a whole number from 1 to 10000',
  settleSeconds: `a whole number from 0 to ${SETTLE_SECONDS_MAX}`,
  evidenceRetentionDays: `a whole number from 1 to ${DAYS_MAX}`,
  recoveryDays: 'a whole number from 1 to 35',
  logRetentionDays: `one of ${LOG_RETENTION_DAYS.join(', ')}`,
  overdueHours: `a whole number from 1 to ${EXECUTION_HOURS_MAX - 1}`,
  alarmTopicArn: 'the ARN of a standard SNS topic',
  functionMemoryMb: 'a whole number from 128 to 10240',
  mailSettings: `an object with any of ${MAIL_SETTINGS_NAMES.join(', ')}`,
  mailServers: mailServersAllowed([]),
};

/** What `readSettings` reads from; an App's `node` is one. */
interface Context {
  tryGetContext(key: string): unknown;
}

/**
 * Settings of the stage that the context names.
 * @throws SettingsError with every problem there is.
 */
export function readDeploymentSettings(context: Context): Settings {
  const lethe = z
    .strictObject({ stages: z.record(z.string(), z.unknown()) })
    .safeParse(context.tryGetContext('lethe'));
  if (!lethe.success) {
    throw new SettingsError([
      'lethe: allowed is an object with the one member stages, in cdk.json',
    ]);
  }
  const { stages } = lethe.data;
  const stage = context.tryGetContext('stage');
  if (typeof stage !== 'string' || !Object.hasOwn(stages, stage)) {
    const known = Object.keys(stages).join(', ');
    throw new SettingsError([`stage: ${given(stage)}, allowed: one of ${known} (-c stage=...)`]);
  }
  return parseDeploymentSettings(stage, stages[stage]);
}

/**
 * Checks the settings of one stage and fills in what is missing.
 * @throws SettingsError with every problem there is.
 */
export function parseDeploymentSettings(stage: string, raw: unknown): Settings {
  const path = `lethe.stages.${stage}`;
  const result = SCHEMA.safeParse(raw);
  const problems = result.success
    ? []
    : result.error.issues.flatMap((issue) => issueProblems(path, raw, issue));
  if (!CLASS_NAME.test(stage))
    problems.unshift(`${path}: allowed as a stage is ${CLASS_NAME_ALLOWED}`);
  problems.push(...crossProblems(path, raw));
  if (!result.success || problems.length > 0) throw new SettingsError(problems);
  const settings = { stage, ...withoutUndefined(result.data) };
  if (settings.ephemeral) return settings;
  // Where somebody's mail is, what is expunged can be brought back, unless somebody says otherwise.
  return { ...settings, mailSettings: { lazyExpunge: 'in-place', ...settings.mailSettings } };
}

/** Optional members that are missing, rather than there and undefined. */
function withoutUndefined(data: z.output<typeof SCHEMA>): Omit<Settings, 'stage'> {
  const given = Object.entries(data).filter(([, value]) => value !== undefined);
  const settings: object = Object.fromEntries(given);
  return settings as Omit<Settings, 'stage'>;
}

function issueProblems(path: string, raw: unknown, issue: z.core.$ZodIssue): string[] {
  const [field, ...below] = issue.path;
  if (issue.code === 'unrecognized_keys') {
    const inside = [path, ...issue.path].join('.');
    const known =
      field === 'mailServers'
        ? mailServersAllowed(below.length === 0 ? ['?'] : below)
        : Object.keys(SCHEMA.shape).join(', ');
    return issue.keys.map((key) => `${inside}.${key}: unknown, allowed: ${known}`);
  }
  if (field === undefined) return [`${path}: ${given(raw)}, allowed: an object`];
  const said = issue.code === 'custom' && issue.message !== 'Invalid input';
  const closer = field === 'mailServers' ? mailServersAllowed(below) : ALLOWED[field as Field];
  const allowed = said ? issue.message : closer;
  const value = issue.path.reduce<unknown>(memberOf, raw);
  return [`${[path, ...issue.path].join('.')}: ${given(value)}, allowed: ${allowed}`];
}

/** Problems between fields, each looked for only where the fields themselves are right. */
function crossProblems(path: string, raw: unknown): string[] {
  const { shape } = SCHEMA;
  const ephemeral = shape.ephemeral.safeParse(memberOf(raw, 'ephemeral'));
  const settle = shape.settleSeconds.safeParse(memberOf(raw, 'settleSeconds'));
  const classes = shape.retentionClasses.safeParse(memberOf(raw, 'retentionClasses'));
  const fallback = shape.defaultRetentionClass.safeParse(memberOf(raw, 'defaultRetentionClass'));
  const problems = mailSettingsProblems(`${path}.mailSettings`, memberOf(raw, 'mailSettings'));
  if (settle.success && settle.data <= LATE_WRITER_SECONDS && ephemeral.data === false) {
    problems.push(
      `${path}.settleSeconds: ${given(settle.data)}, allowed: more than ${LATE_WRITER_SECONDS}, ` +
        `which is the longest function timeout (${LONGEST_TIMEOUT_SECONDS}) and the life of a ` +
        `presigned URL (${PRESIGNED_URL_SECONDS_MAX}), at most ${SETTLE_SECONDS_MAX}`,
    );
  }
  if (classes.success && fallback.success && !Object.hasOwn(classes.data, fallback.data)) {
    const known = Object.keys(classes.data).join(', ');
    problems.push(
      `${path}.defaultRetentionClass: ${given(fallback.data)}, allowed: one of ${known}`,
    );
  }
  return problems;
}

function mailSettingsProblems(path: string, raw: unknown): string[] {
  if (raw === undefined) return [];
  const { problems } = checkMailSettings(raw, '', MAIL_SETTINGS_DEPLOYMENT_BYTES);
  return problems.map(({ field, given: value, allowed }) => {
    const where = field === '' ? path : `${path}.${field}`;
    return `${where}: ${given(value)}, allowed: ${allowed}`;
  });
}

function memberOf(value: unknown, name: PropertyKey): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<PropertyKey, unknown>)[name]
    : undefined;
}

function given(value: unknown): string {
  return value === undefined ? 'nothing given' : `given ${JSON.stringify(value)}`;
}
