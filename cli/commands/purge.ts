/** `lethe mailbox purge` */
import type { PurgeRequest } from '../../functions/contract/purge.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { printOperation, watchToEnd } from './operation.ts';

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
  if (!options.yes && !options.dryRun) await confirm(context, options);
  const started = await (await context.client()).purgeMailboxes(request);
  const { operationId } = started;
  const doing = options.dryRun ? 'Counting what would go' : 'Purging deleted folders';
  await writeLine(io.stderr, `${doing}: operation ${operationId}`);
  if (options.wait !== false) return watchToEnd(context, operationId, options.timeout);
  await printOperation(context, started);
  return EXIT.ok;
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

async function confirm({ io }: Context, options: PurgeOptions): Promise<void> {
  if (!canAsk(io)) {
    throw wrong(
      'there is no terminal to ask for confirmation',
      'To purge without being asked, give --yes. To see what would go, give --dry-run.',
    );
  }
  const { user, domain, deletion } = options;
  const whose = user ?? domain ?? 'all';
  const what = deletion === undefined ? ageOf(options) : `the deletion ${deletion}`;
  const of = whose === 'all' ? 'all accounts' : whose;
  const statement = `This ends ${what} of ${of}. Mail in it cannot be brought back.`;
  if (await confirmByTyping(io, statement, whose)) return;
  throw new CliError(EXIT.usage, 'not confirmed: nothing was changed');
}

function ageOf({ olderThanDays }: PurgeOptions): string {
  if (olderThanDays === undefined)
    return 'the deleted folders that the settings say are old enough';
  if (olderThanDays === 0) return 'all deleted folders';
  return `the folders deleted at least ${olderThanDays} days ago`;
}
