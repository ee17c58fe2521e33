/** Runs exports of an account in memory, and reads what they have written. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ExportForm } from '../../../../cli/export/export-form.ts';
import type { ExportSource } from '../../../../cli/export/export-source.ts';
import { MANIFEST_FILE } from '../../../../cli/export/manifest.ts';
import { unframe } from '../../../../cli/export/mbox-frame.ts';
import {
  type ExportOptions,
  type ExportReport,
  runExport,
} from '../../../../cli/export/run-export.ts';

export const exportTo = (
  directory: string,
  source: ExportSource,
  form: ExportForm,
  options: Partial<ExportOptions> = {},
): Promise<ExportReport> =>
  runExport(source, {
    directory,
    form,
    utf8: false,
    signal: new AbortController().signal,
    now: () => Date.UTC(2026, 10, 22),
    onProgress: () => {},
    ...options,
  });

/** Files below a directory, without those that the export keeps for itself. */
export async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('lethe-export'))
    .sort();
}

export interface ManifestLine {
  readonly kind: string;
  readonly mailbox?: string;
  readonly uid?: number;
  readonly uidValidity?: number;
  readonly size?: number;
  readonly sha256?: string;
  readonly path?: string;
  readonly went?: true;
  readonly complete?: boolean;
  readonly messages?: number;
  readonly flags?: readonly string[];
  readonly offset?: number;
  readonly length?: number;
}

export async function manifestOf(directory: string): Promise<ManifestLine[]> {
  const text = await readFile(join(directory, MANIFEST_FILE), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ManifestLine);
}

/** SHA-256 of the message that is where a line of the manifest says. */
export async function exportedIn(directory: string, line: ManifestLine): Promise<string> {
  const { path = '', offset, length = 0, size = 0 } = line;
  const whole = await readFile(join(directory, path));
  const raw = offset === undefined ? whole : unframe(whole.subarray(offset, offset + length), size);
  return createHash('sha256')
    .update(raw ?? '')
    .digest('hex');
}
