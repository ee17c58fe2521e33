/** What the models still hold of an account, and what everyone else has. */
import { accountPrefixes } from '../../functions/contract/key-layout.ts';
import type { Row } from '../../functions/core/ports/row-store.ts';
import { CLASSES_EVER, type World } from './world.ts';

const isOf = (accountId: string, row: Row): boolean =>
  row.key.pk.includes(accountId) || row.key.sk.includes(accountId);

/** Rows of the dictmap, versions, markers and uploads: must be empty after an erasure (X3). */
export function leftOf(world: World, accountId: string): string[] {
  const prefixes = accountPrefixes(accountId, CLASSES_EVER);
  return [
    ...world.rows
      .rows('dictmap')
      .filter((row) => isOf(accountId, row))
      .map(({ key }) => `${key.pk} / ${key.sk}`),
    ...prefixes.flatMap((prefix) => world.objects.versions(prefix).map(({ key }) => key)),
    ...world.objects
      .uploads()
      .filter(({ key }) => key.includes(accountId))
      .map(({ key }) => key),
  ];
}

/** Everything in both stores that is not of this account, for comparing byte for byte. */
export function allBut(world: World, accountId: string): unknown {
  return {
    rows: world.rows
      .rows()
      .filter((row) => !isOf(accountId, row) && !row.key.pk.startsWith('operation#')),
    versions: world.objects.versions().filter(({ key }) => !key.includes(accountId)),
  };
}
