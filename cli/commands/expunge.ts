/** `lethe message expunge` */

import type { ExpungeMessagesAnswer } from '../../functions/contract/mail-api.ts';
import type { MessageQuery } from '../../functions/contract/query-api.ts';
import type { ExpungeMessagesRequest } from '../../functions/contract/requests/messages.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printRecord } from '../output/records.ts';
import { count, counted, size } from '../output/text.ts';
import { AFTERMATH_FIELDS, aftermathOf, aftermathWords } from './aftermath.ts';
import type { Gone } from './bring-back.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import type { AccountOptions } from './message.ts';
import { type QueryOptions, readQuery } from './query-options.ts';
import { requireNamedMailbox, type UidSet, type WithNamedUids, withUids } from './uid-set.ts';
import { undecidedIn, warnOfUndecided } from './undecided.ts';
import { collecting, notComplete, untilAllDone, untilTheLast } from './until-complete.ts';

const FIELDS: readonly Field<ExpungeMessagesAnswer>[] = [
  { name: 'dryRun', value: ({ dryRun }) => dryRun, shown: () => 'nothing was changed' },
  {
    name: 'expunged',
    value: ({ expunged }) => expunged.length,
    shown: ({ expunged }) => count(expunged.length),
  },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  {
    name: 'mailboxesMatched',
    value: ({ mailboxesMatched }) => mailboxesMatched,
    shown: ({ mailboxesMatched }) => count(mailboxesMatched),
  },
  {
    name: 'deleted',
    label: 'mailboxes deleted',
    value: ({ deleted }) => deleted?.length,
    shown: ({ deleted = [] }) => deleted.join(', '),
  },
  {
    name: 'complete',
    value: ({ complete }) => complete,
    shown: ({ complete }) => (complete ? 'yes' : 'no, there may be more'),
  },
  ...AFTERMATH_FIELDS,
];

/**
 * The API answers within 30 seconds. A query that is sent again leaves alone what was saved after
 * the first one was sent, so that what went to the expunge storage meanwhile is not met there;
 * the rest of the minute is for clocks that disagree.
 */
const ANSWER_SECONDS_MAX = 60;

