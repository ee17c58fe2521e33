/** Rights that users other than the owner have on a mailbox (RFC 4314). */
import { normalRights, RIGHTS } from '../../contract/mailbox-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { parseAddress } from '../accounts/address.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import { number } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import {
  type Acl,
  type MailboxPorts,
  toMailbox,
  unknownMailbox,
  whyNotActive,
} from './mailboxes.ts';
import { ANYONE, notAllowed } from './rights.ts';

/** 64 entries of some 50 bytes: a mailbox row stays below four write units. */
const ENTRIES_MAX = 64;

const OWNER_IDENTIFIER = 'owner';

export interface AclChange {
  /** In its stored form. */
  readonly identifier: string;
  readonly kind: 'set' | 'add' | 'remove';
  readonly rights: string;
}

/**
 * Reads a change as it is asked for: `lrs` sets, `+x` adds, `-x` takes away; none removes.
 * @throws InvalidInputError, NotAllowedError for the owner, whose rights the settings say
 */
export function parseAclChange(account: Account, identifier: string, given: string): AclChange {
  const [, sign = '', letters = ''] = /^([+-]?)(.*)$/s.exec(given) ?? [];
  const rights = normalRights(letters);
  if (rights === undefined) {
    throw InvalidInputError.of(
      'rights',
      `got ${quoted(given)}, allowed are letters of ${RIGHTS}, with + or - before them to add or take away`,
    );
  }
  const stored = identifier === ANYONE ? identifier : parseIdentifier(account, identifier);
  const kind = sign === '' ? 'set' : sign === '+' ? 'add' : 'remove';
  return { identifier: stored, kind, rights };
}

function parseIdentifier(account: Account, identifier: string): string {
  const address =
    identifier === OWNER_IDENTIFIER ? account.user : parseAddress('identifier', identifier);
  if (address !== undefined && address !== account.user) return address;
  throw notAllowed(
    "the owner's own rights are not an entry of the ACL: the settings say them",
    'Let an administrator change the settings (mailboxes, ownerRights).',
  );
}

/**
 * Changes an entry; changes made at the same time are all kept.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownMailboxError, AccountNotActiveError, StoreBusyError
 */
export async function changeAcl(
  ports: MailboxPorts,
  account: Account,
  mailbox: { readonly mailboxId: string; readonly path: string },
  change: AclChange,
  deadline: number,
): Promise<Acl> {
  const key = dictmapKeys.mailbox(mailbox.mailboxId);
  return await untilWon(ports, deadline, async () => {
    const row = await ports.rows.get(key);
    if (row === undefined) throw unknownMailbox(mailbox.path);
    if (toMailbox(row).state !== 'active') throw whyNotActive(account, toMailbox(row));
    const acl = changed(toMailbox(row).acl ?? {}, change);
    const known = row.attributes['aclRevision'] !== undefined;
    const result = await ports.rows.write({
      kind: 'update',
      key,
      guard: {
        row: 'present',
        equals: {
          state: 'active',
          ...(known ? { aclRevision: number(row, 'aclRevision') } : {}),
        },
        without: known ? [] : ['aclRevision'],
      },
      change: { set: { acl }, add: { aclRevision: 1 } },
    });
    return result.outcome === 'written' ? acl : 'lost';
  });
}

function changed(acl: Acl, { identifier, kind, rights }: AclChange): Acl {
  const entries = new Map(Object.entries(acl));
  const before = entries.get(identifier) ?? '';
  const wanted = (letter: string) => {
    if (kind === 'set') return rights.includes(letter);
    if (kind === 'add') return before.includes(letter) || rights.includes(letter);
    return before.includes(letter) && !rights.includes(letter);
  };
  const after = [...RIGHTS].filter(wanted).join('');
  if (after === '') entries.delete(identifier);
  else entries.set(identifier, after);
  if (entries.size > ENTRIES_MAX) {
    throw InvalidInputError.of('identifier', `the ACL is full: it has ${ENTRIES_MAX} entries`);
  }
  return Object.fromEntries(entries);
}
