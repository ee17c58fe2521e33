/** `lethe message copy | move` */

import type { CopyMessagesAnswer } from '../../functions/contract/mail-api.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { counted, safe } from '../output/text.ts';
import { aftermathOf, moveWords } from './aftermath.ts';
import type { AccountOptions } from './message.ts';
import { type UidSet, withUids } from './uid-set.ts';
import { notComplete, untilAllDone } from './until-complete.ts';

interface Copied {
  readonly uid: number;
  readonly newUid: number;
}

const FIELDS: readonly Field<Copied>[] = [
  { name: 'uid', value: ({ uid }) => uid },
  { name: 'newUid', value: ({ newUid }) => newUid },
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
  const { uid = [] } = await withUids(options, () => door.messages(place));
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

async function print({ io, format }: Context, done: CopyMessagesAnswer): Promise<void> {
  if (format === 'json') return writeLine(io.stdout, JSON.stringify(done, undefined, 2));
  const copied = done.uids.map((uid, at) => ({ uid, newUid: done.newUids[at] ?? 0 }));
  const once = async function* () {
    yield copied;
  };
  await printList(io, format, once(), FIELDS);
}
