/** `lethe mailbox undelete` */
import type { UndeleteMailboxAnswer } from '../../functions/contract/folder-api.ts';
import type { UndeleteMailboxRequest } from '../../functions/contract/requests/folders.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { withProgress } from '../output/long-work.ts';
import { type Field, printRecord } from '../output/records.ts';
import { counted, size } from '../output/text.ts';
import { COST_FIELDS, SIZE_FIELDS } from './folder-fields.ts';
import type { parseTime } from './query-options.ts';
import { notComplete } from './until-complete.ts';

const FIELDS: readonly Field<UndeleteMailboxAnswer>[] = [
  { name: 'dryRun', value: ({ dryRun }) => dryRun, shown: () => 'nothing was changed' },
  { name: 'deletionId', label: 'deletion', value: ({ deletionId }) => deletionId },
  { name: 'to', value: ({ to }) => to },
  ...SIZE_FIELDS,
  { name: 'complete', value: ({ complete }) => complete, shown: () => 'no, there is more' },
  { name: 'overQuota', value: ({ overQuota }) => overQuota, shown: () => 'yes' },
  ...COST_FIELDS,
];

export interface UndeleteOptions {
  readonly user: string;
  readonly deletion?: string;
  readonly at?: ReturnType<typeof parseTime>;
  readonly path?: string;
  readonly to?: string;
  readonly toUser?: string;
  readonly overQuota?: boolean;
  readonly dryRun?: boolean;
}

/** Only live mail is copied into another account, and the folder that holds the rest ends then. */
const STAYS =
  'What was expunged in place there would stay behind, out of reach: to keep it, bring the folder back to its own user first.';
const STAYED = 'What was expunged in place there has stayed behind, out of reach.';

/** @throws CliError 64 for options that do not go together; 75 when it did not come to an end */
export async function undeleteMailbox(
  { io, format, client }: Context,
  mailbox: string | undefined,
  options: UndeleteOptions,
): Promise<number> {
  const request = toRequest(mailbox, options, io.now());
  const door = (await client()).door(options.user);
  const done = await withProgress({ io, title: 'Bring back mailboxes' }, () =>
    door.undeleteMailbox(request),
  );
  await printRecord(io, format, done, FIELDS);
  const { mailboxes, messages, bytes, to, overQuota, dryRun } = done;
  const what = `${counted(mailboxes, 'mailbox', 'mailboxes')}, ${counted(messages, 'message')}, ${size(bytes)}`;
  const over = overQuota ? ', over quota' : '';
  if (done.complete === false) throw notComplete(io, 'Give the same command again.');
  await writeLine(
    io.stderr,
    dryRun
      ? `would bring back ${what} as ${to}${over}; nothing was changed`
      : `${what} back as ${to}${over}`,
  );
  if (options.toUser !== undefined) await writeLine(io.stderr, dryRun ? STAYS : STAYED);
  return EXIT.ok;
}

/** @param now epoch milliseconds */
function toRequest(
  mailbox: string | undefined,
  { deletion, at, path, to, toUser, overQuota, dryRun }: UndeleteOptions,
  now: number,
): UndeleteMailboxRequest {
  if ((mailbox === undefined) === (deletion === undefined)) {
    throw new CliError(EXIT.usage, 'allowed is one of a mailbox and --deletion', {
      hint: 'To see which deletions there are: lethe mailbox deleted.',
    });
  }
  if (at !== undefined && mailbox === undefined) {
    throw new CliError(EXIT.usage, '--at and --deletion: allowed is one of them');
  }
  if (path !== undefined && deletion === undefined) {
    throw new CliError(EXIT.usage, '--path needs --deletion: a name can be that of a part itself');
  }
  return {
    ...(deletion === undefined ? {} : { deletionId: deletion }),
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(at === undefined ? {} : { at: momentOf(at, now) }),
    ...(path === undefined ? {} : { path }),
    ...(to === undefined ? {} : { to }),
    ...(toUser === undefined ? {} : { toUser }),
    ...(overQuota ? { overQuota } : {}),
    ...(dryRun ? { dryRun } : {}),
  };
}

function momentOf(time: ReturnType<typeof parseTime>, now: number): string {
  const { at, secondsAgo } = time;
  const moment = typeof at === 'string' ? Date.parse(at) : now - Number(secondsAgo) * 1000;
  return new Date(moment).toISOString();
}
