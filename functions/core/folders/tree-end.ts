/** How long a deleted folder stays, by the settings as they are now. */
import type { DeletedRetentionDays } from '../../contract/mail-settings.ts';
import { DAY_MS } from '../../contract/times.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';

interface TreeEnd {
  readonly retentionDays: DeletedRetentionDays;
  /** ISO time from which a purge takes it; missing: none does by itself. */
  readonly purgeAfter?: string;
}

/** @param path that the folder had @param deletedAt epoch milliseconds */
export function treeEnd(settings: ResolvedSettings, path: string, deletedAt: number): TreeEnd {
  const retentionDays = settings.ownDeletedRetentionDaysOf(path) ?? settings.deletedRetentionDays;
  if (retentionDays === 'never') return { retentionDays };
  const purgeAfter = new Date(deletedAt + retentionDays * DAY_MS).toISOString();
  return { retentionDays, purgeAfter };
}

/** The first of these that a purge takes; undefined: none by itself. */
export function firstEnd(
  settings: ResolvedSettings,
  paths: readonly string[],
  deletedAt: number,
): string | undefined {
  const ends = paths.map((path) => treeEnd(settings, path, deletedAt).purgeAfter);
  return ends.filter((end) => end !== undefined).sort()[0];
}
