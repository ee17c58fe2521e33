/** `lethe message purge-expunged` */

import type { PurgeExpungedRequest } from '../../functions/contract/requests/unexpunge.ts';
import type { PurgeExpungedAnswer } from '../../functions/contract/unexpunge-api.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printRecord } from '../output/records.ts';
import { count, counted, size } from '../output/text.ts';
import { aftermathWords } from './aftermath.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { notComplete, untilTheLast } from './until-complete.ts';

const FIELDS: readonly Field<PurgeExpungedAnswer>[] = [
  { name: 'dryRun', value: ({ dryRun }) => dryRun, shown: () => 'nothing was changed' },
  { name: 'removed', value: ({ removed }) => removed, shown: ({ removed }) => count(removed) },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  {
    name: 'complete',
    value: ({ complete }) => complete,
    shown: ({ complete }) => (complete ? 'yes' : 'no, there may be more'),
  },
  { name: 'goneForGood', value: ({ goneForGood }) => goneForGood },
];

export interface PurgeExpungedOptions {
  readonly user: string;
  readonly mailbox?: string;
  readonly olderThanDays: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * @throws CliError 64 without `--yes` where nobody can be asked, and when the answer was no; 75
 *   when it does not come to an end
 */
export async function purgeExpunged(
  { io, format, client }: Context,
  { user, mailbox, olderThanDays, dryRun, yes }: PurgeExpungedOptions,
): Promise<number> {
  const request = { olderThanDays, ...(mailbox === undefined ? {} : { mailbox }) };
  const door = (await client()).door(user);
  if (dryRun) {
    await printRecord(io, format, await send(io, door, { ...request, dryRun }), FIELDS);
    return EXIT.ok;
  }
  if (!yes) await confirm(io, door, request, user);
  const done = await send(io, door, request);
  await printRecord(io, format, done, FIELDS);
  const words = aftermathWords(done, user);
  await writeLine(io.stderr, words === undefined ? NOTHING_FOUND : `${contentOf(done)}. ${words}`);
  if (!done.complete) throw notComplete(io, 'Give the same command again.');
  return EXIT.ok;
}

async function send(
  io: Io,
  door: AccountDoor,
  request: PurgeExpungedRequest,
): Promise<PurgeExpungedAnswer> {
  let [removed, bytes] = [0, 0];
  const ask = async (cursor: string | undefined) => {
    const answer = await door.purgeExpunged(
      cursor === undefined ? request : { ...request, cursor },
    );
    removed += answer.removed;
    bytes += answer.bytes;
    return answer;
  };
  const complete = await untilTheLast(
    { io, title: 'Purge what was expunged' },
    ask,
    (answer) => answer.removed,
  );
  const gone = removed === 0 ? {} : { goneForGood: removed };
  return { ...(request.dryRun ? { dryRun: true } : {}), removed, bytes, ...gone, complete };
}

const NOTHING_FOUND = 'Nothing that was expunged in place is that old.';

const contentOf = ({ removed, bytes }: PurgeExpungedAnswer): string =>
  `${counted(removed, 'message')}, ${size(bytes)}`;

async function confirm(
  io: Io,
  door: AccountDoor,
  request: PurgeExpungedRequest,
  user: string,
): Promise<void> {
  if (!canAsk(io)) {
    throw new CliError(EXIT.usage, 'there is no terminal to ask for confirmation', {
      hint: 'To purge without being asked, give --yes. To see what would go, give --dry-run.',
    });
  }
  const found = await send(io, door, { ...request, dryRun: true });
  const least = found.complete ? '' : 'at least ';
  const gone = aftermathWords(found, user, { complete: found.complete }) ?? NOTHING_FOUND;
  const statement = `This ends ${least}${contentOf(found)}, expunged in place, of ${user}. ${gone}`;
  if (await confirmByTyping(io, statement, user)) return;
  throw new CliError(EXIT.usage, 'not confirmed: nothing was changed');
}
