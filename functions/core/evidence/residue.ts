/** What remains of an account outside the stores that Lethe lists, and until when. */
import { SLOWEST_UPLOAD_BYTES_PER_SECOND } from '../../contract/limits.ts';
import { DAY_MS } from '../../contract/times.ts';
import type { Residue } from './certificate.ts';

export interface ResidueSettings {
  /** Point-in-time recovery of the tables. */
  readonly recoveryDays: number;
  readonly logRetentionDays: number;
}

/** @param at epoch milliseconds of the verification: what it listed was gone by then */
export function residueOf(
  at: number,
  settings: ResidueSettings,
  places: {
    /** Backends that may still hold metacache and fscache. */
    readonly left: ReadonlySet<string>;
    /** Backends that removed the metacache when asked to. */
    readonly cleared: ReadonlySet<string>;
    /**
     * Whether uploads could be under way when the fence was raised, and whether the verification
     * began only when those of ordinary speed had ended.
     */
    readonly uploads: 'none' | 'waited-for' | 'not-waited-for';
  },
): Residue[] {
  const after = (days: number): string => new Date(at + days * DAY_MS).toISOString();
  const residue: Residue[] = [
    {
      where: 'point-in-time recovery of the tables',
      until: after(settings.recoveryDays),
      note: 'rows can be restored to a table of another name until then',
    },
    {
      where: 'stream records of the dictmap',
      until: after(1),
      note: 'DynamoDB keeps stream records for 24 hours',
    },
    {
      where: 'execution history',
      until: after(90),
      note: 'the input of the execution; it holds the address if it was started with one',
    },
    {
      where: 'logs of functions and API',
      until: after(settings.logRetentionDays),
      note: 'ids and counts, no address and no mail',
    },
    {
      where: 'records in other accounts',
      note: 'the account id where the user expunged or deleted in folders of others; no address',
    },
    {
      where: 'backups and replicas of bucket and tables',
      note: 'none is made by this deployment; others end with their own retention',
    },
  ];
  if (places.uploads !== 'none') {
    const were =
      places.uploads === 'waited-for'
        ? `those of at least ${SLOWEST_UPLOAD_BYTES_PER_SECOND / 1024} KiB a second were waited for and ` +
          'looked for; S3 lets slower ones end'
        : 'they were looked for and not waited for; S3 lets them end';
    const note = `${were}, and its lifecycle removes what they leave within 4 days`;
    residue.push({ where: 'uploads begun before the fence', note });
  }
  for (const host of [...places.left].sort()) {
    residue.push({
      where: `caches of backend ${host}`,
      note: "metacache and fscache end with the backend's own clean-up",
    });
  }
  for (const host of [...places.cleared].sort()) {
    residue.push({
      where: `fscache of backend ${host}`,
      note: "the metacache was removed; cached objects end with the backend's own clean-up",
    });
  }
  return residue;
}
