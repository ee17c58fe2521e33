/** Commands about what was expunged in place; all of them are for administrators. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { timeInSeconds } from '../functions/contract/seed-mail-settings.ts';
import { type Act, userOption } from './command-options.ts';
import type { PurgeExpungedOptions } from './commands/purge-expunged.ts';
import { parseUidSet } from './commands/uid-set.ts';
import type { ExpungedOptions, UnexpungeOptions } from './commands/unexpunge.ts';
import { PURGE_EXPUNGED_HELP, UNEXPUNGE_HELP } from './help.ts';

const MAILBOX_OPTION = ['-m, --mailbox <mailbox>', 'path of the mailbox', 'INBOX'] as const;

export function addUnexpungeCommands(message: Command, act: Act): void {
  below(message, 'expunged', 'list what was expunged in place, and can be restored')
    .option(...MAILBOX_OPTION)
    .action(
      act<ExpungedOptions>(async (context, _args, options) =>
        (await import('./commands/unexpunge.ts')).listExpunged(context, options),
      ),
    );
  below(message, 'unexpunge', 'restore what was expunged in place, into its own mailbox')
    .option(...MAILBOX_OPTION)
    .addOption(
      new Option('--uid <uids>', 'UIDs that they had, such as 7, 1,3-5 or 1:*').argParser(
        parseUidSet,
      ),
    )
    .option('--all', 'all there is')
    .addOption(
      new Option('--expunged-within <time>', 'expunged at most so long ago').argParser(parseSpan),
    )
    .option('--keep-deleted', 'keep \\Deleted, with which they were expunged')
    .option('--add-keyword <keyword>', 'give each of them this keyword')
    .option('--over-quota', 'restore what the quota has no room for, too')
    .option('--dry-run', 'show what would be restored')
    .addHelpText('after', UNEXPUNGE_HELP)
    .action(
      act<UnexpungeOptions>(async (context, _args, options) =>
        (await import('./commands/unexpunge.ts')).unexpungeMessages(context, options),
      ),
    );
  below(message, 'purge-expunged', 'end what was expunged in place, for good')
    .requiredOption('--older-than-days <days>', 'expunged at least so long ago', parseDays)
    .option('-m, --mailbox <mailbox>', 'path of one mailbox; all of them if missing')
    .option('--dry-run', 'show what would go: messages and bytes')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', PURGE_EXPUNGED_HELP)
    .action(
      act<PurgeExpungedOptions>(async (context, _args, options) =>
        (await import('./commands/purge-expunged.ts')).purgeExpunged(context, options),
      ),
    );
}

const below = (message: Command, name: string, description: string): Command =>
  message.command(name).description(description).addOption(userOption());

/** @throws InvalidArgumentError */
function parseSpan(text: string): number {
  const seconds = timeInSeconds(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('Allowed are times such as 12h, 1d or 2weeks.');
}

/** @throws InvalidArgumentError */
function parseDays(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed are whole numbers of days from 0, which is all.');
}
