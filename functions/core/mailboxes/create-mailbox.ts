/** Making mailboxes. */

import { MAILBOX_ID_BYTES } from '../../contract/limits.ts';
import type { AutoexpungePolicy } from '../../contract/mail-settings.ts';
import { dictmapKeys, ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount } from '../accounts/accounts.ts';
import { movesAround } from '../accounts/folder-moves.ts';
import { StoreBusyError } from '../errors.ts';
import { INBOX } from '../names/mailbox-path.ts';
import { policyAttributes } from '../policies/policy-attributes.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import type { SettingsBasis } from '../settings/resolve-settings.ts';
import {
  domainCheck,
  requireSameDomain,
  sameNames,
  settingsChanged,
} from '../settings/settings-store.ts';
import { inheritance, inheritedAcl } from './access-list.ts';
import type { Mailbox } from './mailbox.ts';
import { mailboxPut } from './mailbox-rows.ts';
import { type MailboxPorts, mailboxExists } from './mailboxes.ts';
import { readNameMemories, requireUnseen, UidValidities } from './name-memory.ts';

/** How long a creation may go on losing races. */
const MAILBOX_DEADLINE_MS = 10_000;

export interface NewMailbox {
  readonly role?: 'storage';
  readonly specialUse?: string;
  readonly policy?: AutoexpungePolicy;
  /** Kept from another store. */
  readonly uidValidity?: number;
  /** Account of another user who makes it, and is to see it: it takes over the ACL above it. */
  readonly maker?: string | undefined;
  /** What the settings were read from that policy and special use follow from. */
  readonly readFrom?: SettingsBasis;
}

/**
 * Creates a mailbox. The transaction checks that the account is active, so that none appears once
 * an erasure has raised its fence (X3), and that its settings are those it was read with, so that
 * none appears with a policy of before.
 * @param account as it was read when the settings were resolved from which `given` follows
 * @throws MailboxExistsError, UidConflictError, AccountNotActiveError, StoreBusyError
 */
export async function createMailbox(
  ports: MailboxPorts,
  account: Account,
  path: string,
  given: NewMailbox = {},
): Promise<Mailbox> {
  return await untilWon(ports, ports.clock.now() + MAILBOX_DEADLINE_MS, async () => {
    const current = await readAccount(ports.rows, account.accountId);
    if (current?.state !== 'active') throw notActive(account);
    if (current.settingsRevision !== account.settingsRevision) {
      throw settingsChanged();
    }
    requireSettled(current, path);
    const memory = (await readNameMemories(ports.rows, account.accountId, [path]))(path);
    const { uidValidity, maker } = given;
    if (uidValidity !== undefined) requireUnseen(memory, { uidValidity });
    const validities = new UidValidities(current, ports.clock.now());
    const inherited =
      maker === undefined ? undefined : await inheritedAcl(ports.rows, account, path, maker);
    const mailbox: Mailbox = {
      ...newMailbox(account.accountId, path, ports.ids, {
        ...given,
        uidValidity: uidValidity ?? validities.next(memory),
      }),
      ...(inherited === undefined ? {} : { acl: inherited.acl }),
    };
    const writes = [
      uidValidityWrite(current, validities),
      ...domainCheck(given),
      ...mailboxWrites(account.accountId, mailbox),
    ];
    const result = await ports.rows.transact([
      ...writes,
      ...(inherited === undefined ? [] : inheritance(mailbox.mailboxId, inherited)),
    ]);
    if (result.outcome === 'written') return mailbox;
    if (result.outcome === 'conflict') return 'lost';
    if (result.refusals.some(({ index }) => index === 0)) return 'lost';
    if (result.refusals.every(({ index }) => index >= writes.length)) return 'lost';
    requireSameDomain(result);
    throw mailboxExists(path);
  });
}

/**
 * Checks the account in passing. Two creations at once cannot take the same UIDVALIDITY; one kept
 * from another store is no measure for those that are made here.
 */
function uidValidityWrite(account: Account, { set }: UidValidities): Write {
  const { accountId, lastUidValidity } = account;
  const key = registryKeys.account(accountId);
  const same = sameNames(account);
  // So that no tree of folders takes the name, or goes, at the same time.
  const add = { treeRevision: 1 };
  if (set.lastUidValidity === undefined) {
    return { kind: 'update', key, guard: same, change: { add } };
  }
  return {
    kind: 'update',
    key,
    guard: {
      row: 'present',
      equals: { ...same.equals, ...(lastUidValidity === undefined ? {} : { lastUidValidity }) },
      without: [...(same.without ?? []), ...(lastUidValidity === undefined ? [LAST] : [])],
    },
    change: { set, add },
  };
}

const LAST = 'lastUidValidity';

/** @throws StoreBusyError while a tree of folders that concerns the name is on the move */
export function requireSettled(account: Account, path: string): void {
  if (movesAround(account, path).length === 0) return;
  throw new StoreBusyError('a tree of folders is being deleted or brought back there');
}

/** The writes that give a new account its INBOX, for the transaction that creates the account. */
export function inboxWrites(
  accountId: string,
  ports: { readonly clock: Clock; readonly ids: Ids },
  policy: AutoexpungePolicy = {},
): Write[] {
  const uidValidity = new UidValidities({}, ports.clock.now()).next({ seen: {}, floor: 0 });
  return mailboxWrites(accountId, newMailbox(accountId, INBOX, ports.ids, { policy, uidValidity }));
}

/** A mailbox that is still to be written. */
export function newMailbox(
  accountId: string,
  path: string,
  ids: Ids,
  { role, specialUse, uidValidity, policy = {} }: NewMailbox & { readonly uidValidity: number },
): Mailbox {
  return {
    mailboxId: `${accountId}.${ids.hex(MAILBOX_ID_BYTES)}`,
    path,
    state: 'active',
    uidValidity,
    uidNext: 1,
    messages: 0,
    bytes: 0,
    unseen: 0,
    deleted: 0,
    ...(specialUse === undefined ? {} : { specialUse }),
    ...(role === undefined ? {} : { role }),
    ...policyAttributes(policy),
  };
}

/** The row of a new mailbox and the one that names it, which must be free. */
export function mailboxWrites(accountId: string, mailbox: Mailbox): Write[] {
  return [
    mailboxPut(mailbox),
    {
      kind: 'put',
      key: dictmapKeys.path(accountId, mailbox.path),
      guard: { row: 'absent' },
      attributes: { v: ROW_VERSION, type: 'path', mailboxId: mailbox.mailboxId },
    },
  ];
}
