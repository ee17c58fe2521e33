/**
 * Settings under the names that Dovecot and Cyrus have for them, brought to ours: `lazy_expunge`,
 * `lazy_expunge_only_last_instance`, `lazy_expunge_exclude`, `quota_rule`, `acl`,
 * `obox_track_copy_flags`, and in a mailbox's settings `autoexpunge` and
 * `autoexpunge_max_mails`. A setting that Dovecot numbers (`quota_rule2`) is one more of it. Cyrus
 * has `delete_mode`, `deletedprefix` and `expunge_mode`.
 */
export type Given = Readonly<Record<string, unknown>>;

/** Notes a problem: the field, what was given, what is allowed in words. */
export type ReportField = (field: string, given: unknown, allowed: string) => void;

type Changed = Record<string, unknown>;

/** Seconds in Dovecot's units, each of which may be cut short. */
const SECONDS: readonly (readonly [RegExp, number])[] = [
  [/^s(ec(ond)?s?)?$/, 1],
  [/^m(in(ute)?s?)?$/, 60],
  [/^h(ours?)?$/, 3600],
  [/^d(ays?)?$/, 86_400],
  [/^w(eeks?)?$/, 7 * 86_400],
];

/** Multiples of 1,024, as Dovecot counts. */
const SIZE_UNITS = 'BKMGT';

const TIME_ALLOWED = 'a time with its unit such as 30s, 12h, 7days or 2weeks, or 0 for never';
const YES_ALLOWED = 'yes or no';
/** What Cyrus calls the modes of ours that have no storage. */
const EXPUNGE_MODES = new Map<unknown, string>([
  ['delayed', 'in-place'],
  ['immediate', 'off'],
]);
const MODE_ALLOWED = 'delayed or immediate';
const MODE_CONTRADICTS =
  'none beside another lazyExpunge or lazy_expunge: delayed is "in-place", immediate is "off"';
const RULE_ALLOWED = '"<mailbox>:ignore" or "*:storage=<size>", for instance "*:storage=1GB"';
const ACL_ALLOWED = '"<mailbox> owner <rights>", for instance ".EXPUNGED owner rwstipekxa"';

/** The top level of a document, with our names only; what cannot be brought over is reported. */
export function fromSeedNames(given: Given, report: ReportField): Given {
  const result: Changed = {};
  const put = (name: string, value: unknown, from: string) => {
    if (result[name] === undefined) result[name] = value;
    else report(from, value, `${name} once, under one of its names`);
  };
  const append = (name: string, values: readonly unknown[]) => {
    const before = result[name];
    result[name] = [...(Array.isArray(before) ? before : []), ...values];
  };
  for (const [name, value] of Object.entries(given)) {
    switch (name.replace(/(?<=^(quota_rule|lazy_expunge_exclude))[0-9]+$/, '')) {
      case 'lazy_expunge':
        put('lazyExpunge', value === '' ? 'off' : value, name);
        break;
      case 'lazy_expunge_only_last_instance':
        put('lazyExpungeOnlyLastInstance', yesOrNo(value, report, name), name);
        break;
      case 'lazy_expunge_exclude':
        append('lazyExpungeExclude', Array.isArray(value) ? value : [value]);
        break;
      case 'quota_rule':
        for (const rule of Array.isArray(value) ? value : [value]) {
          const read = quotaRule(rule, report, name);
          if (read?.exempt !== undefined) append('quotaExempt', [read.exempt]);
          if (read?.bytes !== undefined) put('quotaBytes', read.bytes, name);
        }
        break;
      case 'acl':
        for (const line of Array.isArray(value) ? value : [value]) {
          addOwnerRights(result, line, report);
        }
        break;
      case 'obox_track_copy_flags':
        if (yesOrNo(value, report, name) === false) report(name, value, 'yes: it is always so');
        break;
      case 'delete_mode':
        put('deleteMode', value, name);
        break;
      case 'deletedprefix':
        put('deletedPrefix', value, name);
        break;
      case 'expunge_mode':
        // Last, whatever the order: it must agree with the others.
        break;
      case 'mailboxes':
        addMailboxes(result, value);
        break;
      default:
        if (Array.isArray(value) && Array.isArray(result[name])) append(name, value);
        else put(name, value, name);
    }
  }
  addExpungeMode(result, given, report);
  return result;
}

/** An empty `lazy_expunge` only says that there is no storage, as Cyrus has none. */
function addExpungeMode(result: Changed, given: Given, report: ReportField): void {
  const asked = given['expunge_mode'];
  if (asked === undefined) return;
  const mode = EXPUNGE_MODES.get(asked);
  const before = given['lazy_expunge'] === '' ? (mode ?? 'off') : result['lazyExpunge'];
  if (mode === undefined) report('expunge_mode', asked, MODE_ALLOWED);
  else if (before !== undefined && before !== mode) {
    report('expunge_mode', asked, MODE_CONTRADICTS);
  } else result['lazyExpunge'] = mode;
}

