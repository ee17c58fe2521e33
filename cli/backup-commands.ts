/** Commands about backups, which deleted folders may have to wait for. */
import { type Command, Option } from 'commander';
import { BACKUP_RESOURCES } from '../functions/contract/backups.ts';
import type { Act } from './command-options.ts';
import type { RecordBackupOptions } from './commands/backup.ts';
import { BACKUP_HELP } from './help.ts';

export function addBackupCommands(program: Command, act: Act): void {
  const backup = program.command('backup').description('what deleted folders wait for');
  backup
    .command('record')
    .description('record that another tool has completed a backup')
    .requiredOption('--created-at <time>', 'when it began to read, ISO 8601 with a zone')
    .addOption(
      new Option('--resource <resource>', 'what it holds (default all)').choices([
        ...BACKUP_RESOURCES,
        'all',
      ]),
    )
    .option('--source <name>', 'which tool has made it (default: who calls)')
    .option('--job-id <id>', 'what that tool calls it')
    .addHelpText('after', BACKUP_HELP)
    .action(
      act<RecordBackupOptions>(async (context, _args, options) =>
        (await import('./commands/backup.ts')).recordBackup(context, options),
      ),
    );
  backup
    .command('list')
    .description('show the newest backups that are known, and what they cover')
    .action(act(async (context) => (await import('./commands/backup.ts')).listBackups(context)));
}
