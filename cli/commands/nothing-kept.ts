/** Why expunged mail that somebody looks for is not found, by the settings of today. */
import type { Io } from '../io.ts';
import { writeLine } from '../io.ts';
import { safe } from '../output/text.ts';

interface Why {
  readonly lazyExpunge?: 'off' | 'in-place' | 'storage';
  readonly excluded?: readonly string[];
}

/** @param isNothing whether no answer has found anything: only then a reason holds for all */
export function whyNothing<W extends Why>(
  answers: readonly W[],
  isNothing: boolean,
): Pick<W, 'lazyExpunge' | 'excluded'> {
  const why = answers.find((one) => one.lazyExpunge !== undefined || one.excluded !== undefined);
  if (!isNothing || why === undefined) return {} as Pick<W, 'lazyExpunge' | 'excluded'>;
  const { lazyExpunge, excluded } = why;
  return {
    ...(lazyExpunge === undefined ? {} : { lazyExpunge }),
    ...(excluded === undefined ? {} : { excluded }),
  } as Pick<W, 'lazyExpunge' | 'excluded'>;
}

export async function tellWhyNothing(
  { stderr }: Pick<Io, 'stderr'>,
  { lazyExpunge, excluded = [] }: Why,
): Promise<void> {
  if (lazyExpunge !== undefined) await writeLine(stderr, NOTHING_KEPT[lazyExpunge]);
  if (excluded.length === 0) return;
  const names = excluded.map(safe).join(', ');
  await writeLine(stderr, `what is expunged from ${names} is not kept: lazyExpungeExclude says so`);
}

const NOTHING_KEPT: Readonly<Record<NonNullable<Why['lazyExpunge']>, string>> = {
  off: 'lazy expunge is off: what is expunged is not kept (lethe settings set lazyExpunge=...)',
  'in-place': 'expunged mail stays in its mailbox: lethe message expunged, lethe message unexpunge',
  storage: 'expunged mail goes to a storage: lethe message restore',
};
