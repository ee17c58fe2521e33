/** Creating accounts: addresses, the built-in userdb's entry and INBOX come with them. */
import { ADDRESSES_PER_ACCOUNT_MAX } from '../../contract/limits.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import { inboxWrites } from '../mailboxes/create-mailbox.ts';
import { domainOf, parseAddress } from '../names/address.ts';
import { INBOX } from '../names/mailbox-path.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Refusal, Row, RowStore, Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { domainCheck, readSettings, sawDomainChange } from '../settings/settings-store.ts';
import type { Account } from './accounts.ts';
import { addressTaken, requireUnowned, takeWrites, toHolding } from './addresses.ts';

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
 * @throws InvalidInputError, AddressTakenError, AddressReservedError
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
  const fixed = [newAccountWrite(account, user), userdbWrite(accountId, user, ports.ids.hex(8))];
  const addresses = [user, ...aliases];
  // What stands where addresses are to come: reservations that are over.
  const over = new Map<string, Row>();
  return await untilWon(ports, createdAt + ACCOUNT_DEADLINE_MS, async () => {
    const settings = await readSettings(ports.rows, deployment, account);
    const taking = addresses.flatMap((address) =>
      takeWrites(address, over.get(address), { accountId, ownerSince: createdAt }),
    );
    const writes = [
      ...fixed,
      ...taking,
      ...inboxWrites(accountId, ports, settings.autoexpungeOf(INBOX)),
      ...domainCheck(settings),
    ];
    const result = await ports.rows.transact(writes);
    if (result.outcome === 'written') return account;
    if (result.outcome === 'conflict' || sawDomainChange(result)) return 'lost';
    if (noteRefused(addresses, { writes, ...result }, over, ports.clock.now())) return 'lost';
    throw addressTaken(user);
  });
}

/**
 * Notes what stands where an address was to come and is nobody's: the next try takes its place.
 * @returns whether there is any
 * @throws AddressTakenError, AddressReservedError
 */
function noteRefused(
  addresses: readonly string[],
  {
    writes,
    refusals,
  }: { readonly writes: readonly Write[]; readonly refusals: readonly Refusal[] },
  over: Map<string, Row>,
  now: number,
): boolean {
  const refusedOf = (address: string) => {
    const { pk, sk } = registryKeys.address(address);
    const index = writes.findIndex(({ key }) => key.pk === pk && key.sk === sk);
    return refusals.find((refusal) => refusal.index === index);
  };
  let noted = false;
  for (const address of addresses) {
    const refused = refusedOf(address);
    if (refused === undefined) continue;
    requireUnowned(address, toHolding(refused.row, now));
    if (refused.row === undefined) over.delete(address);
    else over.set(address, refused.row);
    noted = true;
  }
  return noted;
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
