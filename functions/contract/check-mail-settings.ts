/**
 * The check of mail settings. It stands in the contract because both the infrastructure (at
 * synthesis) and the functions (at load, and whenever one is changed) must agree on it.
 */
import { hasStorage, isLikeMode, storageOf } from './expunge-mode.ts';
import {
  DELETED_PREFIX_BYTES,
  MAIL_SETTINGS_BYTES,
  STORAGE_NAME_BYTES,
  UID_MAX,
} from './limits.ts';
import type {
  AutoexpungePolicy,
  DeletedRetentionDays,
  MailboxSettings,
  MailSettings,
} from './mail-settings.ts';
import {
  DELIMITER,
  INBOX,
  isPattern,
  isTooLongPath,
  normalName,
  normalRights,
  normalSpecialUse,
  RIGHTS,
  SPECIAL_USES,
  utf8Bytes,
} from './mailbox-names.ts';
import {
  fromSeedNames,
  type Given,
  isObject,
  mailboxFromSeedNames,
  type ReportField,
} from './seed-mail-settings.ts';
import { MAILBOX_SETTING_DESCRIPTIONS, SETTING_DESCRIPTIONS } from './setting-descriptions.ts';
import { DAYS_MAX } from './times.ts';

export interface SettingsProblem {
  readonly field: string;
  readonly given: unknown;
  /** What is allowed, in words. */
  readonly allowed: string;
}

export interface CheckedSettings {
  /** In one stored form, with the project's own names only. */
  readonly settings: MailSettings;
  /** None when the settings can be used. */
  readonly problems: readonly SettingsProblem[];
}

/** Names in one list: each costs a comparison with each name that is looked at. */
const NAMES_MAX = 100;

const SECONDS_MAX = DAYS_MAX * 86_400;

const MAILBOX_MEMBERS = Object.keys(MAILBOX_SETTING_DESCRIPTIONS).sort();

const POLICY_MAX = new Map([
  ['afterSeconds', SECONDS_MAX],
  ['maxMails', UID_MAX],
]);

const NAME_ALLOWED =
  'a mailbox name or pattern (* and % as wildcards) of at most 800 bytes, its levels separated by "/", none of them empty, "." or ".."';
const STORAGE_ALLOWED = `"off", "in-place", a mailbox such as ".EXPUNGED", or a namespace such as ".EXPUNGED/"; at most ${STORAGE_NAME_BYTES} bytes, without wildcards, no level empty, "." or ".."`;
const EXCLUDED_ALLOWED = `${NAME_ALLOWED}, or one of ${SPECIAL_USES.join(' ')}`;
const PREFIX_ALLOWED = `one level of a mailbox name, at most ${DELETED_PREFIX_BYTES} bytes, such as DELETED`;
const RIGHTS_ALLOWED = `letters of ${RIGHTS} (RFC 4314), or "" for none`;
const POLICY_ALLOWED =
  'an object with afterSeconds, maxMails or both, a time such as "7days", or null';

/** How each member is read; undefined when it is wrong, which has been reported then. */
const MEMBERS: {
  readonly [name in keyof Required<MailSettings>]: (
    value: unknown,
    report: ReportField,
    field: string,
  ) => MailSettings[name] | undefined;
} = {
  lazyExpunge: storageName,
  lazyExpungeOnlyLastInstance: (value, report, field) => {
    if (typeof value === 'boolean') return value;
    return wrong(report, field, value, 'true or false');
  },
  lazyExpungeExclude: (value, report, field) => names(value, report, field, true),
  lazyExpungeOwnerAccess: (value, report, field) =>
    oneOf(SETTING_DESCRIPTIONS.lazyExpungeOwnerAccess, value, report, field),
  quotaBytes: (value, report, field) => {
    if (value === null || isWholeNumber(value, Number.MAX_SAFE_INTEGER)) return value;
    return wrong(report, field, value, 'a whole number of bytes from 1 on, or null for no limit');
  },
  quotaExempt: (value, report, field) => names(value, report, field, false),
  deleteMode: (value, report, field) =>
    oneOf(SETTING_DESCRIPTIONS.deleteMode, value, report, field),
  deletedPrefix,
  deletedRetentionDays,
  mailboxes: mailboxSettings,
};

