/** What remains of an account outside the stores that Lethe lists, and until when. */

import type { Remainder } from '../../contract/api.ts';
import { SLOWEST_UPLOAD_BYTES_PER_SECOND } from '../../contract/limits.ts';
import { DAY_MS } from '../../contract/times.ts';
import type { Residue } from './certificate.ts';

export interface ResidueSettings {
  /** Point-in-time recovery of the tables. */
  readonly recoveryDays: number;
  readonly logRetentionDays: number;
  /** How long nobody can have the addresses; 0: they are free at once. */
  readonly reservationDays: number;
}

interface ResiduePlaces {
  /** Backends that may still hold metacache and fscache. */
  readonly left: ReadonlySet<string>;
  /** Backends that removed the metacache when asked to. */
  readonly cleared: ReadonlySet<string>;
  /**
   * Whether uploads could be under way when the fence was raised, and whether the verification
   * began only when those of ordinary speed had ended; `expected` before there is a fence.
   */
  readonly uploads: 'none' | 'expected' | 'waited-for' | 'not-waited-for';
}

/** @param at epoch milliseconds of the verification: what it listed was gone by then */
export const residueOf = (
  at: number,
  settings: ResidueSettings,
  places: ResiduePlaces,
): Residue[] =>
  remaindersOf(settings, places).map(({ where, days, note }) => ({
    where,
    ...(days === undefined ? {} : { until: new Date(at + days * DAY_MS).toISOString() }),
    note,
  }));

/** The same in days, of a deletion that is yet to come. */
export function remaindersOf(settings: ResidueSettings, places: ResiduePlaces): Remainder[] {
  const residue: Remainder[] = [
    {
      where: 'point-in-time recovery of the tables',
      days: settings.recoveryDays,
      note: 'rows can be restored to a table of another name until then',
    },
    {
      where: 'stream records of the dictmap',
      days: 1,
      note: 'DynamoDB keeps stream records for 24 hours',
    },
    {
      where: 'execution history',
      days: 90,
      note: 'the input of the execution; it holds the address if it was started with one',
    },
    {
      where: 'logs of functions and API',
      days: settings.logRetentionDays,
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
  if (settings.reservationDays > 0) {
    residue.push({
      where: 'reserved addresses',
      note:
        `each address is kept from others for ${settings.reservationDays} days from the end of the deletion on, unless ` +
        'that is ended sooner: a row with the address and the id of this operation',
    });
  }
  if (places.uploads !== 'none') {
    const note = `${UPLOADS[places.uploads]}, and its lifecycle removes what they leave within 4 days`;
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

const KIB_PER_SECOND = SLOWEST_UPLOAD_BYTES_PER_SECOND / 1024;

const UPLOADS = {
  expected: 'they are looked for before the certificate; S3 lets slow ones end',
  'waited-for': `those of at least ${KIB_PER_SECOND} KiB a second were waited for and looked for; S3 lets slower ones end`,
  'not-waited-for': 'they were looked for and not waited for; S3 lets them end',
} as const;
