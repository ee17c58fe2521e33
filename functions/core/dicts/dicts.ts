/**
 * Dict rows: what Dovecot keeps about a user outside mailboxes, such as `quota_clone` and
 * `last_login`. `obox user delete` leaves them behind; an erasure here does not (U3).
 */
import { accountPartition, dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { writeWhileActive } from '../accounts/while-active.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';

/** A name becomes part of a sort key of 1,024 bytes. */
const DICT_KEY_BYTES_MAX = 800;

export interface DictEntry {
  readonly name: string;
  readonly value: string;
}

/**
 * Sets an entry. The transaction checks that the account is active: a quota or last-login update
 * that comes late cannot bring an erased account's row back (X3).
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, AccountNotActiveError, StoreBusyError
 */
export async function setDict(
  ports: Pick<Ports, 'rows' | 'clock' | 'ids'>,
  account: Account,
  entry: DictEntry,
  deadline: number,
): Promise<void> {
  if (entry.name === '' || Buffer.byteLength(entry.name) > DICT_KEY_BYTES_MAX) {
    throw InvalidInputError.of(
      'name',
      `got ${quoted(entry.name)}, allowed are 1 to ${DICT_KEY_BYTES_MAX} bytes`,
    );
  }
  const write = {
    kind: 'put',
    key: dictmapKeys.dict(account.accountId, entry.name),
    attributes: { v: ROW_VERSION, type: 'dict', name: entry.name, value: entry.value },
  } as const;
  await writeWhileActive(ports, account, write, deadline);
}

export async function getDict(
  rows: RowStore,
  accountId: string,
  name: string,
): Promise<string | undefined> {
  const row = await rows.get(dictmapKeys.dict(accountId, name));
  return row && text(row, 'value');
}

/** One page of an account's dict entries. */
export async function listDicts(
  rows: RowStore,
  accountId: string,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly entries: readonly DictEntry[]; readonly next?: string }> {
  const { rows: found, next } = await rows.query({
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'dict#' },
    ...page,
  });
  const entries = found.map((row) => ({ name: text(row, 'name'), value: text(row, 'value') }));
  return next === undefined ? { entries } : { entries, next };
}