/** Names that a settings document can have, in the order of documentation. */
export const MAIL_SETTINGS_NAMES = Object.keys(MEMBERS);

/**
 * Checks a settings document, whose members may have the seed's names.
 * @param field name of the whole document, for problems with it
 * @param bytesMax that it may have as JSON
 */
export function checkMailSettings(
  given: unknown,
  field = 'settings',
  bytesMax = MAIL_SETTINGS_BYTES,
): CheckedSettings {
  const problems: SettingsProblem[] = [];
  const report: ReportField = (name, value, allowed) =>
    problems.push({ field: name, given: value, allowed });
  if (!isObject(given)) {
    report(field, given, `an object with any of ${MAIL_SETTINGS_NAMES.join(', ')}`);
    return { settings: {}, problems };
  }
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fromSeedNames(given, report))) {
    if (value === undefined) continue;
    const member = Object.hasOwn(MEMBERS, name) && MEMBERS[name as keyof MailSettings];
    if (!member) report(name, value, nameMeant(name, MAIL_SETTINGS_NAMES));
    else settings[name] = member(value, report, name);
  }
  const sizeBytes = utf8Bytes(JSON.stringify(settings));
  if (sizeBytes > bytesMax) report(field, `${sizeBytes} bytes`, `at most ${bytesMax} bytes`);
  if (problems.length === 0) checkTogether(settings, report);
  return { settings: settings as MailSettings, problems };
}

/** What a name that is none may mean: one in another case of letters, or any of them. */
function nameMeant(name: string, names: readonly string[]): string {
  const meant = names.find((one) => one.toLowerCase() === name.toLowerCase());
  const allowed = `one of ${names.join(', ')}`;
  return meant === undefined ? allowed : `${allowed}; ${meant} may be meant`;
}

/** What must hold between members; also called for what follows from all levels. */
export function checkTogether(settings: MailSettings, report: ReportField): void {
  const { lazyExpunge = 'off', lazyExpungeExclude = [], mailboxes = {} } = settings;
  if (!hasStorage(lazyExpunge)) return;
  const name = storageOf(lazyExpunge);
  const inside = (path: string) => path === name || path.startsWith(`${name}${DELIMITER}`);
  const excluded = lazyExpungeExclude.find(inside);
  if (excluded !== undefined) {
    report(
      'lazyExpungeExclude',
      excluded,
      'no name of the expunge storage: what is expunged there goes for good anyway',
    );
  }
  for (const [path, { specialUse }] of Object.entries(mailboxes)) {
    if (specialUse === undefined || !inside(path)) continue;
    report(`mailboxes.${path}.specialUse`, specialUse, 'none for the expunge storage');
  }
}

function storageName(value: unknown, report: ReportField, field: string): string | undefined {
  if (typeof value !== 'string') return wrong(report, field, value, STORAGE_ALLOWED);
  if (!hasStorage(value)) return value;
  const name = normalName(storageOf(value));
  const fits = name !== undefined && !isPattern(name) && utf8Bytes(name) <= STORAGE_NAME_BYTES;
  // `Off` and `no` mean the mode: a storage of that name would keep what is to be gone.
  if (!fits || isLikeMode(value)) {
    return wrong(report, field, value, STORAGE_ALLOWED);
  }
  if (name === INBOX || name.startsWith(`${INBOX}${DELIMITER}`)) {
    return wrong(report, field, value, 'no name at or below INBOX, whose mail it is to keep');
  }
  return value.endsWith(DELIMITER) ? `${name}${DELIMITER}` : name;
}

function oneOf<T>(
  { oneOf: allowed = [] }: { readonly oneOf?: readonly T[] },
  value: unknown,
  report: ReportField,
  field: string,
): T | undefined {
  const found = allowed.find((one) => one === value);
  return found ?? wrong(report, field, value, `one of ${allowed.join(', ')}`);
}

function deletedPrefix(value: unknown, report: ReportField, field: string): string | undefined {
  const name = typeof value === 'string' ? normalName(value) : undefined;
  const sound = name !== undefined && !name.includes(DELIMITER) && !isPattern(name);
  if (sound && utf8Bytes(name) <= DELETED_PREFIX_BYTES) return name;
  return wrong(report, field, value, PREFIX_ALLOWED);
}

