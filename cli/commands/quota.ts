/** `lethe quota get | set | recount` */
import type { QuotaAnswer, QuotaDrift } from '../../functions/contract/mail-api.ts';
import { sizeInBytes } from '../../functions/contract/seed-mail-settings.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { withProgress } from '../output/long-work.ts';
import { type Field, printRecord } from '../output/records.ts';
import { count, safe, size } from '../output/text.ts';

const FIELDS: readonly Field<QuotaAnswer>[] = [
  { name: 'messages', value: ({ messages }) => messages, shown: ({ messages }) => count(messages) },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  {
    name: 'limitBytes',
    value: ({ limitBytes }) => limitBytes,
    shown: ({ limitBytes = 0 }) => size(limitBytes),
  },
  {
    name: 'percent',
    value: ({ bytes, limitBytes }) =>
      limitBytes === undefined ? undefined : Math.floor((100 * bytes) / limitBytes),
  },
];

export interface QuotaOptions {
  readonly user: string;
  readonly as?: string;
}

export async function showQuota(
  { io, format, client }: Context,
  { user, as }: QuotaOptions,
): Promise<number> {
  await printRecord(io, format, await (await client()).door(user, as).quota(), FIELDS);
  return EXIT.ok;
}

/** @param limit a size such as `500M` or `2G` in powers of 1,024, bytes, or `none` */
export async function setQuota(
  { io, format, client }: Context,
  limit: string,
  { user }: QuotaOptions,
): Promise<number> {
  const limitBytes = limit === 'none' ? null : sizeInBytes(limit, 'B');
  if (limitBytes === undefined) {
    throw new CliError(
      EXIT.usage,
      `quota: got ${JSON.stringify(limit)}, allowed are none, or a size such as 500M, 2G or 1048576`,
    );
  }
  await printRecord(io, format, await (await client()).door(user).setQuota({ limitBytes }), FIELDS);
  return EXIT.ok;
}

/** Counts again; what was off is said on standard error. */
export async function recountQuota(
  { io, format, client }: Context,
  { user }: QuotaOptions,
): Promise<number> {
  const door = (await client()).door(user);
  const work = { io, title: 'Count messages and bytes again' };
  const { drift, ...quota } = await withProgress(work, () => recountAll(io, door));
  await printRecord(io, format, { ...quota, drift }, FIELDS);
  for (const { mailbox, messages, bytes } of drift) {
    await writeLine(
      io.stderr,
      `corrected ${safe(mailbox)}: it counted ${off(messages)} messages, ${off(bytes)} bytes`,
    );
  }
  return EXIT.ok;
}

/** A large account takes several requests. */
async function recountAll(
  { interruption }: Pick<Io, 'interruption'>,
  door: AccountDoor,
): Promise<QuotaAnswer & { drift: QuotaDrift[] }> {
  const found: QuotaDrift[] = [];
  let cursor: string | undefined;
  for (;;) {
    const { drift = [], next, ...quota } = await door.recountQuota(cursor);
    found.push(...drift);
    if (next === undefined) return { ...quota, drift: found };
    if (next === cursor) throw new CliError(EXIT.fault, 'the count does not come to an end');
    if (interruption().aborted) {
      throw new CliError(EXIT.interrupted, 'interrupted: what was counted is corrected', {
        hint: 'Give the same command again for the rest.',
      });
    }
    cursor = next;
  }
}

const off = (value: number): string =>
  value < 0 ? `${count(-value)} too few` : `${count(value)} too many`;
