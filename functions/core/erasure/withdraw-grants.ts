/**
 * Rights that an account that is erased has in others' mailboxes, and that others have in its own:
 * both name accounts in rows of others, which the prefixes and partitions of this one do not hold.
 */
import { accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { aclWrite, withdrawals } from '../mailboxes/access-list.ts';
import { toMailbox } from '../mailboxes/mailbox.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import type { RowPorts, Until } from './erasure-ports.ts';
import { mailboxRows } from './plan.ts';

const PAGE_ROWS = 500;

/**
 * Takes the account out of every ACL that names it, and its mailboxes out of the partitions of whom
 * their ACLs name. What is done is noted on the rows that say so, so that a later call goes on.
 * Behind the fence no ACL can name the account anew.
 * @returns false when time ran out
 * @throws Error when an ACL keeps changing: its entry must not stay unseen
 */
export async function withdrawGrants(
  { rows, clock }: RowPorts,
  accountId: string,
  until: Until,
): Promise<boolean> {
  const granted = {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: dictmapKeys.granted(accountId, '').sk },
    limit: PAGE_ROWS,
  } as const;
  for await (const row of everyRow(rows, granted)) {
    if (row.attributes['withdrawn'] === true) continue;
    if (clock.now() >= until) return false;
    await leaveAcl(rows, text(row, 'mailboxId'), accountId);
    const change = { set: { withdrawn: true } };
    await rows.write({ kind: 'update', key: row.key, guard: { row: 'present' }, change });
  }
  for await (const row of mailboxRows(rows, accountId)) {
    if (row.attributes['acl'] === undefined) continue;
    if (clock.now() >= until) return false;
    await forgetNamed(rows, row);
  }
  return true;
}

/** Tries to change an ACL that others are changing, before the step is left to its retry. */
const TRIES_MAX = 5;

async function leaveAcl(rows: RowStore, mailboxId: string, accountId: string): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const row = await rows.get(dictmapKeys.mailbox(mailboxId));
    const { [accountId]: own, ...acl } = (row && toMailbox(row).acl) ?? {};
    if (row === undefined || own === undefined) return;
    const result = await rows.write(aclWrite(row, acl));
    if (result.outcome === 'written') return;
  }
  throw new Error(`the ACL of mailbox ${mailboxId} keeps changing: it still names the account`);
}

/** The ACL goes from the row once nobody is named by it any more. */
async function forgetNamed(rows: RowStore, row: Row): Promise<void> {
  const { mailboxId, acl } = toMailbox(row);
  await rows.removeAll(withdrawals(mailboxId, acl).map(({ key }) => key));
  const guard = { row: 'present' } as const;
  await rows.write({ kind: 'update', key: row.key, guard, change: { unset: ['acl'] } });
}