export interface ExpungeOptions extends AccountOptions, QueryOptions {
  readonly uid?: UidSet;
  readonly deleted?: boolean;
  readonly bypassExpungeStorage?: boolean;
  readonly deleteEmptied?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * @throws CliError 64 for options that do not go together, without `--yes` where nobody can be
 *   asked, and when the answer was no; 75 when it does not come to an end
 */
export async function expungeMessages(context: Context, given: ExpungeOptions): Promise<number> {
  const { io, client } = context;
  const options = await withUids(given, async () => {
    const { user, as, mailbox } = given;
    return (await client())
      .door(user, as)
      .messages({ mailbox: requireNamedMailbox(mailbox, '--uid and --deleted need') });
  });
  const request = toRequest(options);
  const door = (await client()).door(options.user, options.as);
  if (options.dryRun) {
    await finish(context, request, await send(io, door, { ...request, dryRun: true }));
    return EXIT.ok;
  }
  if (!options.yes) await confirm(io, door, request, options.user);
  const startedAt = io.now();
  const done = await send(io, door, request);
  await finish(context, request, done);
  await writeLine(io.stderr, `${contentOf(done)} expunged`);
  const words = aftermathWords(done, options.user, goneOf(request, done, startedAt));
  if (words !== undefined) await writeLine(io.stderr, words);
  if (!done.complete) throw notComplete(io, 'Give the same command again.');
  return EXIT.ok;
}

function toRequest(options: WithNamedUids<ExpungeOptions>): ExpungeMessagesRequest {
  const { mailbox, uid: uids, deleted, bypassExpungeStorage, deleteEmptied } = options;
  const bypass = bypassExpungeStorage ? { bypassExpungeStorage } : {};
  const asked = readQuery(options);
  if (asked === undefined) {
    if (deleteEmptied) throw new CliError(EXIT.usage, '--delete-emptied needs a query');
    if (uids === undefined && !deleted) {
      throw new CliError(EXIT.usage, 'nothing to expunge: give --uid, --deleted, or a query', {
        hint: 'For all messages of a mailbox give --all.',
      });
    }
    return {
      mailbox: requireNamedMailbox(mailbox, '--uid and --deleted need'),
      ...(uids === undefined ? {} : { uids }),
      ...(uids !== undefined && deleted ? { deletedOnly: true } : {}),
      ...bypass,
    };
  }
  if (uids !== undefined || deleted) {
    const option = uids === undefined ? '--deleted' : '--uid';
    throw new CliError(EXIT.usage, `${option} and a query: allowed is one of them`);
  }
  const query = readQuery(options, 'mailbox') as MessageQuery;
  return { query, ...bypass, ...(deleteEmptied ? { deleteEmptied } : {}) };
}

/** All of it, in as many requests as that takes; a dry run is no further than one answer goes. */
async function send(
  io: Io,
  door: AccountDoor,
  request: ExpungeMessagesRequest,
): Promise<ExpungeMessagesAnswer> {
  const { answers, ask } = collecting((one: ExpungeMessagesRequest) => door.expungeMessages(one));
  const { uids, query, dryRun } = request;
  const startedAt = io.now();
  let complete: boolean;
  if (uids !== undefined) {
    complete = await untilAllDone(
      { io, title: 'Expunge messages' },
      uids,
      (some) => ask({ ...request, uids: some }),
      ({ expunged }) => expunged.map(({ uid }) => uid),
    );
  } else if (dryRun) {
    complete = (await ask(request)).complete;
  } else {
    const again = () => sinceThen(request, query, io.now() - startedAt);
    complete = await untilTheLast(
      { io, title: 'Expunge messages' },
      (cursor) => ask(cursor === undefined ? request : { ...again(), cursor }),
      ({ expunged }) => expunged.length,
    );
  }
  return {
    ...(dryRun ? { dryRun } : {}),
    expunged: answers.flatMap(({ expunged }) => expunged),
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    ...deletedIn(answers),
    ...passedOverIn(answers),
    ...undecidedIn(answers),
    ...aftermathOf(answers),
    mailboxesMatched: Math.max(0, ...answers.map(({ mailboxesMatched }) => mailboxesMatched)),
    complete,
  };
}

function deletedIn(answers: readonly ExpungeMessagesAnswer[]) {
  const deleted = answers.flatMap((answer) => answer.deleted ?? []);
  return deleted.length === 0 ? {} : { deleted };
}

function passedOverIn(answers: readonly ExpungeMessagesAnswer[]) {
  const names = answers.flatMap(({ passedOver = [] }) => passedOver);
  // Asked again, each answer names the same ones.
  const passedOver = [...new Map(names.map((one) => [`${one.uid} ${one.mailbox}`, one])).values()];
  return passedOver.length === 0 ? {} : { passedOver };
}

/** By the API's own clock, which need not be ours. */
function sinceThen(
  request: ExpungeMessagesRequest,
  query: MessageQuery | undefined,
  elapsedMs: number,
): ExpungeMessagesRequest {
  if (query === undefined) return request;
  const secondsAgo = Math.ceil(elapsedMs / 1000) + ANSWER_SECONDS_MAX;
  return { ...request, query: { or: [query], savedBefore: { secondsAgo } } };
}

async function finish(
  { io, format }: Context,
  { query }: ExpungeMessagesRequest,
  answer: ExpungeMessagesAnswer,
): Promise<void> {
  await printRecord(io, format, answer, FIELDS);
  if (query !== undefined && answer.mailboxesMatched === 0) {
    await writeLine(io.stderr, 'warning: the query matches no mailbox of this account');
  }
  await warnOfUndecided(io, answer);
  for (const { mailbox, uid } of answer.passedOver ?? []) {
    const name = `message ${uid} of ${JSON.stringify(mailbox)}`;
    await writeLine(io.stderr, `warning: ${name} stays: its row is damaged or too large`);
  }
}

const goneOf = (
  { mailbox, query }: ExpungeMessagesRequest,
  { expunged: messages }: ExpungeMessagesAnswer,
  startedAt: number,
): Gone => ({ mailbox, query, messages, startedAt });

const contentOf = ({ expunged, bytes }: ExpungeMessagesAnswer): string =>
  `${counted(expunged.length, 'message')}, ${size(bytes)}`;

async function confirm(
  io: Io,
  door: AccountDoor,
  request: ExpungeMessagesRequest,
  user: string,
): Promise<void> {
  if (!canAsk(io)) {
    throw new CliError(EXIT.usage, 'there is no terminal to ask for confirmation', {
      hint: 'To expunge without being asked, give --yes. To see what would go, give --dry-run.',
    });
  }
  const startedAt = io.now();
  const found = await send(io, door, { ...request, dryRun: true });
  const least = found.complete ? '' : 'at least ';
  const unsaid = request.bypassExpungeStorage
    ? 'It cannot be undone.'
    : 'What is in the expunge storage already, or is not kept, cannot be brought back.';
  const gone = { ...goneOf(request, found, startedAt), complete: found.complete };
  const final = aftermathWords(found, user, gone) ?? unsaid;
  const statement = `This expunges ${least}${contentOf(found)}, of ${user}. ${final}`;
  if (!(await confirmByTyping(io, statement, user))) {
    throw new CliError(EXIT.usage, 'not confirmed: nothing was changed');
  }
}
