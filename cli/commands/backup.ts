/** `lethe backup record | list` */
import type { BackupAnswer, BackupsAnswer } from '../../functions/contract/backups.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';

export interface RecordBackupOptions {
  readonly createdAt: string;
  /** All when missing. */
  readonly resource?: string;
  readonly source?: string;
  readonly jobId?: string;
}

const FIELDS: readonly Field<BackupAnswer>[] = [
  { name: 'resource', value: ({ resource }) => resource },
  { name: 'createdAt', value: ({ createdAt }) => createdAt },
  { name: 'recordedAt', value: ({ recordedAt }) => recordedAt },
  { name: 'source', value: ({ source }) => source },
  { name: 'jobId', value: ({ jobId }) => jobId },
];

/** Tells Lethe of a backup that another tool has completed, then prints what is known. */
export async function recordBackup(
  context: Context,
  { createdAt, resource, source, jobId }: RecordBackupOptions,
): Promise<number> {
  const request = {
    createdAt,
    ...(resource === undefined ? {} : { resource }),
    ...(source === undefined ? {} : { source }),
    ...(jobId === undefined ? {} : { jobId }),
  };
  const client = await context.client();
  const answer = await client.recordBackup(request).catch(explained);
  await print(context, answer);
  const news = answer.recorded.length === 0 ? 'nothing new' : answer.recorded.join(', ');
  await writeLine(context.io.stderr, `Recorded: ${news}.`);
  return EXIT.ok;
}

export async function listBackups(context: Context): Promise<number> {
  const client = await context.client();
  await print(context, await client.backups().catch(explained));
  return EXIT.ok;
}

/** Without a backup gate the API has no such path, and its gateway cannot say why. */
function explained(error: unknown): never {
  if (!(error instanceof CliError) || !error.message.startsWith('the server answered 404')) {
    throw error;
  }
  throw new CliError(EXIT.config, 'this deployment does not ask for backups', {
    hint: 'Its setting backupGate is off (or --url does not point to the API of Lethe).',
    cause: error,
  });
}

async function print({ io, format }: Context, answer: BackupsAnswer): Promise<void> {
  if (format === 'json') return writeLine(io.stdout, JSON.stringify(answer, undefined, 2));
  await printList(io, format, once(answer.items), FIELDS);
  const { coveredUntil } = answer;
  await writeLine(
    io.stderr,
    coveredUntil === undefined
      ? 'Not every resource has a backup: deleted folders wait.'
      : `Folders deleted before ${coveredUntil} are in a backup; those deleted since then wait.`,
  );
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
