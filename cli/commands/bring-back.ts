/** The command that brings back what has just gone, such that it runs as it is printed. */
import type { MessageName, Recoverable } from '../../functions/contract/mail-api.ts';
import { DELIMITER } from '../../functions/contract/mailbox-names.ts';
import type { MessageQuery } from '../../functions/contract/query-api.ts';
import { counted, safe } from '../output/text.ts';

type By = Recoverable['by'];

const COMMANDS: Readonly<Record<By, string>> = {
  'messages/restore': 'lethe message restore',
  'messages/unexpunge': 'lethe message unexpunge',
  'mailboxes/undelete': 'lethe mailbox undelete',
};

/** Requests of a clock that is off by more are refused (SigV4), so nothing went before this. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** More are no line to copy. */
const COMMANDS_MAX = 3;
/** Some fifteen UIDs that lie apart. */
const UIDS_LENGTH_MAX = 80;

/** What went, as the one who prints the command knows it. */
export interface Gone {
  /** The name of the one mailbox, in which `*` and `%` mean themselves. */
  readonly mailbox?: string | undefined;
  /** With everything below it. */
  readonly recursive?: boolean | undefined;
  /** In place of a mailbox: what was looked for. */
  readonly query?: MessageQuery | undefined;
  readonly deletionIds?: readonly string[];
  /** When the command was given, by our clock, in epoch milliseconds. */
  readonly startedAt?: number;
  readonly messages?: readonly MessageName[];
}

export function bringBackCommand(by: By, user: string, gone: Gone): string {
  const base = `${COMMANDS[by]} -u ${shellWord(user)}`;
  if (by === 'messages/unexpunge') return unexpunging(base, gone);
  const operands = by === 'messages/restore' ? restored(gone) : undeleted(gone);
  return operands.map((operand) => `${base} ${operand}`).join('; ');
}

function undeleted({ mailbox, deletionIds = [] }: Gone): readonly string[] {
  if (deletionIds.length > COMMANDS_MAX || (deletionIds.length === 0 && mailbox === undefined)) {
    return ['--deletion ID, for each that "lethe mailbox deleted" lists'];
  }
  if (deletionIds.length > 0) return deletionIds.map((id) => `--deletion ${shellWord(id)}`);
  return [shellWord(mailbox ?? '')];
}

/** The time keeps out what went there earlier; folders do not tell that. */
function restored({ startedAt, ...gone }: Gone): readonly string[] {
  const from = originsOf(gone).map((origin) => `--origin ${shellWord(origin)}`);
  if (startedAt === undefined) return from.length === 0 ? ["--query '{}'"] : from;
  const moment = new Date(startedAt - CLOCK_SKEW_MS).toISOString().replace(/\.\d+Z$/, 'Z');
  const since = `--expunged-since ${moment}`;
  return from.length === 0 ? [since] : from.map((origin) => `${origin} ${since}`);
}

/** As queries take them, where `*` and `%` are wildcards; none: not known. */
function originsOf({ mailbox, recursive, query }: Gone): readonly string[] {
  const origin = mailbox?.replaceAll(/[*%]/g, '\\$&') ?? query?.mailbox;
  if (origin === undefined) return [];
  return recursive ? [origin, `${origin}${DELIMITER}*`] : [origin];
}

function unexpunging(base: string, { mailbox, messages = [] }: Gone): string {
  const uids = new Map<string, number[]>();
  for (const { mailbox: name, uid } of messages) uids.set(name, [...(uids.get(name) ?? []), uid]);
  if (uids.size === 0 && mailbox !== undefined) return `${base} -m ${shellWord(mailbox)} --all`;
  if (uids.size === 0 || uids.size > COMMANDS_MAX) {
    const each = uids.size === 0 ? 'mailbox' : `of ${counted(uids.size, 'mailbox', 'mailboxes')}`;
    return `${base} -m MAILBOX --all, for each ${each}`;
  }
  return [...uids]
    .map(([name, those]) => `${base} -m ${shellWord(name)} ${uidsOrAll(those)}`)
    .join('; ');
}

function uidsOrAll(uids: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const uid of [...uids].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range?.last === uid - 1) range.last = uid;
    else ranges.push({ first: uid, last: uid });
  }
  const set = ranges
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(',');
  return set.length > UIDS_LENGTH_MAX ? '--all' : `--uid ${set}`;
}

/** As a shell takes it for one word. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${safe(text).replaceAll("'", "'\\''")}'`;
