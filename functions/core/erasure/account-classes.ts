/**
 * The classes under which an account may have objects, as its operation knows them: those that the
 * deployment was told, the account's own, and whatever the bucket has at its top. A checkout can
 * forget a class; the bucket cannot, as long as anything lies under it (X3).
 */
import { OPAQUE_CLASS, UPLOADS_PREFIX } from '../../contract/key-layout.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { readAccount } from '../accounts/accounts.ts';
import { requireRunning, updateWrite } from '../operations/operations.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RowStore } from '../ports/row-store.ts';
import { type ErasurePorts, requirePart } from './erasure-ports.ts';

/** What no class is called: index bundles and uploads, which every account's prefixes have. */
const OTHERS: ReadonlySet<string> = new Set([OPAQUE_CLASS, UPLOADS_PREFIX.slice(0, -1)]);

/**
 * Looks for classes and notes on the operation those that are new, after the ones it had. With them
 * the targets are others, and what a round has counted or looked at of them means nothing any more:
 * so the same write begins the next round.
 * @returns the round of the operation
 */
export async function noteClasses(ports: ErasurePorts, context: OperationContext): Promise<number> {
  const { round } = await requireRunning(ports.rows, context);
  const noted = await notedClasses(ports.rows, context.operationId);
  const account = await readAccount(ports.rows, context.accountId);
  const found = [
    ...(account === undefined ? [] : [account.retentionClass]),
    ...(await foldersOf(ports.objects)),
  ].filter((name) => !OTHERS.has(name));
  const classes = [...new Set([...(noted ?? []), ...found.sort()])];
  if (noted !== undefined && classes.length === noted.length) return round;
  const next = noted === undefined ? round : round + 1;
  await ports.rows.write(updateWrite(context, { classes, round: next }, { round }));
  return (await requireRunning(ports.rows, context)).round;
}

/** The classes of an operation's targets: what its plan noted, then what only the deployment knows. */
export async function classesOf(
  rows: RowStore,
  deployed: readonly string[],
  operationId: string,
): Promise<readonly string[]> {
  const noted = await notedClasses(rows, operationId);
  return [...new Set([...(noted ?? []), ...deployed])];
}

async function notedClasses(
  rows: RowStore,
  operationId: string,
): Promise<readonly string[] | undefined> {
  const row = requirePart(await rows.get(registryKeys.operation(operationId)), 'operation row');
  const classes = row.attributes['classes'];
  return Array.isArray(classes) ? classes.map(String) : undefined;
}

async function foldersOf(objects: ObjectStore): Promise<string[]> {
  const folders: string[] = [];
  let after: string | undefined;
  do {
    const page = await objects.listFolders(after);
    folders.push(...page.entries);
    after = page.next;
  } while (after !== undefined);
  return folders;
}
