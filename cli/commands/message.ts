/** `lethe message list | fetch | flag | search` */

import type { MessageAnswer } from '../../functions/contract/api.ts';
import { SYSTEM_FLAGS } from '../../functions/contract/flags.ts';
import type { SearchAnswer } from '../../functions/contract/mail-api.ts';
import type { MessageQuery } from '../../functions/contract/query-api.ts';
import type {
  ChangeFlagsRequest,
  FlagChange,
  SearchRequest,
} from '../../functions/contract/requests/messages.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { write, writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { counted, safe, shortDate, shortTime, size } from '../output/text.ts';
import { FLAG_FIELDS } from './flag-fields.ts';
import { type QueryOptions, readQuery } from './query-options.ts';
import { type UidSet, withUids } from './uid-set.ts';
import { undecidedIn, warnOfUndecided } from './undecided.ts';
import { collecting, notComplete, untilAllDone, untilTheLast } from './until-complete.ts';

const FIELDS: readonly Field<MessageAnswer>[] = [
  { name: 'uid', value: ({ uid }) => uid },
  {
    name: 'internalDate',
    label: 'date',
    value: ({ internalDate }) => internalDate,
    // In a storage, days of three times are all that a terminal has room for.
    shown: ({ internalDate, expungedAt }) =>
      expungedAt === undefined ? shortTime(internalDate) : shortDate(internalDate),
    isWhole: true,
  },
  { name: 'size', value: (message) => message.size, shown: (message) => size(message.size) },
  ...FLAG_FIELDS,
  { name: 'from', value: ({ from }) => from },
  { name: 'subject', value: ({ subject }) => subject },
  { name: 'origin', value: ({ origin }) => origin },
  {
    name: 'expungedAt',
    label: 'expunged',
    value: ({ expungedAt }) => expungedAt,
    shown: ({ expungedAt = '' }) => shortDate(expungedAt),
    isWhole: true,
  },
  {
    name: 'expiresAt',
    label: 'expires',
    value: ({ expiresAt }) => expiresAt,
    shown: ({ expiresAt = '' }) => shortDate(expiresAt),
    isWhole: true,
  },
];

const FOUND: readonly Field<SearchAnswer['items'][number]>[] = [
  { name: 'mailbox', value: ({ mailbox }) => mailbox },
  { name: 'uid', value: ({ uid }) => uid },
  { name: 'subject', value: ({ subject }) => subject },
];

const CHANGED: readonly Field<number>[] = [{ name: 'uid', value: (uid) => uid }];

export interface AccountOptions {
  readonly user: string;
  /** Acts as this user; as an administrator when missing. */
  readonly as?: string;
}

export interface ListMessagesOptions extends AccountOptions {
  /** The INBOX when missing; in a deletion, the folder that was deleted. */
  readonly mailbox?: string;
  /** Id of a deletion in which the mailbox is. */
  readonly deletion?: string;
}

export interface FetchMessageOptions extends ListMessagesOptions {
  readonly uid: number;
}