function deletedRetentionDays(
  value: unknown,
  report: ReportField,
  field: string,
): DeletedRetentionDays | undefined {
  if (value === 'never' || value === 0 || isWholeNumber(value, DAYS_MAX)) return value;
  return wrong(report, field, value, `a whole number of days from 0 to ${DAYS_MAX}, or "never"`);
}

function names(
  value: unknown,
  report: ReportField,
  field: string,
  specialUses: boolean,
): string[] | undefined {
  if (!Array.isArray(value) || value.length > NAMES_MAX) {
    return wrong(report, field, value, `a list of at most ${NAMES_MAX} names`);
  }
  const found = value.map((one: unknown, index) => {
    if (specialUses && typeof one === 'string' && one.startsWith('\\')) {
      return normalSpecialUse(one) ?? wrong(report, `${field}[${index}]`, one, EXCLUDED_ALLOWED);
    }
    const allowed = specialUses ? EXCLUDED_ALLOWED : NAME_ALLOWED;
    return nameOrPattern(one) ?? wrong(report, `${field}[${index}]`, one, allowed);
  });
  return found.filter((one) => one !== undefined);
}

function nameOrPattern(value: unknown): string | undefined {
  const name = typeof value === 'string' ? normalName(value) : undefined;
  return name === undefined || isTooLongPath(name) ? undefined : name;
}

function mailboxSettings(
  value: unknown,
  report: ReportField,
  field: string,
): Record<string, MailboxSettings> | undefined {
  if (!isObject(value) || Object.keys(value).length > NAMES_MAX) {
    return wrong(report, field, value, `an object of at most ${NAMES_MAX} mailbox names`);
  }
  const found: [string, MailboxSettings][] = [];
  for (const [given, inside] of Object.entries(value)) {
    const where = `${field}.${given}`;
    const name = nameOrPattern(given);
    if (name === undefined) report(where, given, NAME_ALLOWED);
    else if (found.some(([other]) => other === name)) report(where, given, 'each name once');
    else if (!isObject(inside)) report(where, inside, 'an object');
    else found.push([name, oneMailbox(name, inside, report, where)]);
  }
  return Object.fromEntries(found);
}

function oneMailbox(
  name: string,
  given: Given,
  report: ReportField,
  where: string,
): MailboxSettings {
  const result: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(mailboxFromSeedNames(given, report, where))) {
    const field = `${where}.${member}`;
    if (value === undefined) continue;
    if (member === 'autoexpunge') {
      result[member] = value === null ? null : policy(value, report, field);
    } else if (member === 'ownerRights') {
      const rights = typeof value === 'string' ? normalRights(value) : undefined;
      result[member] = rights ?? wrong(report, field, value, RIGHTS_ALLOWED);
    } else if (member === 'specialUse') {
      const use = typeof value === 'string' ? normalSpecialUse(value) : undefined;
      result[member] = use ?? wrong(report, field, value, `one of ${SPECIAL_USES.join(' ')}`);
      if (isPattern(name)) report(field, value, 'none for a pattern: it belongs to one mailbox');
    } else if (member === 'deletedRetentionDays') {
      result[member] = deletedRetentionDays(value, report, field);
    } else report(field, value, nameMeant(member, MAILBOX_MEMBERS));
  }
  return result;
}

function policy(value: unknown, report: ReportField, field: string): AutoexpungePolicy | undefined {
  if (!isObject(value) || Object.keys(value).length === 0) {
    return wrong(report, field, value, POLICY_ALLOWED);
  }
  const result: Record<string, number> = {};
  for (const [member, given] of Object.entries(value)) {
    const most = POLICY_MAX.get(member);
    if (most === undefined) report(`${field}.${member}`, given, 'one of afterSeconds, maxMails');
    else if (isWholeNumber(given, most)) result[member] = given;
    else report(`${field}.${member}`, given, `a whole number from 1 to ${most}`);
  }
  return result;
}

function wrong(report: ReportField, field: string, given: unknown, allowed: string): undefined {
  report(field, given, allowed);
}

function isWholeNumber(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most;
}
