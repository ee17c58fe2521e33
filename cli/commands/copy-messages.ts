/** `lethe message copy | move` */

import type { CopyMessagesAnswer, WouldMoveAnswer } from '../../functions/contract/mail-api.ts';
import type { CopyMessagesRequest } from '../../functions/contract/requests/messages.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { type Field, printList, printRecord } from '../output/records.ts';
import { count, counted, safe, size } from '../output/text.ts';
import { aftermathOf, moveWords } from './aftermath.ts';
import type { AccountOptions } from './message.ts';
import { type UidSet, withUids } from './uid-set.ts';
import { inRequests, notComplete, untilAllDone } from './until-complete.ts';

interface Copied {
  readonly uid: number;
  readonly newUid: number;
}

const FIELDS: readonly Field<Copied>[] = [
  { name: 'uid', value: ({ uid }) => uid },
  { name: 'newUid', value: ({ newUid }) => newUid },
];

const FORETOLD: readonly Field<Omit<WouldMoveAnswer, 'dryRun' | 'complete'>>[] = [
  { name: 'dryRun', value: () => true, shown: () => 'nothing was changed' },
  {
    name: 'messages',
    value: ({ uids }) => uids.length,
    shown: ({ uids }) => count(uids.length),
  },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
];

export interface CopyMessagesOptions extends AccountOptions {
  /** In a deletion, the folder that was deleted when missing. */
  readonly mailbox?: string;
  /** What `--mailbox` was called before. */
  readonly from?: string;
  /** Copies only. */
  readonly deletion?: string;
  readonly uid: UidSet;
  readonly to: string;
  /** Moves only. */
  readonly dryRun?: boolean;
}

/**
 * Prints what UIDs the messages have in the target.
 * @throws CliError 75 when it does not come to an end
 */
export async function copyMessages(
  context: Context,
  verb: 'copy' | 'move',
  {
    user,
    as,
    from: formerly,
    mailbox: from = formerly,
    deletion,
    to,
    ...options
  }: CopyMessagesOptions,
): Promise<number> {
  if (from === undefined && deletion === undefined) {
    throw new CliError(EXIT.usage, '--mailbox is missing: it names where they are');
  }
  const { io, client } = context;
  const door = (await client()).door(user, as);
  const place =
    deletion === undefined
      ? { mailbox: from ?? '' }
      : { deletion, ...(from === undefined ? {} : { mailbox: from }) };
  const { uid = [], dryRun } = await withUids(options, () => door.messages(place));
  if (dryRun) {
    return await foretellMove(context, door, user, { from: from ?? '', uids: uid, to });
  }
  const answers: CopyMessagesAnswer[] = [];
  const complete = await untilAllDone(
    { io, title: verb === 'copy' ? 'Copy messages' : 'Move messages' },
    uid,
    async (uids) => {
      const source = from === undefined ? {} : { from };
      const deleted = deletion === undefined ? {} : { fromDeletion: deletion };
      const answer =
        verb === 'copy'
          ? await door.copyMessages({ ...source, ...deleted, uids, to })
          : await door.moveMessages({ from: from ?? '', uids, to });
      answers.push(answer);
      return answer;
    },
    ({ uids }) => uids,
  );
  const done = {
    uidValidity: answers.at(-1)?.uidValidity ?? 0,
    uids: answers.flatMap(({ uids }) => uids),
    newUids: answers.flatMap(({ newUids }) => newUids),
    ...aftermathOf(answers),
    complete,
  };
  await print(context, done);
  const asked = done.uids.length === uid.length ? '' : ` of ${counted(uid.length, 'UID')}`;
  const did = verb === 'copy' ? 'copied' : 'moved';
  await writeLine(
    io.stderr,
    `${counted(done.uids.length, 'message')}${asked} ${did} to ${safe(to)}`,
  );
  const words = moveWords(done, user, { mailbox: from });
  if (words !== undefined) await writeLine(io.stderr, words);
  if (!complete) throw notComplete(io, 'Give the UIDs that are left once more.');
  return EXIT.ok;
}

/** In as many requests as the UIDs take. */
async function foretellMove(
  context: Context,
  door: AccountDoor,
  user: string,
  { from, uids, to }: CopyMessagesRequest,
): Promise<number> {
  const { io, format } = context;
  const answers: WouldMoveAnswer[] = [];
  for (const some of inRequests(uids)) {
    answers.push(await door.wouldMoveMessages({ from, uids: some, to }));
  }
  const found = {
    dryRun: true,
    uids: answers.flatMap((answer) => answer.uids),
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    ...aftermathOf(answers),
    complete: true,
  };
  await printRecord(io, format, found, FORETOLD);
  const words = moveWords(found, user, { mailbox: from });
  if (words !== undefined) await writeLine(io.stderr, words);
  return EXIT.ok;
}

async function print({ io, format }: Context, done: CopyMessagesAnswer): Promise<void> {
  if (format === 'json') return writeLine(io.stdout, JSON.stringify(done, undefined, 2));
  const copied = done.uids.map((uid, at) => ({ uid, newUid: done.newUids[at] ?? 0 }));
  const once = async function* () {
    yield copied;
  };
  await printList(io, format, once(), FIELDS);
}
