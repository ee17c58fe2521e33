/** `lethe user add | show | delete` */
import type { AccountAnswer, EstimateAnswer } from '../../functions/contract/api.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExportForm } from '../export/export-form.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printRecord } from '../output/records.ts';
import { count, dollars, size } from '../output/text.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { deletionStatement, foretellDeletion, tellDeletionEnd } from './deletion-words.ts';
import type { ExportBefore } from './export-before-deletion.ts';
import { printOperation, watchToEnd } from './operation.ts';

const ACCOUNT_FIELDS: readonly Field<AccountAnswer>[] = [
  { name: 'user', value: ({ user }) => user },
  {
    name: 'aliases',
    value: ({ aliases }) => (aliases.length === 0 ? undefined : aliases.join(',')),
    shown: ({ aliases }) => aliases.join(', '),
  },
  { name: 'accountId', label: 'account', value: ({ accountId }) => accountId },
  { name: 'state', value: ({ state }) => state },
  { name: 'retentionClass', label: 'class', value: ({ retentionClass }) => retentionClass },
  { name: 'createdAt', value: ({ createdAt }) => createdAt },
  {
    name: 'mailboxes',
    value: ({ mailboxes }) => mailboxes,
    shown: ({ mailboxes }) => count(mailboxes),
  },
  { name: 'messages', value: ({ messages }) => messages, shown: ({ messages }) => count(messages) },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  { name: 'operationId', label: 'operation', value: ({ operationId }) => operationId },
];

export interface AddUserOptions {
  readonly alias?: readonly string[];
  readonly class?: string;
}

export async function addUser(
  { io, format, client }: Context,
  user: string,
  options: AddUserOptions,
): Promise<number> {
  const account = await (await client()).createAccount({
    user,
    ...(options.alias === undefined ? {} : { aliases: options.alias }),
    ...(options.class === undefined ? {} : { retentionClass: options.class }),
  });
  await printAccount({ io, format }, account);
  return EXIT.ok;
}

export async function showUser({ io, format, client }: Context, user: string): Promise<number> {
  await printAccount({ io, format }, await (await client()).account(user));
  return EXIT.ok;
}

export const printAccount = (
  { io, format }: Pick<Context, 'io' | 'format'>,
  account: AccountAnswer,
): Promise<void> => printRecord(io, format, account, ACCOUNT_FIELDS);

export interface DeleteUserOptions {
  readonly dryRun?: boolean;
  /** When the erasure begins, as it was typed; at once when missing. */
  readonly after?: string;
  readonly yes?: boolean;
  readonly allowUnknownUser?: boolean;
  /** Directory into which all mail is exported first. */
  readonly export?: string;
  readonly exportForm?: ExportForm;
  /** Waits unless false. */
  readonly wait?: boolean;
  readonly timeout: number;
}

/**
 * Starts the erasure of an account and waits for its end; exports it first, if asked.
 * @throws CliError 64 without `--yes` where nobody can be asked, and when the answer was no; 65
 *   when the export is not complete; 75 when the erasure failed
 */
export async function deleteUser(
  context: Context,
  user: string,
  options: DeleteUserOptions,
): Promise<number> {
  const { io } = context;
  const client = await context.client();
  const allow = options.allowUnknownUser ? { allowUnknownUser: true } : {};
  checkExportOptions(options);
  if (options.dryRun) {
    const estimate = await client.estimateDeletion(user, allow);
    await printEstimate(context, estimate);
    await foretellDeletion(io, estimate);
    return EXIT.ok;
  }
  if (!options.yes && !canAsk(io)) {
    throw new CliError(EXIT.usage, 'there is no terminal to ask for confirmation', {
      hint: 'To erase without being asked, give --yes. To see what would go, give --dry-run.',
    });
  }
  const estimate = await client.estimateDeletion(user, allow);
  // Named, so that a late copy of the request never meets the address's next owner.
  const { accountId } = estimate;
  const exported = await exportIfAsked(context, { user, accountId }, options);
  if (!options.yes) await confirmDeletion(io, user, estimate, options.after);
  await exported?.again();
  const later = options.after === undefined ? {} : { deleteAfter: options.after };
  const started = await client.deleteAccount(user, { ...allow, ...later, accountId });
  const { operationId } = started;
  const doing = options.after === undefined ? 'Erasing' : 'Deleting';
  await writeLine(io.stderr, `${doing} ${user}: operation ${operationId}`);
  if (options.wait === false) {
    await printOperation(context, started);
    return EXIT.ok;
  }
  const { state } = await watchToEnd(context, operationId, options.timeout);
  if (state === 'succeeded') await tellDeletionEnd(context, operationId);
  return EXIT.ok;
}

function checkExportOptions({ dryRun, export: directory, exportForm }: DeleteUserOptions): void {
  if (exportForm !== undefined && directory === undefined) {
    throw new CliError(EXIT.usage, '--export-form is about --export: give both');
  }
  if (dryRun && directory !== undefined) {
    throw new CliError(EXIT.usage, 'allowed is one of --dry-run and --export', {
      hint: 'To see what an export would bring: lethe export --dry-run.',
    });
  }
}

async function exportIfAsked(
  { io, client }: Context,
  doomed: { readonly user: string; readonly accountId: string },
  { export: directory, exportForm: form = 'maildir' }: DeleteUserOptions,
): Promise<ExportBefore | undefined> {
  if (directory === undefined) return undefined;
  const { exportBeforeDeletion } = await import('./export-before-deletion.ts');
  return await exportBeforeDeletion(io, await client(), doomed, { directory, form });
}

async function confirmDeletion(
  io: Io,
  user: string,
  estimate: EstimateAnswer,
  after: string | undefined,
): Promise<void> {
  await foretellDeletion(io, estimate);
  if (await confirmByTyping(io, deletionStatement(user, estimate, after), user)) return;
  throw new CliError(EXIT.usage, 'not confirmed: nothing was changed');
}

async function printEstimate(
  { io, format }: Pick<Context, 'io' | 'format'>,
  estimate: EstimateAnswer,
): Promise<void> {
  const counters = Object.keys(estimate.counts).map((name): Field<EstimateAnswer> => {
    const show = name.toLowerCase().endsWith('bytes') ? size : count;
    return {
      name: `counts.${name}`,
      value: ({ counts }) => counts[name],
      shown: ({ counts }) => show(counts[name] ?? 0),
    };
  });
  await printRecord(io, format, estimate, [
    { name: 'dryRun', value: ({ dryRun }) => dryRun, shown: () => 'nothing was changed' },
    { name: 'accountId', label: 'account', value: ({ accountId }) => accountId },
    ...counters,
    { name: 'goneForGood', value: ({ goneForGood }) => goneForGood },
    {
      name: 'estimatedCostDollars',
      value: ({ estimatedCostDollars }) => estimatedCostDollars,
      shown: ({ estimatedCostDollars }) => dollars(estimatedCostDollars),
    },
    { name: 'pricesOf', value: ({ pricesOf }) => pricesOf },
  ]);
}
