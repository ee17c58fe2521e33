/** `lethe mailbox purge` */
import type { OperationAnswer } from '../../functions/contract/api.ts';
import type { PurgeableFolder, PurgeRequest } from '../../functions/contract/purge.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { count, counted, safe, shortTime, size } from '../output/text.ts';
import { aftermathWords } from './aftermath.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { printOperation } from './operation.ts';
import { operationFailure, watchOperation } from './watch-operation.ts';

export interface PurgeOptions {
  readonly user?: string;
  readonly domain?: string;
  readonly all?: boolean;
  readonly olderThanDays?: number;
  readonly deletion?: string;
  readonly ignoreOwnRetention?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** Waits unless false. */
  readonly wait?: boolean;
  readonly timeout: number;
}

/**
 * Starts a purge and waits for its end.
 * @throws CliError 64 for options that do not go together, without `--yes` where nobody can be
 *   asked, and when the answer was no; 75 when something could not be purged
 */
export async function purgeMailboxes(context: Context, options: PurgeOptions): Promise<number> {
  const { io } = context;
  const request = requestOf(options);
  if (!options.yes && !options.dryRun && !(await confirm(context, request, options))) {
    await writeLine(io.stderr, NOTHING_DUE);
    return EXIT.ok;
  }
  const started = await (await context.client()).purgeMailboxes(request);
  const { operationId } = started;
  const doing = options.dryRun ? COUNTING : 'Purging deleted folders';
  await writeLine(io.stderr, `${doing}: operation ${operationId}`);
  if (options.wait === false) {
    await printOperation(context, started);
    return EXIT.ok;
  }
  const ended = await watchOperation(context, operationId, options.timeout);
  if (options.dryRun) await printFound(context, ended);
  else await printOperation(context, ended);
  if (ended.state === 'failed') throw operationFailure(ended);
  await writeLine(io.stderr, endWords(ended));
  return EXIT.ok;
}

function endWords(operation: OperationAnswer): string {
  const { trees = 0 } = (operation.dryRun ? operation.expected : operation.counts) ?? {};
  if (trees === 0) return NOTHING_DUE;
  const words = aftermathWords(operation, operation.user ?? '') ?? 'No message was in it.';
  return `${counted(trees, 'deleted folder')}. ${words} ${COPIES_STAY}`;
}

const COUNTING = 'Counting what would go';
const NOTHING_DUE = 'There is no deleted folder that may go.';
const COPIES_STAY = 'A copy in another mailbox stays, and so does all mail of an account on hold.';

/** Lines of a prompt; what is more is counted. */
const NAMED_MAX = 20;

const FOLDER_FIELDS: readonly Field<PurgeableFolder>[] = [
  { name: 'user', value: ({ user, accountId }) => user ?? accountId },
  { name: 'path', label: 'folder', value: ({ path }) => path ?? '(gone, or back)' },
  {
    name: 'deletedAt',
    label: 'deleted',
    value: ({ deletedAt }) => deletedAt,
    shown: ({ deletedAt = '' }) => shortTime(deletedAt),
    isWhole: true,
  },
  { name: 'deletionId', label: 'deletion', isWhole: true, value: ({ deletionId }) => deletionId },
  { name: 'mailboxes', value: ({ mailboxes }) => mailboxes },
  { name: 'messages', value: ({ messages }) => messages },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
];

async function printFound(context: Context, operation: OperationAnswer): Promise<void> {
  const { io, format } = context;
  const pages = (await context.client()).purgeableFolders(operation.operationId);
  if (format === 'json') {
    const folders: PurgeableFolder[] = [];
    for await (const page of pages) folders.push(...page);
    return writeLine(io.stdout, JSON.stringify({ ...operation, folders }, undefined, 2));
  }
  await printOperation(context, operation);
  await printList(io, format, pages, FOLDER_FIELDS);
}

