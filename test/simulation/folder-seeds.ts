/** Which interleavings the tests of racing folders run, and what must have happened in them. */
import { randomInt } from 'node:crypto';
import { SOAK } from '../soak-sizes.ts';
import type { Kind } from './folder-requests.ts';

/** Never changed, so that a change of the core is what makes a test fail. */
const FIXED_SEED = 20_261_123;
const SEEDS_MAX = 2 ** 31 - 1;

export interface Seeds {
  readonly first: number;
  readonly runs: number;
  /** Whether it is known that everything happens in them. */
  readonly fixed?: boolean;
}

/** @throws TypeError when LETHE_SEED is none */
export function seedsOf(runs: number): readonly Seeds[] {
  const given = process.env['LETHE_SEED'] ?? '';
  if (given === '') {
    const fresh = { first: randomInt(SEEDS_MAX), runs: SOAK.freshFolderRaces };
    return [{ first: FIXED_SEED, runs, fixed: true }, fresh];
  }
  const first = Number(given);
  if (!Number.isInteger(first)) throw new TypeError(`LETHE_SEED is ${given}, must be <seed>`);
  return [{ first, runs: 1 }];
}

const KINDS: readonly Kind[] = [
  ...(['delete', 'undelete', 'create', 'deliver', 'rename', 'expunge'] as const),
  ...(['copy', 'move', 'unexpunge'] as const),
];

/** A test that does nothing finds nothing. */
export const WHAT_HAPPENS: readonly string[] = [
  ...KINDS.flatMap((kind) => [`${kind} done`, `${kind} refused`]).filter(
    (what) => what !== 'unexpunge refused',
  ),
  'delete crashed',
  'undelete crashed',
  'handOver done',
  'handOver refused',
  'handOver crashed',
  'purge done',
  'purge crashed',
];
