/** The expunge storage: a mailbox that comes into being with the first message for it (L2). */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive } from '../accounts/accounts.ts';
import { activeCheck } from '../accounts/while-active.ts';
import { settingsFor } from '../autoexpunge/policy-attributes.ts';
import { LetheError, quoted } from '../errors.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { mailboxWrites, newMailbox } from './create-mailbox.ts';
import { type Mailbox, type MailboxPorts, readMailbox } from './mailboxes.ts';

/**
 * The storage for what is expunged from a mailbox, made when it is not there.
 * @param path of the mailbox that mail is expunged from
 * @param deadline epoch milliseconds after which no new try begins
 * @throws ExpungeStorageError when it cannot take mail: then nothing may be expunged (W2)
 * @throws AccountNotActiveError, StoreBusyError
 */
export async function ensureStorage(
  ports: MailboxPorts,
  account: Account,
  settings: ResolvedSettings,
  path: string,
  deadline: number,
): Promise<Mailbox> {
  const name = settings.storagePathFor(path);
  if (name === undefined) throw new TypeError('lazy expunge is off: there is no storage');
  const { accountId } = account;
  return await untilWon(ports, deadline, async () => {
    const row = await ports.rows.get(dictmapKeys.path(accountId, name));
    if (row === undefined) return await create(ports, account, settings, name);
    const mailbox = await readMailbox(ports.rows, text(row, 'mailboxId'));
    if (mailbox === undefined) return 'lost';
    if (mailbox.state === 'erasing') throw notActive(account);
    // Deleted between the two readings: the name is free, or another has it.
    if (mailbox.state === 'deleted' || mailbox.state === 'shell') return 'lost';
    if (mailbox.state !== 'active') throw unusable(account, name);
    return mailbox.role === 'storage' ? mailbox : await adopt(ports, mailbox);
  });
}

async function create(
  ports: MailboxPorts,
  account: Account,
  settings: ResolvedSettings,
  name: string,
): Promise<Mailbox | 'lost'> {
  const given = { role: 'storage', ...settingsFor(settings, name) } as const;
  const mailbox = newMailbox(account, name, ports, given);
  const result = await ports.rows.transact([
    activeCheck(account.accountId),
    ...mailboxWrites(account.accountId, mailbox),
  ]);
  if (result.outcome === 'written') return mailbox;
  const fenced = result.outcome === 'refused' && result.refusals.some(({ index }) => index === 0);
  if (fenced) throw notActive(account);
  return 'lost';
}

/** A mailbox that had the name before it became that of the storage; its mail stays in it. */
async function adopt(ports: MailboxPorts, mailbox: Mailbox): Promise<Mailbox | 'lost'> {
  const result = await ports.rows.write({
    kind: 'update',
    key: dictmapKeys.mailbox(mailbox.mailboxId),
    guard: { row: 'present', equals: { state: 'active', path: mailbox.path } },
    change: { set: { role: 'storage' } },
  });
  return result.outcome === 'written' ? { ...mailbox, role: 'storage' } : 'lost';
}

function unusable(account: Account, name: string): LetheError {
  return new LetheError(
    ERROR_NAMES.expungeStorage,
    `the expunge storage ${quoted(name)} of account ${account.accountId} takes no mail`,
    'Nothing was expunged. Let an operator look at the mailbox, then try again.',
  );
}
