/** `lethe user rename | alias`, `lethe address ...`: what accounts are called. */
import { type Command, Option } from 'commander';
import { type Act, operand } from './command-options.ts';
import type { AliasOptions, ReleaseOptions, RenameUserOptions } from './commands/address.ts';

const DRY_RUN = ['--dry-run', 'show what would be done, and change nothing'] as const;

/** @param user the command `user`, to which names belong */
export function addAddressCommands(program: Command, user: Command, act: Act): void {
  user
    .command('rename <user> <to>')
    .description('give an account another main address; mail is not touched')
    .addOption(
      new Option(
        '--old-address <fate>',
        'kept from others for a time, free at once, or an alias (default reserve)',
      ).choices(['reserve', 'free', 'alias']),
    )
    .option(...DRY_RUN)
    .action(
      act<RenameUserOptions>(async (context, args, options) =>
        (await import('./commands/address.ts')).renameUser(context, args, options),
      ),
    );
  const alias = user.command('alias').description('further addresses of an account');
  alias
    .command('add <user> <address>')
    .description('give an account one more address')
    .option(...DRY_RUN)
    .action(
      act<AliasOptions>(async (context, args, options) =>
        (await import('./commands/address.ts')).addUserAlias(context, args, options),
      ),
    );
  alias
    .command('remove <user> <address>')
    .description('take an alias from an account; nobody gets it for a time')
    .option('--free', 'anybody may have it at once')
    .option(...DRY_RUN)
    .action(
      act<AliasOptions>(async (context, args, options) =>
        (await import('./commands/address.ts')).removeUserAlias(context, args, options),
      ),
    );
  const address = program.command('address').description('who has an address, and since when');
  address
    .command('show <address>')
    .description('show its owner and since when, or until when it is reserved')
    .action(
      act(async (context, args) =>
        (await import('./commands/address.ts')).showAddress(context, operand(args)),
      ),
    );
  address
    .command('release <address>')
    .description('end its reservation: anybody may have it then')
    .option(...DRY_RUN)
    .action(
      act<ReleaseOptions>(async (context, args, options) =>
        (await import('./commands/address.ts')).releaseAddress(context, operand(args), options),
      ),
    );
}
