/** Commands about the messages of a user. Modules behind a command are loaded when it runs. */
import { type Command, Option } from 'commander';
import { type Act, asOption, collect, positiveInteger, userOption } from './command-options.ts';
import type { CopyMessagesOptions } from './commands/copy-messages.ts';
import type { ExpungeOptions } from './commands/expunge.ts';
import type {
  FetchMessageOptions,
  FlagMessagesOptions,
  ListMessagesOptions,
  SearchOptions,
} from './commands/message.ts';
import type { RestoreOptions } from './commands/restore.ts';
import { parseUidSet } from './commands/uid-set.ts';
import { COPY_HELP, EXPUNGE_HELP, FLAG_HELP, RESTORE_HELP, SEARCH_HELP } from './help.ts';
import { withMessageQuery, withRestoreQuery } from './query-terms.ts';
import { addUnexpungeCommands } from './unexpunge-commands.ts';

const MAILBOX_OPTION = ['-m, --mailbox <mailbox>', 'path of the mailbox', 'INBOX'] as const;

const PLACE = ['-m, --mailbox <mailbox>', 'path of the mailbox (default: INBOX)'] as const;

const deletionOption = (): Option =>
  new Option('--deletion <id>', 'in this deleted folder, where the default is the folder itself');

const uidsOption = (): Option =>
  new Option('--uid <uids>', 'UIDs, such as 7, 1,3-5 or 1:*').argParser(parseUidSet);

const below = (message: Command, name: string, description: string): Command =>
  message.command(name).description(description).addOption(userOption()).addOption(asOption());

export function addMessageCommands(program: Command, act: Act): void {
  const message = program.command('message').description('messages of a user');
  addReading(message, act);
  addSearch(message, act);
  addFlag(message, act);
  addCopies(message, act);
  addExpunge(message, act);
  addRestore(message, act);
  addUnexpungeCommands(message, act);
}

function addReading(message: Command, act: Act): void {
  below(message, 'list', 'list the messages of a mailbox')
    .option(...PLACE)
    .addOption(deletionOption())
    .action(
      act<ListMessagesOptions>(async (context, _args, options) =>
        (await import('./commands/message.ts')).listMessages(context, options),
      ),
    );
  below(message, 'fetch', 'print one message, byte for byte')
    .option(...PLACE)
    .addOption(deletionOption())
    .requiredOption('--uid <uid>', 'UID of the message', positiveInteger)
    .action(
      act<FetchMessageOptions>(async (context, _args, options) =>
        (await import('./commands/message.ts')).fetchMessage(context, options),
      ),
    );
}

function addSearch(message: Command, act: Act): void {
  withMessageQuery(below(message, 'search', 'list the messages that a query means'))
    .addHelpText('after', SEARCH_HELP)
    .action(
      act<SearchOptions>(async (context, _args, options) =>
        (await import('./commands/message.ts')).searchMessages(context, options),
      ),
    );
}

function addFlag(message: Command, act: Act): void {
  below(message, 'flag', 'add and remove flags and keywords')
    .option(...MAILBOX_OPTION)
    .addOption(uidsOption().makeOptionMandatory())
    .option('--add <flag>', 'a system flag with its backslash, or a keyword; repeatable', collect)
    .option('--remove <flag>', 'the same; may be repeated', collect)
    .addHelpText('after', FLAG_HELP)
    .action(
      act<FlagMessagesOptions>(async (context, _args, options) =>
        (await import('./commands/message.ts')).flagMessages(context, options),
      ),
    );
}

function addCopies(message: Command, act: Act): void {
  for (const verb of ['copy', 'move'] as const) {
    const command = below(message, verb, `${verb} messages to another mailbox`);
    if (verb === 'copy') command.addOption(deletionOption());
    else command.option('--dry-run', 'show what would be moved, and what that leaves behind');
    command
      .option('-m, --mailbox <mailbox>', 'path of the mailbox they are in')
      // Elsewhere it is the sender of a message: kept for whoever has learnt it.
      .addOption(new Option('--from <mailbox>').hideHelp().conflicts('mailbox'))
      .addOption(uidsOption().makeOptionMandatory())
      .requiredOption('--to <mailbox>', 'path of a mailbox that there is')
      .addHelpText('after', COPY_HELP)
      .action(
        act<CopyMessagesOptions>(async (context, _args, options) =>
          (await import('./commands/copy-messages.ts')).copyMessages(context, verb, options),
        ),
      );
  }
}

function addExpunge(message: Command, act: Act): void {
  withMessageQuery(below(message, 'expunge', 'expunge by UIDs, by \\Deleted, or by query'))
    .addOption(uidsOption())
    .option('--deleted', 'those with \\Deleted; with --uid, those of them')
    .option('--bypass-expunge-storage', 'for good at once')
    .option('--delete-emptied', 'with a query: delete the mailboxes that are empty then')
    .option('--dry-run', 'show what would go: messages, bytes, mailboxes')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .addHelpText('after', EXPUNGE_HELP)
    .action(
      act<ExpungeOptions>(async (context, _args, options) =>
        (await import('./commands/expunge.ts')).expungeMessages(context, options),
      ),
    );
}

function addRestore(message: Command, act: Act): void {
  withRestoreQuery(
    below(message, 'restore', 'bring expunged messages back')
      .option('-m, --mailbox <mailbox>', 'path of the expunge storage; all there is if missing')
      .addOption(uidsOption()),
  )
    .option('--to <mailbox>', 'restore to this mailbox, which must exist')
    .option('--keep', 'the storage keeps its copy')
    .option('--over-quota', 'restore what the quota has no room for, too')
    .option('--dry-run', 'show what would be restored')
    .addHelpText('after', RESTORE_HELP)
    .action(
      act<RestoreOptions>(async (context, _args, options) =>
        (await import('./commands/restore.ts')).restoreMessages(context, options),
      ),
    );
}
