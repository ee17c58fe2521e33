/** `lethe mailbox purge`: the end of deleted folders. */
import { type Command, InvalidArgumentError } from 'commander';
import { type Act, withWaiting } from './command-options.ts';
import type { PurgeOptions } from './commands/purge.ts';
import { PURGE_HELP } from './help.ts';

/** @param mailboxes the command that this one is below */
export function addPurgeCommand(mailboxes: Command, act: Act): void {
  const purge = mailboxes
    .command('purge')
    .description('end deleted folders that are old enough, for good')
    .option('-u, --user <user>', 'those of a user')
    .option('-d, --domain <domain>', 'those of all users of a domain')
    .option('--all', 'those of all accounts')
    .option('--older-than-days <days>', 'deleted at least so long ago; 0 is everything', days)
    .option('--deletion <id>', 'this one deletion of the user, whatever its age')
    .option('--ignore-own-retention', 'also folders with a setting of their own')
    .option('--dry-run', 'show what would go and what it would cost')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', PURGE_HELP);
  withWaiting(purge).action(
    act<PurgeOptions>(async (context, _args, options) =>
      (await import('./commands/purge.ts')).purgeMailboxes(context, options),
    ),
  );
}

/** @throws InvalidArgumentError */
function days(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(
    text === 'never'
      ? 'With never nothing would be purged. What is never purged, settings say: deletedRetentionDays.'
      : 'Allowed are whole numbers from 0.',
  );
}
