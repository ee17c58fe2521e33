/** Creating accounts: addresses, the built-in userdb's entry and INBOX come with them. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { ADDRESSES_PER_ACCOUNT_MAX } from '../../contract/limits.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { InvalidInputError, LetheError, quoted } from '../errors.ts';
import { inboxWrites } from '../mailboxes/create-mailbox.ts';
import { domainOf, parseAddress } from '../names/address.ts';
import { INBOX } from '../names/mailbox-path.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { domainCheck, readSettings, sawDomainChange } from '../settings/settings-store.ts';
import type { Account } from './accounts.ts';

/** 2 rows for each address and 5 for the account: 31 aliases make 69 of a transaction's 100. */
const ALIASES_MAX = ADDRESSES_PER_ACCOUNT_MAX - 1;

/** 96 random bits: no two of 10^9 accounts collide with a chance above 10^-10. */
const ACCOUNT_ID_BYTES = 12;

/** How long a creation may go on losing races. */
const ACCOUNT_DEADLINE_MS = 10_000;

export interface NewAccount {
  readonly user: string;
  readonly aliases?: readonly string[];
  readonly retentionClass?: string;
}

/** Classes as deployed. */
export interface ClassChoice {
  readonly names: readonly string[];
  readonly fallback: string;
}

/**
 * Creates account, addresses, userdb entry and INBOX in one transaction: all or nothing (W2).
 * @param deployment settings of the deployment, from which and the domain's INBOX gets its policy
 * @throws InvalidInputError, AddressTakenError
 */
export async function createAccount(
  ports: { readonly rows: RowStore; readonly clock: Clock; readonly ids: Ids },
  classes: ClassChoice,
  request: NewAccount,
  deployment: MailSettings = {},
): Promise<Account> {
  const user = parseAddress('user', request.user);
  const aliases = parseAliases(user, request.aliases ?? []);
  const retentionClass = request.retentionClass ?? classes.fallback;
  if (!classes.names.includes(retentionClass)) {
    throw InvalidInputError.of(
      'retentionClass',
      `got ${quoted(retentionClass)}, allowed are ${classes.names.join(', ')}`,
    );
  }
  const accountId = ports.ids.hex(ACCOUNT_ID_BYTES);
  const createdAt = ports.clock.now();
  const account: Account = {
    accountId,
    state: 'active',
    retentionClass,
    user,
    createdAt,
    held: false,
    hasDirectory: true,
  };
  const writes: Write[] = [
    newAccountWrite(account, user),
    userdbWrite(accountId, user, ports.ids.hex(8)),
    ...[user, ...aliases].flatMap((address) => addressWrites(accountId, address, createdAt)),
  ];
  return await untilWon(ports, createdAt + ACCOUNT_DEADLINE_MS, async () => {
    const settings = await readSettings(ports.rows, deployment, account);
    const result = await ports.rows.transact([
      ...writes,
      ...inboxWrites(accountId, ports, settings.autoexpungeOf(INBOX)),
      ...domainCheck(settings),
    ]);
    if (result.outcome === 'written') return account;
    if (result.outcome === 'conflict' || sawDomainChange(result)) return 'lost';
    throw new LetheError(
      ERROR_NAMES.addressTaken,
      `an address of ${[user, ...aliases].map(quoted).join(', ')} is taken or reserved`,
      'Choose another address, or delete the account that has it first.',
    );
  });
}

function parseAliases(user: string, values: readonly string[]): string[] {
  if (values.length > ALIASES_MAX) {
    throw InvalidInputError.of('aliases', `got ${values.length}, allowed are ${ALIASES_MAX}`);
  }
  const aliases = values.map((value, index) => parseAddress(`aliases[${index}]`, value));
  const all = [user, ...aliases];
  const repeated = all.find((address, index) => all.indexOf(address) !== index);
  if (repeated !== undefined) {
    throw InvalidInputError.of('aliases', `${quoted(repeated)} is named twice`);
  }
  return aliases;
}

function newAccountWrite(account: Account, user: string): Write {
  const { accountId, state, retentionClass, createdAt } = account;
  return {
    kind: 'put',
    key: registryKeys.account(accountId),
    guard: { row: 'absent' },
    attributes: {
      v: ROW_VERSION,
      type: 'account',
      accountId,
      state,
      retentionClass,
      user,
      createdAt,
      hasDirectory: true,
      listPk: `account#${domainOf(user)}`,
      listSk: user,
    },
  };
}

function userdbWrite(accountId: string, user: string, stableId: string): Write {
  return {
    kind: 'put',
    key: registryKeys.userdb(user),
    guard: { row: 'absent' },
    attributes: { v: ROW_VERSION, type: 'userdb', accountId, stableId, enabled: true },
  };
}

/** The address itself and its entry in the account's partition, by which erasure finds it. */
function addressWrites(accountId: string, address: string, ownerSince: number): Write[] {
  return [
    {
      kind: 'put',
      key: registryKeys.address(address),
      guard: { row: 'absent' },
      // ownerSince: when the present owner got the address (RFC 7293).
      attributes: { v: ROW_VERSION, type: 'address', accountId, ownerSince },
    },
    {
      kind: 'put',
      key: registryKeys.accountAddress(accountId, address),
      guard: { row: 'absent' },
      attributes: { v: ROW_VERSION, type: 'account-address', accountId, address },
    },
  ];
}