export interface FlagMessagesOptions extends AccountOptions {
  readonly mailbox: string;
  readonly uid: UidSet;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

export interface SearchOptions extends AccountOptions, QueryOptions {}

export async function listMessages(
  { io, format, client }: Context,
  { user, as, ...place }: ListMessagesOptions,
): Promise<number> {
  const messages = (await client()).door(user, as).messages(placeOf(place));
  await printList(io, format, messages, FIELDS);
  return EXIT.ok;
}

function placeOf({ mailbox, deletion }: Pick<ListMessagesOptions, 'mailbox' | 'deletion'>) {
  if (deletion === undefined) return { mailbox: mailbox ?? 'INBOX' };
  return mailbox === undefined ? { deletion } : { deletion, mailbox };
}

/** Writes the message to standard output, byte for byte. */
export async function fetchMessage(
  { io, client }: Context,
  { user, as, uid, ...place }: FetchMessageOptions,
): Promise<number> {
  await write(io.stdout, await (await client()).door(user, as).message(placeOf(place), uid));
  return EXIT.ok;
}

/**
 * Adds and removes flags and keywords; prints the UIDs for which that was allowed.
 * @throws CliError 64 without anything to add or remove
 */
export async function flagMessages(
  { io, format, client }: Context,
  { user, as, mailbox, add = [], remove = [], ...options }: FlagMessagesOptions,
): Promise<number> {
  if (add.length + remove.length === 0) {
    throw new CliError(EXIT.usage, 'nothing to change: allowed are --add and --remove');
  }
  const twice = add.find((one) => remove.some((other) => isSameWord(one, other)));
  if (twice !== undefined) {
    throw new CliError(EXIT.usage, `--add and --remove of ${safe(twice)}: allowed is one of them`);
  }
  const change: Omit<ChangeFlagsRequest, 'uids'> = {
    mailbox,
    ...(add.length === 0 ? {} : { add: toChange(add) }),
    ...(remove.length === 0 ? {} : { remove: toChange(remove) }),
  };
  const door = (await client()).door(user, as);
  const { uid = [] } = await withUids(options, () => door.messages({ mailbox }));
  const changed: number[] = [];
  const complete = await untilAllDone(
    { io, title: 'Change flags' },
    uid,
    async (uids) => {
      const answer = await door.changeFlags({ ...change, uids });
      changed.push(...answer.changed);
      return { complete: true, uids };
    },
    ({ uids }) => uids,
  );
  if (format === 'json') await writeLine(io.stdout, JSON.stringify({ changed }, undefined, 2));
  else await printList(io, format, once(changed), CHANGED);
  const asked = changed.length === uid.length ? '' : ` of ${counted(uid.length, 'UID')}`;
  await writeLine(io.stderr, `${counted(changed.length, 'message')}${asked} changed`);
  if (!complete) throw notComplete(io, 'Give the same command again: it does no harm.');
  return EXIT.ok;
}

/** Flags are the same in any case, keywords only in one (RFC 9051 leaves that to the server). */
const isSameWord = (one: string, other: string): boolean =>
  one === other || (one.startsWith('\\') && one.toLowerCase() === other.toLowerCase());

/**
 * IMAP has no keywords with a backslash.
 * @throws CliError 64 for the name of a flag without its backslash, which would be a keyword
 */
function toChange(words: readonly string[]): FlagChange {
  for (const word of words) {
    const flag = SYSTEM_FLAGS.find((one) => one.toLowerCase() === `\\${word.toLowerCase()}`);
    if (flag === undefined) continue;
    throw new CliError(EXIT.usage, `got ${safe(word)}: the flag is ${flag}, with a backslash`, {
      hint: `In most shells: '${flag}'`,
    });
  }
  const isFlag = (word: string) => word.startsWith('\\');
  const flags = words.filter(isFlag);
  const keywords = words.filter((word) => !isFlag(word));
  return {
    ...(flags.length === 0 ? {} : { flags }),
    ...(keywords.length === 0 ? {} : { keywords }),
  };
}

/**
 * @returns 65 when the list is cut: it does not come to an end
 * @throws CliError 68 where there is no mailbox to look in
 */
export async function searchMessages(
  { io, format, client }: Context,
  { user, as, ...options }: SearchOptions,
): Promise<number> {
  const query = readQuery(options, 'mailbox') as MessageQuery | undefined;
  if (query === undefined) {
    throw new CliError(EXIT.usage, 'nothing to look for: give --query, --all, --mailbox, ...');
  }
  const door = (await client()).door(user, as);
  const { answers, ask } = collecting((one: SearchRequest) => door.searchMessages(one));
  const complete = await untilTheLast(
    { io, title: 'Search messages' },
    (cursor) => ask(cursor === undefined ? { query } : { query, cursor }),
    ({ count }) => count,
  );
  const items = answers.flatMap((one) => one.items);
  const mailboxesMatched = Math.max(0, ...answers.map((one) => one.mailboxesMatched));
  const answer = {
    items,
    count: items.length,
    mailboxesMatched,
    ...undecidedIn(answers),
    complete,
  };
  if (format === 'json') await writeLine(io.stdout, JSON.stringify(answer, undefined, 2));
  else await printList(io, format, once(answer.items), FOUND);
  await warnOfUndecided(io, answer);
  if (mailboxesMatched === 0) {
    throw new CliError(
      EXIT.unknownName,
      'the query matches no mailbox of this account that may be read',
    );
  }
  if (answer.complete) return EXIT.ok;
  if (io.interruption().aborted) throw notComplete(io, 'Ask for less, or again.');
  const shown = counted(answer.items.length, 'message');
  await writeLine(io.stderr, `the list is cut after ${shown}: there may be more, ask for less`);
  return EXIT.badData;
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
