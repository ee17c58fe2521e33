/** Commands about mailboxes that go and come back. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Act, asOption, userOption } from './command-options.ts';
import type { DeleteMailboxOptions } from './commands/delete-mailbox.ts';
import type { DeletedOptions } from './commands/deleted.ts';
import { parseTime } from './commands/query-options.ts';
import type { UndeleteOptions } from './commands/undelete.ts';
import { DELETE_MAILBOX_HELP, DELETED_HELP, UNDELETE_HELP } from './help.ts';

export function addFolderCommands(mailboxes: Command, act: Act): void {
  mailboxes
    .command('delete [mailbox]')
    .description('set a mailbox aside, or delete it at once, as the settings say')
    .addOption(userOption())
    .addOption(asOption())
    .option('--recursive', 'with everything below it')
    .option('--require-empty', 'only if there is no message in it')
    .option('--unsubscribe', 'end the subscription, too')
    .option('--bypass-expunge-storage', 'for good at once, whatever the settings say')
    .option('--all', 'set aside every mailbox of the user, INBOX too, in place of one')
    .option('--dry-run', 'show what would go: mailboxes, messages, bytes and cost')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', DELETE_MAILBOX_HELP)
    .action(
      act<DeleteMailboxOptions>(async (context, [mailbox], options) =>
        (await import('./commands/delete-mailbox.ts')).deleteMailbox(context, mailbox, options),
      ),
    );
  mailboxes
    .command('undelete [mailbox]')
    .description('bring a deleted mailbox back, with all that was deleted with it')
    .addOption(userOption())
    .addOption(
      new Option('--deletion <id>', 'which one, in place of a name').argParser(parseDeletion),
    )
    .addOption(
      new Option('--at <time>', 'with a name: the last deletion not after this time').argParser(
        parseTime,
      ),
    )
    .option('--path <path>', 'with --deletion: a part of it, by the path that it had')
    .option('--to <path>', 'come back as this; the old path if missing, or one beside it')
    .option('--to-user <user>', 'come back in the account of this user, without the ACL')
    .option('--over-quota', 'bring back what the quota has no room for, too')
    .option('--dry-run', 'show what would come back, and as what')
    .addHelpText('after', UNDELETE_HELP)
    .action(
      act<UndeleteOptions>(async (context, [mailbox], options) =>
        (await import('./commands/undelete.ts')).undeleteMailbox(context, mailbox, options),
      ),
    );
  mailboxes
    .command('deleted')
    .description('list deleted mailboxes that can be brought back')
    .addOption(userOption())
    .addOption(new Option('--deletion <id>', 'what is in this one').argParser(parseDeletion))
    .addHelpText('after', DELETED_HELP)
    .action(
      act<DeletedOptions>(async (context, _args, options) =>
        (await import('./commands/deleted.ts')).listDeleted(context, options),
      ),
    );
}

/** @throws InvalidArgumentError */
function parseDeletion(text: string): string {
  if (/^[0-9A-F]{8}-[0-9a-f]{12}$/.test(text)) return text;
  throw new InvalidArgumentError('Allowed are ids as "mailbox deleted" lists them.');
}