/** The settings of one mailbox, with our names only. */
export function mailboxFromSeedNames(given: Given, report: ReportField, where: string): Given {
  const { autoexpunge, autoexpunge_max_mails: maxMails, special_use: use, ...rest } = given;
  const result: Changed = { ...rest };
  if (use !== undefined && rest['specialUse'] === undefined) result['specialUse'] = use;
  else if (use !== undefined) report(`${where}.special_use`, use, 'specialUse once');
  if (autoexpunge !== undefined && typeof autoexpunge === 'object') {
    result['autoexpunge'] = autoexpunge;
    if (maxMails !== undefined) {
      report(`${where}.autoexpunge_max_mails`, maxMails, 'maxMails inside autoexpunge');
    }
    return result;
  }
  if (autoexpunge === undefined && maxMails === undefined) return result;
  const afterSeconds = autoexpunge === undefined ? 0 : timeInSeconds(autoexpunge);
  if (afterSeconds === undefined) {
    report(`${where}.autoexpunge`, autoexpunge, `${TIME_ALLOWED}; or null, or an object`);
    return result;
  }
  // Dovecot's 0 is off.
  const count =
    typeof maxMails === 'string' && /^\d+$/.test(maxMails) ? Number(maxMails) : maxMails;
  const policy = {
    ...(afterSeconds === 0 ? {} : { afterSeconds }),
    ...(count === undefined || count === 0 ? {} : { maxMails: count }),
  };
  result['autoexpunge'] = Object.keys(policy).length === 0 ? null : policy;
  return result;
}

/** A time as Dovecot writes it, in seconds; undefined when it is none. */
export function timeInSeconds(value: unknown): number | undefined {
  if (value === 0 || value === '0') return 0;
  const [, count = '', unit = ''] = /^(\d{1,12})\s*([a-z]+)$/i.exec(String(value)) ?? [];
  // Minutes to Dovecot, months to most people: mail would go 43,200 times too early.
  if (unit === 'M') return undefined;
  const factor = SECONDS.find(([pattern]) => pattern.test(unit.toLowerCase()))?.[1];
  return factor === undefined ? undefined : Number(count) * factor;
}

/** A size such as `500M`, in bytes; without a unit it has that of the call. */
export function sizeInBytes(value: string, unit: 'B' | 'K'): number | undefined {
  const [, count = '', given = ''] = /^(\d{1,15})\s*([BKMGT]?)(?:i?B)?$/i.exec(value.trim()) ?? [];
  if (count === '') return undefined;
  const letter = given === '' ? (/\dB$/i.test(value.trim()) ? 'B' : unit) : given.toUpperCase();
  return Number(count) * 1024 ** SIZE_UNITS.indexOf(letter);
}

function yesOrNo(value: unknown, report: ReportField, field: string): boolean | undefined {
  if (value === true || value === 'yes') return true;
  if (value === false || value === 'no') return false;
  report(field, value, YES_ALLOWED);
  return undefined;
}

function quotaRule(
  rule: unknown,
  report: ReportField,
  field: string,
): { readonly exempt?: string; readonly bytes?: number } | undefined {
  const [, mailbox = '', what = ''] = /^(.+):([^:]+)$/.exec(String(rule)) ?? [];
  if (what === 'ignore') return { exempt: mailbox };
  const [, unit = '', size = ''] = /^(storage|bytes)=(.+)$/.exec(what) ?? [];
  // Dovecot counts "storage" in KiB where it has no unit of its own.
  const bytes = sizeInBytes(size, unit === 'bytes' ? 'B' : 'K');
  if (mailbox === '*' && bytes !== undefined) return { bytes };
  report(field, rule, RULE_ALLOWED);
  return undefined;
}

/** A line of an ACL file: only the owner's rights are settings; those of others are an ACL's. */
function addOwnerRights(result: Changed, line: unknown, report: ReportField): void {
  const parts = /^\s*(?:"([^"]+)"|(\S+))\s+owner(?:\s+([a-z]*))?\s*$/i.exec(String(line));
  const mailbox = parts?.[1] ?? parts?.[2];
  if (mailbox === undefined) report('acl', line, ACL_ALLOWED);
  else addMailboxes(result, { [mailbox]: { ownerRights: parts?.[3] ?? '' } });
}

function addMailboxes(result: Changed, value: unknown): void {
  const before = result['mailboxes'];
  if (!isObject(value) || (before !== undefined && !isObject(before))) {
    result['mailboxes'] = value;
    return;
  }
  const merged = new Map(Object.entries(before ?? {}));
  for (const [name, settings] of Object.entries(value)) {
    const earlier = merged.get(name);
    const both = isObject(earlier) && isObject(settings);
    merged.set(name, both ? { ...earlier, ...settings } : settings);
  }
  result['mailboxes'] = Object.fromEntries(merged);
}

export function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
