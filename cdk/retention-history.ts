/**
 * Remembers which retention classes a stage was ever synthesized with, in a file that is committed
 * like cdk.context.json. A class is part of every key written under it: without the memory, a
 * class dropped from the settings would strand its mail where neither lifecycle nor erasure looks.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Retention, type RetentionClasses, type Settings, SettingsError } from './settings.ts';

/** The file of this checkout: commit it together with the settings that changed it. */
export const RETENTION_HISTORY_FILE = fileURLToPath(
  new URL('./retention-history.json', import.meta.url),
);

const HISTORY = z.record(
  z.string(),
  z.record(
    z.string(),
    z.strictObject({
      /** As last synthesized. */
      retention: z.union([z.int().min(1), z.literal('keep')]),
      /** No account can be given this class any more; what was written under it stays. */
      retired: z.literal(true).optional(),
    }),
  ),
);
type History = z.infer<typeof HISTORY>;
type StageHistory = History[string];

/**
 * Every class the stage was ever synthesized with, those of the settings first, each with the
 * retention that its lifecycle rule must have now. Adds new ones to the file. An ephemeral stage
 * is forgotten with its stack, so it neither reads nor writes the file.
 * @throws SettingsError when a class was removed or shortened and the settings do not accept it;
 *   when the file is missing: that is not known to be the first synthesis.
 */
export function rememberClasses(settings: Settings, file: string): RetentionClasses {
  if (settings.ephemeral) return settings.retentionClasses;
  const history = readHistory(file);
  const before = history[settings.stage] ?? {};
  const problems = refusals(settings, before);
  if (problems.length > 0) throw new SettingsError(problems);
  const after = merged(settings.retentionClasses, before);
  if (JSON.stringify(after) !== JSON.stringify(before)) {
    writeHistory(file, { ...history, [settings.stage]: after });
  }
  const ever = Object.entries(after).map(([name, { retention }]) => [name, retention] as const);
  return { ...settings.retentionClasses, ...Object.fromEntries(ever) };
}

function refusals(settings: Settings, before: StageHistory): string[] {
  const path = `lethe.stages.${settings.stage}`;
  return Object.entries(before).flatMap(([name, { retention, retired }]) => {
    const given = settings.retentionClasses[name];
    const gone = given === undefined && retired !== true;
    const shortened = given !== undefined && isShorter(given, retention);
    if (!(gone || shortened) || settings.acceptRetentionChange.includes(name)) return [];
    const said = gone ? 'nothing given' : `given ${JSON.stringify(given)}`;
    return (
      `${path}.retentionClasses.${name}: ${said}, allowed: ${JSON.stringify(retention)} or ` +
      `longer, because mail was written under it. If you mean it, add ${JSON.stringify(name)} ` +
      `to ${path}.acceptRetentionChange`
    );
  });
}

function isShorter(given: Retention, before: Retention): boolean {
  return given !== 'keep' && (before === 'keep' || given < before);
}

/** Sorted by name, so that the file changes only when its content does. */
function merged(classes: RetentionClasses, before: StageHistory): StageHistory {
  const names = [...new Set([...Object.keys(classes), ...Object.keys(before)])].sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const now = classes[name];
      if (now !== undefined) return [[name, { retention: now }]];
      const last = before[name];
      return last === undefined ? [] : [[name, { retention: last.retention, retired: true }]];
    }),
  );
}

function readHistory(file: string): History {
  if (!existsSync(file)) {
    throw new SettingsError([
      `${file}: missing, which may mean that classes are forgotten under which mail lies; restore ` +
        'it from the repository. Only where nothing was ever deployed from here, make it: {}',
    ]);
  }
  try {
    return HISTORY.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new SettingsError([
      `${file}: not a retention history (${(error as Error).message}); restore it from the ` +
        'repository: erasure relies on it to find mail of retired classes',
    ]);
  }
}

/** By rename: whoever reads meanwhile sees the old file or the new one. */
function writeHistory(file: string, history: History): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(history, undefined, 2)}\n`);
  renameSync(temporary, file);
}
