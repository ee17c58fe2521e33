/** `lethe user delete --export`: nothing is erased unless all that is listed is on disk. */
import { resolve } from 'node:path';
import type { LetheClient } from '../api/lethe-client.ts';
import { CliError, machineError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExportForm } from '../export/export-form.ts';
import { openExportSource } from '../export/export-source.ts';
import type { ExportReport } from '../export/run-export.ts';
import { type Io, writeLine } from '../io.ts';
import { counted, safe, size } from '../output/text.ts';
import { type ExportPlace, exportWithProgress } from './export.ts';
import { tellExport } from './export-report.ts';

interface Doomed {
  readonly user: string;
  /** The account that is to be deleted. */
  readonly accountId: string;
}

export interface ExportBefore {
  /**
   * Looks once more, right before the deletion is asked for: mail may have come while a question
   * waited for its answer.
   * @throws CliError when not all of it is on disk
   */
  again(): Promise<void>;
}

/** @throws CliError when the export does not get complete: then nothing may be erased */
export async function exportBeforeDeletion(
  io: Io,
  client: LetheClient,
  { user, accountId }: Doomed,
  { directory, form }: { readonly directory: string; readonly form: ExportForm },
): Promise<ExportBefore> {
  const source = await openExportSource(client, user);
  if (source.accountId !== accountId) {
    throw new CliError(EXIT.badData, `${user} has become another account: nothing was erased`);
  }
  const place: ExportPlace = { directory: resolve(io.cwd, directory), form, utf8: false };
  const look = async (trusted: boolean): Promise<ExportReport> => {
    const report = await exportWithProgress(io, source, { ...place, trusted });
    if (!trusted || !report.complete) await tellExport(io, report, form);
    requireComplete(io, report);
    return report;
  };
  const { messages, bytes } = await look(false);
  const held = `${counted(messages, 'message')}, ${size(bytes)}`;
  await writeLine(io.stderr, `Exported to ${safe(place.directory)}: ${held}.`);
  return {
    async again() {
      const { messages: listed, stored } = await look(true);
      const more = stored > 0 ? `, ${counted(stored, 'message')} of them since the first look` : '';
      const at = new Date(io.now()).toISOString();
      await writeLine(
        io.stderr,
        `Exported at ${at}: ${counted(listed, 'message')}${more}. What comes between this look and the moment at which the user is disabled is erased, and not exported.`,
      );
    },
  };
}

function requireComplete(io: Pick<Io, 'interruption'>, report: ExportReport): void {
  const { complete } = report;
  const failure = machineError(report.failure) ?? report.failure;
  if (failure instanceof CliError) {
    throw new CliError(failure.exitCode, `${failure.message}: nothing was erased`, {
      cause: failure,
    });
  }
  if (failure !== undefined) throw failure;
  if (io.interruption().aborted) {
    throw new CliError(EXIT.interrupted, 'interrupted: nothing was erased');
  }
  if (complete) return;
  throw new CliError(EXIT.badData, 'the export is not complete: nothing was erased', {
    hint: 'See what is said above, then give the same command again: the export goes on.',
  });
}
