/**
 * The manifest of an export: what is in the directory, in JSON Lines. It is there only when the last
 * run came to its end, and says then whether the export is complete.
 */
import { rm } from 'node:fs/promises';
import type { SourceProblem } from '../import/mail-source.ts';
import type { ExportDirectory } from './export-directory.ts';
import type { ExportedMessage, ExportForm } from './export-form.ts';
import { OWN_PREFIX } from './folder-names.ts';
import { LinesWriter, listParts, type MailboxRecord, readLines } from './parts.ts';

export const MANIFEST_FILE = `${OWN_PREFIX}.jsonl`;

export interface ManifestHeader {
  readonly user: string;
  readonly accountId: string;
  readonly form: ExportForm;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export interface ManifestEnd {
  readonly complete: boolean;
  readonly subscriptions: readonly string[];
  readonly problems: readonly SourceProblem[];
  readonly notExported: object;
}

export interface ManifestTotals {
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** On disk, and no longer in the account. */
  readonly went: number;
}

/** What is begun again is not told by what an earlier run has written. */
export const removeManifest = async (directory: ExportDirectory): Promise<void> =>
  await rm(directory.at(MANIFEST_FILE), { force: true });

/** @param visited mailboxes that the last look has seen; what is left of others is told as gone */
export async function writeManifest(
  directory: ExportDirectory,
  header: ManifestHeader,
  visited: ReadonlySet<string>,
  end: ManifestEnd,
): Promise<ManifestTotals> {
  const totals = { mailboxes: 0, messages: 0, bytes: 0, went: 0 };
  const writer = await LinesWriter.open(directory);
  try {
    await writer.add({ kind: 'export', version: 1, ...header });
    for (const part of await listParts(directory)) {
      const lines = readLines<MailboxRecord | ExportedMessage>(directory.own(part));
      for await (const line of lines) {
        const went = line.went === true || !visited.has(line.mailbox);
        await writer.add(went ? { ...line, went } : line);
        if (line.kind === 'mailbox') totals.mailboxes += went ? 0 : 1;
        else if (went) totals.went += 1;
        else {
          totals.messages += 1;
          totals.bytes += line.size;
        }
      }
    }
    for (const path of end.subscriptions) await writer.add({ kind: 'subscription', mailbox: path });
    for (const { source, reason } of end.problems) {
      await writer.add({ kind: 'left-out', source, reason });
    }
    const { complete, notExported } = end;
    await writer.add({ kind: 'totals', complete, ...totals, notExported });
    await writer.commit(directory.at(MANIFEST_FILE));
    await directory.sync('');
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return totals;
}
