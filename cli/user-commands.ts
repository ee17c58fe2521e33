/** `lethe user ...`: accounts as a whole. Modules behind a command are loaded when it runs. */
import { type Command, Option } from 'commander';
import { addAddressCommands } from './address-commands.ts';
import { type Act, collect, operand, withWaiting } from './command-options.ts';
import type { AddUserOptions, DeleteUserOptions } from './commands/user.ts';
import { EXPORT_FORMS } from './export/export-form.ts';

export function addUserCommands(program: Command, act: Act): void {
  const user = program.command('user').description('accounts');
  user
    .command('add <user>')
    .description('create an account')
    .option('--alias <address>', 'a further address; may be repeated', collect)
    .option('--class <class>', 'retention class; the default class of the deployment if missing')
    .action(
      act<AddUserOptions>(async (context, args, options) =>
        (await import('./commands/user.ts')).addUser(context, operand(args), options),
      ),
    );
  user
    .command('show <user>')
    .description('show an account')
    .action(
      act(async (context, args) =>
        (await import('./commands/user.ts')).showUser(context, operand(args)),
      ),
    );
  const remove = user
    .command('delete <user>')
    .description('erase an account and everything it has, and certify it')
    .option('--dry-run', 'show what would be erased and what it would cost')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .option(
      '--after <time>',
      'not before then, such as 30d or a time in ISO 8601; until then it can be undone',
    )
    .option('--allow-unknown-user', 'also if the user database does not know the user')
    .option('--export <dir>', 'export all mail first; what is not complete is not erased')
    .addOption(
      new Option('--export-form <form>', 'what is exported (default maildir)').choices(
        EXPORT_FORMS,
      ),
    );
  withWaiting(remove).action(
    act<DeleteUserOptions>(async (context, args, options) =>
      (await import('./commands/user.ts')).deleteUser(context, operand(args), options),
    ),
  );
  user
    .command('undelete <user>')
    .description('take a deletion back before its erasure begins: everything is as it was')
    .action(
      act(async (context, args) =>
        (await import('./commands/user-access.ts')).undeleteUser(context, operand(args)),
      ),
    );
  for (const verb of ['disable', 'enable'] as const) {
    user
      .command(`${verb} <user>`)
      .description(
        verb === 'disable'
          ? 'no new logins and no deliveries from now on; mail stays as it is'
          : 'logins and deliveries again, after a disable',
      )
      .action(
        act(async (context, args) =>
          (await import('./commands/user-access.ts')).setUserEnabled(context, operand(args), verb),
        ),
      );
  }
  addAddressCommands(program, user, act);
}
