/** An account as callers see it. */
import type { AccountAnswer } from '../../contract/api.ts';
import { accountPartition } from '../../contract/row-layout.ts';
import { everyMailboxRow, isThere } from '../mailboxes/every-mailbox.ts';
import { parseAddress } from '../names/address.ts';
import type { RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { type Account, findAccount, unknownUser } from './accounts.ts';

const PAGE_ROWS = 500;

/** @throws InvalidInputError, UnknownUserError */
export async function showAccount(rows: RowStore, address: string): Promise<AccountAnswer> {
  const user = parseAddress('user', address);
  const account = await findAccount(rows, user);
  if (account === undefined) throw unknownUser(user);
  return await toAccountAnswer(rows, account);
}

/** An account with its addresses and the sums of its mailboxes' counters. */
export async function toAccountAnswer(rows: RowStore, account: Account): Promise<AccountAnswer> {
  const { accountId, state, retentionClass, user = '', operationId } = account;
  const pk = accountPartition(accountId);
  const aliases: string[] = [];
  for await (const row of everyRow(rows, {
    table: 'registry',
    pk,
    sk: { prefix: 'address#' },
    limit: PAGE_ROWS,
  })) {
    const address = text(row, 'address');
    if (address !== user) aliases.push(address);
  }
  let [mailboxes, messages, bytes] = [0, 0, 0];
  for await (const mailbox of everyMailboxRow(rows, accountId)) {
    if (mailbox.state !== 'erasing' && !isThere(account, mailbox)) continue;
    mailboxes += 1;
    messages += mailbox.messages;
    bytes += mailbox.bytes;
  }
  return {
    accountId,
    user,
    aliases,
    state,
    retentionClass,
    createdAt: new Date(account.createdAt).toISOString(),
    mailboxes,
    messages,
    bytes,
    ...(operationId === undefined ? {} : { operationId }),
  };
}
