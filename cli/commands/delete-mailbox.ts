/** `lethe mailbox delete` */
import type { DeleteMailboxAnswer } from '../../functions/contract/folder-api.ts';
import type { DeleteMailboxRequest } from '../../functions/contract/requests/folders.ts';
import type { AccountDoor } from '../api/account-door.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printRecord } from '../output/records.ts';
import { counted, size } from '../output/text.ts';
import { AFTERMATH_FIELDS, aftermathOf, aftermathWords } from './aftermath.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { COST_FIELDS, SIZE_FIELDS } from './folder-fields.ts';
import type { AccountOptions } from './message.ts';
import { collecting, notComplete, untilComplete } from './until-complete.ts';

const FIELDS: readonly Field<DeleteMailboxAnswer>[] = [
  { name: 'dryRun', value: ({ dryRun }) => dryRun, shown: () => 'nothing was changed' },
  { name: 'mode', value: ({ mode }) => mode },
  { name: 'deletionId', label: 'deletion', value: ({ deletionId }) => deletionId },
  { name: 'name', value: ({ name }) => name },
  { name: 'deletions', value: ({ deletions }) => deletions?.length },
  ...SIZE_FIELDS,
  {
    name: 'complete',
    value: ({ complete }) => complete,
    shown: ({ complete }) => (complete ? 'yes' : 'no, there is more'),
  },
  ...COST_FIELDS,
  ...AFTERMATH_FIELDS,
];

export interface DeleteMailboxOptions extends AccountOptions {
  readonly recursive?: boolean;
  readonly requireEmpty?: boolean;
  readonly unsubscribe?: boolean;
  readonly bypassExpungeStorage?: boolean;
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * @throws CliError 64 for options that do not go together, without `--yes` where nobody can be
 *   asked, and when the answer was no; 75 when it does not come to an end
 */
export async function deleteMailbox(
  { io, format, client }: Context,
  mailbox: string | undefined,
  options: DeleteMailboxOptions,
): Promise<number> {
  const request = toRequest(mailbox, options);
  const door = (await client()).door(options.user, options.as);
  if (options.dryRun) {
    const found = await door.deleteMailbox({ ...request, dryRun: true });
    await printRecord(io, format, found, FIELDS);
    return EXIT.ok;
  }
  if (!options.yes) await confirm(io, door, request, options.user);
  const startedAt = io.now();
  const done = await send(io, door, request);
  await printRecord(io, format, done, FIELDS);
  const how = done.mode === 'delayed' ? 'set aside' : 'deleted';
  await writeLine(io.stderr, `${contentOf(done)} ${how}`);
  const { recursive } = request;
  const deletionIds = [done, ...(done.deletions ?? [])].flatMap((one) => one.deletionId ?? []);
  const gone = { mailbox, recursive, deletionIds, startedAt };
  const words = aftermathWords(done, options.user, gone);
  if (words !== undefined) await writeLine(io.stderr, words);
  if (!done.complete) throw notComplete(io, 'Give the same command again.');
  return EXIT.ok;
}

function toRequest(
  mailbox: string | undefined,
  { recursive, requireEmpty, unsubscribe, bypassExpungeStorage, all }: DeleteMailboxOptions,
): DeleteMailboxRequest {
  if ((mailbox === undefined) !== (all === true)) {
    throw new CliError(EXIT.usage, 'allowed is one of a mailbox and --all');
  }
  if (all) {
    const other = Object.entries({ recursive, requireEmpty, unsubscribe, bypassExpungeStorage });
    const named = other.find(([, given]) => given)?.[0];
    if (named === undefined) return { all };
    const option = named.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new CliError(EXIT.usage, `--all and --${option}: allowed is one of them`);
  }
  return {
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(recursive ? { recursive } : {}),
    ...(requireEmpty ? { requireEmpty } : {}),
    ...(unsubscribe ? { unsubscribe } : {}),
    ...(bypassExpungeStorage ? { bypassExpungeStorage } : {}),
  };
}

/** All of it, in as many requests as that takes. */
async function send(
  io: Io,
  door: AccountDoor,
  request: DeleteMailboxRequest,
): Promise<DeleteMailboxAnswer> {
  const { answers, ask } = collecting(() => door.deleteMailbox(request));
  const complete = await untilComplete(
    { io, title: 'Delete mailboxes' },
    ask,
    ({ messages }) => messages,
    ({ mailboxes, messages }) => mailboxes + messages > 0,
  );
  const sum = (of: (answer: DeleteMailboxAnswer) => number) =>
    answers.reduce((total, answer) => total + of(answer), 0);
  const last = answers.at(-1);
  if (last === undefined) throw new TypeError('nothing was asked');
  return {
    ...last,
    ...(request.all ? { deletions: answers.flatMap(({ deletions = [] }) => deletions) } : {}),
    mailboxes: sum(({ mailboxes }) => mailboxes),
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
    ...aftermathOf(answers),
    complete,
  };
}

const contentOf = ({ mailboxes, messages, bytes }: DeleteMailboxAnswer): string =>
  `${counted(mailboxes, 'mailbox', 'mailboxes')}, ${counted(messages, 'message')}, ${size(bytes)}`;

async function confirm(
  io: Io,
  door: AccountDoor,
  request: DeleteMailboxRequest,
  user: string,
): Promise<void> {
  if (!canAsk(io)) {
    throw new CliError(EXIT.usage, 'there is no terminal to ask for confirmation', {
      hint: 'To delete without being asked, give --yes. To see what would go, give --dry-run.',
    });
  }
  const startedAt = io.now();
  const found = await door.deleteMailbox({ ...request, dryRun: true });
  const { mailbox, recursive } = request;
  const words = aftermathWords(found, user, { mailbox, recursive, startedAt });
  const statement =
    found.mode === 'delayed'
      ? `This sets aside ${contentOf(found)}, of ${user}. ${words ?? 'It can be brought back until it is purged.'}`
      : `This deletes ${contentOf(found)}, of ${user}. ${words ?? finalWords(request)}`;
  if (!(await confirmByTyping(io, statement, user))) {
    throw new CliError(EXIT.usage, 'not confirmed: nothing was changed');
  }
}

const finalWords = ({ bypassExpungeStorage }: DeleteMailboxRequest): string =>
  bypassExpungeStorage
    ? 'It cannot be undone.'
    : 'What is in the expunge storage already, or is not kept there, cannot be brought back.';
