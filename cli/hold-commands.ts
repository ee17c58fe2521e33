/** `lethe hold`: cases for which nothing of an account may end. */
import type { Command } from 'commander';
import { type Act, userOption, withWaiting } from './command-options.ts';
import type { HoldOptions, PlaceHoldOptions } from './commands/hold.ts';
import { HOLD_HELP } from './help.ts';

export function addHoldCommands(program: Command, act: Act): void {
  const hold = program
    .command('hold')
    .description('keep an account from losing anything, for a case')
    .addHelpText('after', HOLD_HELP);
  const place = hold
    .command('place')
    .description('hold an account, and protect what is expunged')
    .addOption(userOption())
    .requiredOption('--case <id>', 'how the case is called')
    .requiredOption('--reason <text>', 'why')
    .option('--until <time>', 'when it may be released, ISO 8601 with a zone')
    .option('--dry-run', 'count what would be protected');
  withWaiting(place).action(
    act<PlaceHoldOptions>(async (context, _args, options) =>
      (await import('./commands/hold.ts')).placeHold(context, options),
    ),
  );
  hold
    .command('list')
    .description('show the cases that hold an account, and whether all is protected')
    .addOption(userOption())
    .action(
      act<Pick<HoldOptions, 'user'>>(async (context, _args, options) =>
        (await import('./commands/hold.ts')).listHolds(context, options),
      ),
    );
  const release = hold
    .command('release')
    .description('release a case: with the last one, mail can end again')
    .addOption(userOption())
    .requiredOption('--case <id>', 'how the case is called')
    .option('--dry-run', 'count what would end by itself again')
    .option('--yes', 'do not ask; needed where there is no terminal');
  withWaiting(release).action(
    act<HoldOptions>(async (context, _args, options) =>
      (await import('./commands/hold.ts')).releaseHold(context, options),
    ),
  );
}
