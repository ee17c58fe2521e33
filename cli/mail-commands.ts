/** Commands about the mail of a user. Modules behind a command are loaded when it runs. */
import { type Command, Option } from 'commander';
import { type Act, asOption, collect, operand, userOption } from './command-options.ts';
import type { ExportCommandOptions } from './commands/export.ts';
import type { ImportCommandOptions } from './commands/import.ts';
import type { CreateMailboxOptions, MailboxOptions } from './commands/mailbox.ts';
import type { QuotaOptions } from './commands/quota.ts';
import type { SetSettingsOptions, SettingsOptions } from './commands/settings.ts';
import { EXPORT_FORMS } from './export/export-form.ts';
import { addFolderCommands } from './folder-commands.ts';
import { EXPORT_HELP, IMPORT_HELP } from './help.ts';
import { addMessageCommands } from './message-commands.ts';
import { addPurgeCommand } from './purge-commands.ts';
import { SETTINGS_HELP } from './settings-help.ts';

export function addMailCommands(program: Command, act: Act): void {
  addMailboxCommands(program, act);
  addMessageCommands(program, act);
  addQuotaCommands(program, act);
  addSettingsCommands(program, act);
  addImportCommand(program, act);
  addExportCommand(program, act);
}

function addMailboxCommands(program: Command, act: Act): void {
  const mailboxes = program.command('mailbox').description('mailboxes of a user');
  mailboxes
    .command('list [pattern]')
    .description('list mailboxes with what they hold, or names that match a pattern')
    .addOption(userOption())
    .addOption(asOption())
    .action(
      act<MailboxOptions>(async (context, [pattern], options) =>
        (await import('./commands/mailbox.ts')).listMailboxes(context, pattern, options),
      ),
    );
  mailboxes
    .command('create <mailbox>')
    .description('create a mailbox; a missing parent is a name that only has children')
    .option('--parents', 'create the missing parents, too')
    .addOption(userOption())
    .addOption(asOption())
    .option('--special-use <use>', 'of RFC 6154, for instance \\Trash')
    .action(
      act<CreateMailboxOptions>(async (context, args, options) =>
        (await import('./commands/mailbox.ts')).createMailbox(context, operand(args), options),
      ),
    );
  mailboxes
    .command('rename <from> <to>')
    .description('rename a mailbox; its children move along, its autoexpunge starts anew')
    .addOption(userOption())
    .addOption(asOption())
    .action(
      act<MailboxOptions>(async (context, [from = '', to = ''], options) =>
        (await import('./commands/mailbox.ts')).renameMailbox(context, from, to, options),
      ),
    );
  mailboxes
    .command('subscriptions')
    .description('list the names that the user is subscribed to')
    .addOption(userOption())
    .action(
      act<MailboxOptions>(async (context, _args, options) =>
        (await import('./commands/mailbox.ts')).listSubscriptions(context, options),
      ),
    );
  addFolderCommands(mailboxes, act);
  addPurgeCommand(mailboxes, act);
}

function addQuotaCommands(program: Command, act: Act): void {
  const quota = program.command('quota').description('what a user may have, and has');
  quota
    .command('get')
    .description('show use and limit')
    .addOption(userOption())
    .addOption(asOption())
    .action(
      act<QuotaOptions>(async (context, _args, options) =>
        (await import('./commands/quota.ts')).showQuota(context, options),
      ),
    );
  quota
    .command('set <limit>')
    .description('set the limit: a size such as 500M or 2G, bytes, or none')
    .addOption(userOption())
    .action(
      act<QuotaOptions>(async (context, args, options) =>
        (await import('./commands/quota.ts')).setQuota(context, operand(args), options),
      ),
    );
  quota
    .command('recount')
    .description('count messages and bytes again, and correct what was off')
    .addOption(userOption())
    .action(
      act<QuotaOptions>(async (context, _args, options) =>
        (await import('./commands/quota.ts')).recountQuota(context, options),
      ),
    );
}

function addSettingsCommands(program: Command, act: Act): void {
  const settings = program.command('settings').description('what is kept, and for how long');
  const target = (command: Command) =>
    command
      .option('-u, --user <user>', 'address of the user')
      .option('-d, --domain <domain>', 'all users of a domain');
  target(settings.command('get').description('show what holds, and which level says it')).action(
    act<SettingsOptions>(async (context, _args, options) =>
      (await import('./commands/settings.ts')).showSettings(context, options),
    ),
  );
  target(settings.command('set [settings...]').description('set or unset some, keep the others'))
    .option('--unset <setting>', 'leave it to the level above; may be repeated', collect)
    .option('--unset-mailbox <mailbox>', 'the same for all settings of a mailbox', collect)
    .option('--dry-run', 'show the effect on mail, and change nothing')
    .option('--yes', 'do not ask where mail would end')
    .addHelpText('after', SETTINGS_HELP)
    .action(
      act<SetSettingsOptions>(async (context, args, options) =>
        (await import('./commands/settings.ts')).setSettings(context, args, options),
      ),
    );
}

function addImportCommand(program: Command, act: Act): void {
  program
    .command('import <path>')
    .description('import a Maildir, an mbox file or a folder of .eml files')
    .addOption(userOption())
    .option('--mailbox-prefix <path>', 'put every mailbox below this one')
    .option('-m, --mailbox <mailbox>', 'mailbox for an mbox file (default INBOX)')
    .option('--over-quota', 'bring what the quota has no room for, too (administrators)')
    .option('--dry-run', 'read everything and store nothing')
    .option('--verify-only', 'compare source and account: 0 when equal, 65 when not')
    .addHelpText('after', IMPORT_HELP)
    .action(
      act<ImportCommandOptions>(async (context, args, options) =>
        (await import('./commands/import.ts')).importMail(context, operand(args), options),
      ),
    );
}

function addExportCommand(program: Command, act: Act): void {
  program
    .command('export <dir>')
    .description('export the mail of a user to a Maildir, mbox files or .eml files')
    .addOption(userOption())
    .addOption(asOption())
    .addOption(
      new Option('--form <form>', 'what is written').choices(EXPORT_FORMS).default('maildir'),
    )
    .option('--utf8', 'names of folders of the Maildir in UTF-8, not in modified UTF-7')
    .option('--dry-run', 'check names and directory, count, and write nothing')
    .addHelpText('after', EXPORT_HELP)
    .action(
      act<ExportCommandOptions>(async (context, args, options) =>
        (await import('./commands/export.ts')).exportMail(context, operand(args), options),
      ),
    );
}
