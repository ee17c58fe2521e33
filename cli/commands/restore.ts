/** `lethe message restore` */

import type { RestoreMessagesAnswer } from '../../functions/contract/mail-api.ts';
import type { RestoreQuery } from '../../functions/contract/query-api.ts';
import type { RestoreMessagesRequest } from '../../functions/contract/requests/messages.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { counted, size } from '../output/text.ts';
import type { AccountOptions } from './message.ts';
import { tellWhyNothing, whyNothing } from './nothing-kept.ts';
import { type QueryOptions, readQuery } from './query-options.ts';
import { requireNamedMailbox, type UidSet, type WithNamedUids, withUids } from './uid-set.ts';
import { undecidedIn, warnOfUndecided } from './undecided.ts';
import { collecting, notComplete, untilAllDone, untilTheLast } from './until-complete.ts';

const FIELDS: readonly Field<RestoreMessagesAnswer['restored'][number]>[] = [
  { name: 'mailbox', value: ({ mailbox }) => mailbox },
  { name: 'uid', value: ({ uid }) => uid },
  { name: 'to', value: ({ to }) => to },
  { name: 'newUid', value: ({ newUid }) => newUid },
];

export interface RestoreOptions extends AccountOptions, QueryOptions {
  readonly uid?: UidSet;
  readonly to?: string;
  readonly keep?: boolean;
  readonly overQuota?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Prints which message went where.
 * @throws CliError 64 for options that do not go together; 75 when it does not come to an end
 */
export async function restoreMessages(context: Context, given: RestoreOptions): Promise<number> {
  const { io, format, client } = context;
  const door = async () => (await client()).door(given.user, given.as);
  const options = await withUids(given, async () => {
    const mailbox = requireNamedMailbox(given.mailbox, '--uid needs');
    return (await door()).messages({ mailbox });
  });
  const request = toRequest(options);
  const done = await send(io, await door(), request);
  if (format === 'json') await writeLine(io.stdout, JSON.stringify(done, undefined, 2));
  else await printList(io, format, once(done.restored), FIELDS);
  const { restored, bytes, dryRun, overQuota, complete } = done;
  const what = `${counted(restored.length, 'message')}, ${size(bytes)}`;
  const over = overQuota ? ', over quota' : '';
  await warnOfUndecided(io, done);
  await tellWhyNothing(io, done);
  if (dryRun) {
    const least = complete ? '' : 'at least ';
    await writeLine(io.stderr, `would restore ${least}${what}${over}; nothing was changed`);
    return EXIT.ok;
  }
  await writeLine(io.stderr, `${what} restored${over}`);
  if (complete) return EXIT.ok;
  throw notComplete(
    io,
    request.keep
      ? 'Ask for less at a time: the rest, not the same.'
      : 'Give the same command again.',
  );
}

function toRequest(options: WithNamedUids<RestoreOptions>): RestoreMessagesRequest {
  const { mailbox, uid: uids, to, keep, overQuota, dryRun } = options;
  const query = readQuery(options) as RestoreQuery | undefined;
  if (uids !== undefined && query !== undefined) {
    throw new CliError(EXIT.usage, '--uid and a query: allowed is one of them');
  }
  if (uids === undefined && query === undefined) {
    throw new CliError(EXIT.usage, 'nothing to restore: give --uid, or a query', {
      hint: "For all there is give --query '{}'.",
    });
  }
  if (uids !== undefined) requireNamedMailbox(mailbox, '--uid needs');
  return {
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(uids === undefined ? {} : { uids }),
    ...(query === undefined ? {} : { query }),
    ...(to === undefined ? {} : { to }),
    ...(keep ? { keep } : {}),
    ...(overQuota ? { overQuota } : {}),
    ...(dryRun ? { dryRun } : {}),
  };
}

async function send(
  io: Io,
  door: AccountDoor,
  request: RestoreMessagesRequest,
): Promise<RestoreMessagesAnswer> {
  const { answers, ask } = collecting((one: RestoreMessagesRequest) => door.restoreMessages(one));
  const { uids, dryRun } = request;
  let complete: boolean;
  if (uids !== undefined) {
    complete = await untilAllDone(
      { io, title: 'Restore messages' },
      uids,
      (some) => ask({ ...request, uids: some }),
      ({ restored }) => restored.map(({ uid }) => uid),
    );
  } else {
    complete = await untilTheLast(
      { io, title: 'Restore messages' },
      (cursor) => ask(cursor === undefined ? request : { ...request, cursor }),
      ({ restored }) => restored.length,
    );
  }
  return {
    ...(dryRun ? { dryRun: true } : {}),
    restored: answers.flatMap(({ restored }) => restored),
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(answers.some(({ overQuota }) => overQuota) ? { overQuota: true } : {}),
    ...undecidedIn(answers),
    ...whyNothing(
      answers,
      answers.every(({ restored }) => restored.length === 0),
    ),
    complete,
  };
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
