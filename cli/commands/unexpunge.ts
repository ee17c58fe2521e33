/** `lethe message expunged | unexpunge` */

import type { UnexpungeRequest } from '../../functions/contract/requests/unexpunge.ts';
import type { ExpungedItem, UnexpungeAnswer } from '../../functions/contract/unexpunge-api.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { counted, shortTime, size } from '../output/text.ts';
import { FLAG_FIELDS } from './flag-fields.ts';
import { tellWhyNothing, whyNothing } from './nothing-kept.ts';
import { type UidSet, type WithNamedUids, withUids } from './uid-set.ts';
import { collecting, notComplete, untilAllDone, untilTheLast } from './until-complete.ts';

const FIELDS: readonly Field<ExpungedItem>[] = [
  { name: 'uid', value: ({ uid }) => uid },
  {
    name: 'expungedAt',
    label: 'expunged',
    value: ({ expungedAt }) => expungedAt,
    shown: ({ expungedAt }) => shortTime(expungedAt),
    isWhole: true,
  },
  {
    name: 'expiresAt',
    label: 'expires',
    value: ({ expiresAt }) => expiresAt ?? 'never',
    shown: ({ expiresAt }) => (expiresAt === undefined ? 'never' : shortTime(expiresAt)),
    isWhole: true,
  },
  { name: 'size', value: (item) => item.size, shown: (item) => size(item.size) },
  ...FLAG_FIELDS,
  { name: 'from', value: ({ from }) => from },
  { name: 'subject', value: ({ subject }) => subject },
];

const RESTORED: readonly Field<UnexpungeAnswer['restored'][number]>[] = [
  { name: 'uid', value: ([uid]) => uid },
  { name: 'newUid', value: ([, newUid]) => newUid },
];

export interface ExpungedOptions {
  readonly user: string;
  readonly mailbox: string;
}

export interface UnexpungeOptions extends ExpungedOptions {
  readonly uid?: UidSet;
  readonly all?: true;
  /** Seconds. */
  readonly expungedWithin?: number;
  readonly keepDeleted?: boolean;
  readonly addKeyword?: string;
  readonly overQuota?: boolean;
  readonly dryRun?: boolean;
}

export async function listExpunged(
  { io, format, client }: Context,
  { user, mailbox }: ExpungedOptions,
): Promise<number> {
  await printList(io, format, (await client()).door(user).expunged(mailbox), FIELDS);
  return EXIT.ok;
}

/**
 * Prints each UID that was restored, with the one that the message has now.
 * @throws CliError 64 for options that do not go together; 75 when it does not come to an end
 */
export async function unexpungeMessages(
  { io, format, client }: Context,
  given: UnexpungeOptions,
): Promise<number> {
  const { user, mailbox } = given;
  const options = await withUids(given, async () => (await client()).door(user).expunged(mailbox));
  const request = toRequest(options);
  const done = await send(io, (await client()).door(user), request);
  if (format === 'json') await writeLine(io.stdout, JSON.stringify(done, undefined, 2));
  else await printList(io, format, once(done.restored), RESTORED);
  const what = `${counted(done.count, 'message')}, ${size(done.bytes)}`;
  const over = done.overQuota ? ', over quota' : '';
  await tellWhyNothing(io, done);
  if (done.dryRun) {
    const least = done.complete ? '' : 'at least ';
    await writeLine(io.stderr, `would restore ${least}${what}${over}; nothing was changed`);
    return EXIT.ok;
  }
  await writeLine(io.stderr, `${what} restored to ${options.mailbox}${over}`);
  if (done.complete) return EXIT.ok;
  throw notComplete(io, 'Give the same command again.');
}

function toRequest(options: WithNamedUids<UnexpungeOptions>): UnexpungeRequest {
  const { mailbox, uid: uids, all, expungedWithin, addKeyword, overQuota, dryRun } = options;
  if ([uids, all, expungedWithin].filter((one) => one !== undefined).length !== 1) {
    throw new CliError(EXIT.usage, 'allowed is one of --uid, --all and --expunged-within');
  }
  return {
    mailbox,
    ...(uids === undefined ? {} : { uids }),
    ...(all === undefined ? {} : { all }),
    ...(expungedWithin === undefined ? {} : { expungedWithinSeconds: expungedWithin }),
    ...(options.keepDeleted ? { clearDeleted: false } : {}),
    ...(addKeyword === undefined ? {} : { addKeyword }),
    ...(overQuota ? { overQuota } : {}),
    ...(dryRun ? { dryRun } : {}),
  };
}

async function send(io: Io, door: AccountDoor, request: UnexpungeRequest) {
  const { answers, ask } = collecting((one: UnexpungeRequest) => door.unexpungeMessages(one));
  const { uids } = request;
  const complete =
    uids === undefined
      ? await untilTheLast(
          { io, title: 'Restore messages' },
          asking(io, request, ask),
          ({ count }) => count,
        )
      : await untilAllDone(
          { io, title: 'Restore messages' },
          uids,
          (some) => ask({ ...request, uids: some }),
          ({ restored }) => restored.map(([uid]) => uid),
        );
  return {
    ...(request.dryRun ? { dryRun: true as const } : {}),
    restored: answers.flatMap(({ restored }) => restored),
    count: answers.reduce((sum, { count }) => sum + count, 0),
    bytes: answers.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(answers.some(({ overQuota }) => overQuota) ? { overQuota: true as const } : {}),
    ...whyNothing(
      answers,
      answers.every(({ count }) => count === 0),
    ),
    complete,
  };
}

/** A time ago is counted from the first request: later ones reach back further. */
function asking(
  io: Io,
  request: UnexpungeRequest,
  ask: (request: UnexpungeRequest) => Promise<UnexpungeAnswer>,
) {
  const startedAt = io.now();
  return (cursor: string | undefined): Promise<UnexpungeAnswer> => {
    if (cursor === undefined) return ask(request);
    const { expungedWithinSeconds: within } = request;
    const passed = Math.ceil((io.now() - startedAt) / 1000);
    const reach = within === undefined ? {} : { expungedWithinSeconds: within + passed };
    return ask({ ...request, ...reach, cursor });
  };
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
