/**
 * Queries as options of a command line: `--query` takes one in JSON, others add a member each.
 * Only their form is read here; what is allowed, the API says.
 */
import { InvalidArgumentError } from 'commander';
import { MESSAGE_TERMS, RESTORE_TERMS } from '../../functions/contract/query-descriptions.ts';
import { repeatedMember } from '../../functions/contract/repeated-member.ts';
import { sizeInBytes, timeInSeconds } from '../../functions/contract/seed-mail-settings.ts';
import { parseMoment } from '../../functions/contract/times.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

type Document = Readonly<Record<string, unknown>>;

export interface QueryOptions {
  readonly query?: Document;
  readonly mailbox?: string;
  readonly all?: boolean;
  readonly origin?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly toAddress?: string;
  readonly cc?: string;
  readonly recipient?: string;
  readonly messageId?: string;
  readonly flag?: string;
  readonly keyword?: string;
  /** Bytes. */
  readonly larger?: number;
  readonly smaller?: number;
  readonly before?: Document;
  readonly since?: Document;
  readonly savedBefore?: Document;
  readonly savedSince?: Document;
  readonly expungedBefore?: Document;
  readonly expungedSince?: Document;
}

type OptionName = Exclude<keyof QueryOptions, 'query'>;

/** The name that commander gives an option: `--to-address` is `toAddress`. */
const camelCase = (option: string): string =>
  option.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The member that an option sets, and the option as it is written. */
const MEMBERS: readonly (readonly [OptionName, string, string])[] = Object.entries({
  ...MESSAGE_TERMS,
  ...RESTORE_TERMS,
}).flatMap(([member, { option }]) =>
  option === undefined || option === 'mailbox'
    ? []
    : [[camelCase(option) as OptionName, member, `--${option}`] as const],
);

/**
 * @param mailbox given when the query itself names mailboxes: `--mailbox` is a member then, which
 *   alone asks for nothing, except where a command changes nothing
 * @returns undefined when no option asks for anything
 * @throws CliError 64 for a member that is given twice
 */
export function readQuery(options: QueryOptions, mailbox?: 'mailbox'): Document | undefined {
  const named = mailbox === undefined ? [] : ([['mailbox', 'mailbox', '--mailbox']] as const);
  const given = [...named, ...MEMBERS].filter(([option]) => options[option] !== undefined);
  if (options.query === undefined && given.length === 0) return undefined;
  const query: Record<string, unknown> = { ...options.query };
  for (const [option, member, written] of given) {
    if (member in query) {
      throw new CliError(EXIT.usage, `${written} is given twice: --query has ${member}, too`);
    }
    query[member] = options[option];
  }
  return query;
}

/** @throws InvalidArgumentError */
export function parseQueryJson(text: string): Document {
  let query: unknown;
  try {
    query = JSON.parse(text);
  } catch {
    // What is no JSON is no object either.
  }
  if (typeof query === 'object' && query !== null && !Array.isArray(query)) {
    const twice = repeatedMember(text);
    if (twice === undefined) return query as Document;
    // Of two, the last would be taken, and the query would mean more than was asked.
    throw new InvalidArgumentError(`It has ${JSON.stringify(twice)} twice in one object.`);
  }
  throw new InvalidArgumentError('Allowed is an object in JSON, such as {"mailbox": "Trash"}.');
}

/** @throws InvalidArgumentError */
export function parseSize(text: string): number {
  const bytes = sizeInBytes(text, 'B');
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('Allowed is a size such as 500, 20K or 10M.');
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * So long ago (`1d`), the UTC midnight that began a day (`2026-11-01`), or a moment in ISO 8601.
 * @throws InvalidArgumentError
 */
export function parseTime(text: string): Document {
  const secondsAgo = timeInSeconds(text);
  if (secondsAgo !== undefined) return { secondsAgo };
  if (parseMoment(text) !== undefined) return { at: text };
  const at = `${text}T00:00:00Z`;
  // The 31st of February is no day, though it can be read as one of March.
  const isDay = DATE.test(text) && !Number.isNaN(Date.parse(at));
  if (isDay && new Date(at).toISOString().startsWith(text)) return { at };
  throw new InvalidArgumentError(
    'Allowed are a time ago such as 12h, 1d or 2weeks, a date such as 2026-11-01, or ISO 8601.',
  );
}
