/**
 * The folders that a dry run of a purge finds: noted by ids, named when somebody asks. So no
 * operation keeps an address or the name of a folder (U7).
 */
import type { ListAnswer } from '../../contract/api.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import type { PurgeableFolder } from '../../contract/purge.ts';
import { ROW_VERSION, registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { readAccount } from '../accounts/accounts.ts';
import { isStored, readTree } from '../folders/tree.ts';
import { type OperationPorts, requireOperation, retentionEnd } from '../operations/operations.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { number, text } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';

/** Of each part of a purge, of which there are 16 at most; the counts are of all. */
export const PURGEABLE_NOTED_MAX = 1000;

const PARALLEL_READS = 16;

export type FoundFolder = Pick<
  PurgeableFolder,
  'accountId' | 'deletionId' | 'mailboxes' | 'messages' | 'bytes'
>;

/** Safe to repeat. */
export async function notePurgeable(
  { rows, clock }: OperationPorts,
  { operationId }: OperationContext,
  { accountId, deletionId, mailboxes, messages, bytes }: FoundFolder,
): Promise<void> {
  await rows.write({
    kind: 'put',
    key: registryKeys.purgeable(operationId, accountId, deletionId),
    attributes: {
      v: ROW_VERSION,
      type: 'purgeable',
      ...{ accountId, deletionId, mailboxes, messages, bytes },
      [TTL_ATTRIBUTE]: retentionEnd(clock.now()),
    },
  });
}

/**
 * One page of what a dry run has found; of an operation that is none, nothing.
 * @throws UnknownOperationError
 */
export async function purgeableFolders(
  rows: RowStore,
  operationId: string,
  page: { readonly limit: number; readonly after?: string },
): Promise<ListAnswer<PurgeableFolder>> {
  await requireOperation(rows, operationId);
  const { pk, sk } = registryKeys.purgeable(operationId, '', '');
  // Without the last delimiter: accounts differ.
  const query = { table: 'registry', pk, sk: { prefix: sk.slice(0, -1) }, ...page } as const;
  const found = await rows.query(query);
  const items = await inParallel(found.rows, PARALLEL_READS, (row) => named(rows, row));
  return { items, ...(found.next === undefined ? {} : { next: found.next }) };
}

async function named(rows: RowStore, row: Row): Promise<PurgeableFolder> {
  const accountId = text(row, 'accountId');
  const deletionId = text(row, 'deletionId');
  const [account, tree] = await Promise.all([
    readAccount(rows, accountId),
    readTree(rows, accountId, deletionId),
  ]);
  const user = account?.user;
  const isThere = tree !== undefined && isStored(tree);
  return {
    accountId,
    ...(user === undefined ? {} : { user }),
    deletionId,
    ...(isThere ? { path: tree.root, deletedAt: new Date(tree.deletedAt).toISOString() } : {}),
    mailboxes: number(row, 'mailboxes'),
    messages: number(row, 'messages'),
    bytes: number(row, 'bytes'),
  };
}