/** @throws CliError 64 */
function requestOf(options: PurgeOptions): PurgeRequest {
  const { user, domain, all, olderThanDays, deletion, ignoreOwnRetention, dryRun } = options;
  const scopes = [user, domain, all].filter((one) => one !== undefined).length;
  if (scopes !== 1) {
    throw wrong(
      scopes === 0 ? 'whose deleted folders?' : 'too much is said about whose',
      'Give one of --user, --domain and --all.',
    );
  }
  if (deletion !== undefined && user === undefined) {
    throw wrong('a deletion is one of a user', 'Give --user with --deletion.');
  }
  if (deletion !== undefined && olderThanDays !== undefined) {
    throw wrong('a deletion that is named goes at any age', 'Leave --older-than-days out.');
  }
  return {
    ...(user === undefined ? {} : { user }),
    ...(domain === undefined ? {} : { domain }),
    ...(olderThanDays === undefined ? {} : { olderThanDays }),
    ...(deletion === undefined ? {} : { deletionId: deletion }),
    ...(ignoreOwnRetention ? { ignoreOwnRetention } : {}),
    ...(dryRun ? { dryRun } : {}),
  };
}

const wrong = (message: string, hint: string): CliError =>
  new CliError(EXIT.usage, message, { hint });

/**
 * Counts first, by a dry run, and names what would go.
 * @returns false when there is nothing to purge
 * @throws CliError 64 where nobody can be asked, and when the answer was no; 75 when counting failed
 */
async function confirm(
  context: Context,
  request: PurgeRequest,
  options: PurgeOptions,
): Promise<boolean> {
  const { io } = context;
  if (!canAsk(io)) {
    throw wrong(
      'there is no terminal to ask for confirmation',
      'To purge without being asked, give --yes. To see what would go, give --dry-run.',
    );
  }
  const client = await context.client();
  const { operationId } = await client.purgeMailboxes({ ...request, dryRun: true });
  await writeLine(io.stderr, `${COUNTING}: operation ${operationId}`);
  const found = await watchOperation(context, operationId, options.timeout);
  if (found.state === 'failed') throw operationFailure(found);
  const { trees = 0, messages = 0, bytes = 0 } = found.expected ?? {};
  if (trees === 0) return false;
  await nameFolders(context, operationId, trees);
  const { user, domain, deletion } = options;
  const whose = user ?? domain ?? 'all';
  const of = whose === 'all' ? 'all accounts' : whose;
  const what = deletion === undefined ? ageOf(options) : `the deletion ${deletion}`;
  const content = `${counted(trees, 'deleted folder')}, ${counted(messages, 'message')}, ${size(bytes)}`;
  const statement = `This ends ${what} of ${of}: ${content}. All of it is gone for good, and what was expunged in place there cannot be brought back any more. ${COPIES_STAY}`;
  if (await confirmByTyping(io, statement, whose)) return true;
  throw new CliError(EXIT.usage, 'not confirmed: nothing was changed');
}

/** @param trees of which there are so many, named or not */
async function nameFolders(
  { io, client }: Context,
  operationId: string,
  trees: number,
): Promise<void> {
  let left = NAMED_MAX;
  for await (const page of (await client()).purgeableFolders(operationId)) {
    for (const { user, accountId, path, messages, bytes } of page.slice(0, left)) {
      const holds = `${counted(messages, 'message')}, ${size(bytes)}`;
      const name = safe(path ?? '(gone, or back)');
      await writeLine(io.stderr, `  ${safe(user ?? accountId)}  ${name}  ${holds}`);
      left -= 1;
    }
    if (left === 0) break;
  }
  const more = trees - (NAMED_MAX - left);
  if (more > 0) await writeLine(io.stderr, `  and ${count(more)} more (--dry-run names them)`);
}

function ageOf({ olderThanDays }: PurgeOptions): string {
  if (olderThanDays === undefined)
    return 'the deleted folders that the settings say are old enough';
  if (olderThanDays === 0) return 'all deleted folders';
  return `the folders deleted at least ${olderThanDays} days ago`;
}
