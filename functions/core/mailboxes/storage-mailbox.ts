/** The expunge storage: a mailbox that comes into being with the first message for it (L2). */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import { MAILBOX_PATH_BYTES } from '../../contract/limits.ts';
import { isTooLongPath, utf8Bytes } from '../../contract/mailbox-names.ts';
import { dictmapKeys, registryKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount, requireUnheld } from '../accounts/accounts.ts';
import { SWEEPABLE } from '../accounts/while-active.ts';
import { LetheError, quoted } from '../errors.ts';
import { settingsFor } from '../policies/policy-attributes.ts';
import type { Guard } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { domainCheck, requireSameDomain } from '../settings/settings-store.ts';
import { mailboxWrites, newMailbox } from './create-mailbox.ts';
import type { Mailbox } from './mailbox.ts';
import { type MailboxPorts, readMailbox } from './mailboxes.ts';
import { readNameMemories, sameMemory, UidValidities } from './name-memory.ts';
import type { Access } from './rights.ts';

/**
 * The storage for what is expunged from a mailbox, made when it is not there.
 * @param path of the mailbox that mail is expunged from
 * @param deadline epoch milliseconds after which no new try begins
 * @throws ExpungeStorageError when it cannot take mail: then nothing may be expunged (W2)
 * @throws AccountNotActiveError, AccountHeldError when it would have to be made (W6), StoreBusyError
 */
export async function ensureStorage(
  ports: MailboxPorts,
  { account, settings }: Pick<Access, 'account' | 'settings'>,
  path: string,
  deadline: number,
): Promise<Mailbox> {
  const name = settings.storagePathFor(path);
  if (name === undefined) throw new TypeError('lazy expunge is off: there is no storage');
  if (isTooLongPath(name)) throw tooLong(path, name);
  const { accountId } = account;
  return await untilWon(ports, deadline, async () => {
    const row = await ports.rows.get(dictmapKeys.path(accountId, name));
    if (row === undefined) return await create(ports, accountId, settings, name);
    const mailbox = await readMailbox(ports.rows, text(row, 'mailboxId'));
    // Deleted between the two readings: its name is free by now, or another has it.
    if (mailbox === undefined || mailbox.state === 'shell') return 'lost';
    if (mailbox.state === 'deleted') return 'lost';
    if (mailbox.state === 'erasing') throw notActive(account);
    if (mailbox.state !== 'active') throw unusable(account, name);
    if (mailbox.role === 'storage') return mailbox;
    if (mailbox.messages > 0) throw nameHoldsMail(name);
    return await adopt(ports, mailbox);
  });
}

/** A storage of that name may have been deleted a moment ago: the name remembers what it has shown. */
async function create(
  ports: MailboxPorts,
  accountId: string,
  settings: ResolvedSettings,
  name: string,
): Promise<Mailbox | 'lost'> {
  const account = await readAccount(ports.rows, accountId);
  if (account?.state !== 'active') throw notActive(account ?? { accountId });
  // Nothing will be expunged into it (W6).
  requireUnheld(account);
  const memory = (await readNameMemories(ports.rows, accountId, [name]))(name);
  const uidValidity = new UidValidities(account, ports.clock.now()).next(memory);
  const given = { role: 'storage', ...settingsFor(settings, name), uidValidity } as const;
  const mailbox = newMailbox(accountId, name, ports.ids, given);
  const result = await ports.rows.transact([
    { kind: 'check', key: registryKeys.account(accountId), guard: sameLast(account) },
    sameMemory(accountId, memory),
    ...domainCheck(settings),
    ...mailboxWrites(accountId, mailbox),
  ]);
  requireSameDomain(result);
  return result.outcome === 'written' ? mailbox : 'lost';
}

function sameLast({ lastUidValidity }: Account): Guard {
  const { equals, without } = SWEEPABLE;
  return lastUidValidity === undefined
    ? { row: 'present', equals, without: [...without, 'lastUidValidity'] }
    : { row: 'present', equals: { ...equals, lastUidValidity }, without };
}

/** An empty mailbox that had the name before it became that of the storage. */
async function adopt(ports: MailboxPorts, mailbox: Mailbox): Promise<Mailbox | 'lost'> {
  const result = await ports.rows.write({
    kind: 'update',
    key: dictmapKeys.mailbox(mailbox.mailboxId),
    guard: { row: 'present', equals: { state: 'active', path: mailbox.path, messages: 0 } },
    change: { set: { role: 'storage' } },
  });
  return result.outcome === 'written' ? { ...mailbox, role: 'storage' } : 'lost';
}

/** What is in it was never expunged: as a storage it would hide it, and end what is expunged there. */
function nameHoldsMail(name: string): LetheError {
  return new LetheError(
    ERROR_NAMES.expungeStorage,
    `the mailbox ${quoted(name)} holds mail, and has the name that the settings give to the expunge storage`,
    'Nothing was expunged. Rename the mailbox, or let an administrator give the storage another name.',
  );
}

/** Its storage could be listed, and nobody could name it in a request. */
function tooLong(path: string, name: string): LetheError {
  return new LetheError(
    ERROR_NAMES.expungeStorage,
    `the expunge storage of ${quoted(path)} would have a name of ${utf8Bytes(name)} bytes, allowed are ${MAILBOX_PATH_BYTES}`,
    'Nothing was expunged. Give the mailbox a shorter name, then expunge again.',
  );
}

function unusable(account: Account, name: string): LetheError {
  return new LetheError(
    ERROR_NAMES.expungeStorage,
    `the expunge storage ${quoted(name)} of account ${account.accountId} takes no mail`,
    'Nothing was expunged. Let an operator look at the mailbox, then try again.',
  );
}
