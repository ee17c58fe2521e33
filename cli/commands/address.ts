/** `lethe user rename | alias`, `lethe address show | release` */
import type {
  AddAliasAnswer,
  AddressAnswer,
  EndReservationAnswer,
  FormerSessionsAnswer,
  RemoveAliasAnswer,
  RenameAnswer,
} from '../../functions/contract/address-api.ts';
import type { RenameOptions } from '../api/address-door.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printRecord } from '../output/records.ts';
import { counted, safe } from '../output/text.ts';

export interface RenameUserOptions {
  readonly oldAddress?: NonNullable<RenameOptions['oldAddress']>;
  readonly dryRun?: boolean;
}

export interface AliasOptions {
  readonly dryRun?: boolean;
  readonly free?: boolean;
}

export interface ReleaseOptions {
  readonly dryRun?: boolean;
}

const dryRunField: Field<{ readonly dryRun?: true }> = {
  name: 'dryRun',
  value: ({ dryRun }) => dryRun,
  shown: () => 'nothing was changed',
};

const FORMER_FIELDS: readonly Field<Pick<RenameAnswer, 'formerAddress'>>[] = [
  { name: 'formerAddress.address', value: ({ formerAddress }) => formerAddress.address },
  { name: 'formerAddress.state', value: ({ formerAddress }) => formerAddress.state },
  {
    name: 'formerAddress.reservedUntil',
    value: ({ formerAddress }) =>
      formerAddress.state === 'reserved' ? formerAddress.reservedUntil : undefined,
  },
];

const RENAME_FIELDS: readonly Field<RenameAnswer>[] = [
  dryRunField,
  { name: 'outcome', value: ({ outcome }) => outcome },
  { name: 'user', value: ({ user }) => user },
  { name: 'accountId', value: ({ accountId }) => accountId },
  ...FORMER_FIELDS,
  { name: 'userdb', label: 'user database', value: ({ userdb }) => userdb },
  { name: 'domainChanged', value: ({ domainChanged }) => domainChanged },
  { name: 'formerSessions.state', value: ({ formerSessions }) => formerSessions.state },
  { name: 'formerSessions.sessions', value: ({ formerSessions }) => formerSessions.sessions },
];

/** Gives an account another main address. @returns 75 when sessions of the old name are left */
export async function renameUser(
  { io, format, client }: Context,
  [user = '', to = '']: readonly string[],
  options: RenameUserOptions,
): Promise<number> {
  const answer = await (await client()).addresses().rename(user, { to, ...options });
  await printRecord(io, format, answer, RENAME_FIELDS);
  if (answer.domainChanged) {
    await writeLine(
      io.stderr,
      'The domain is another one: its settings come to the mailboxes when they are changed or applied.',
    );
  }
  return await tellSessions(io, answer.formerSessions);
}

async function tellSessions(
  { stderr }: Pick<Io, 'stderr'>,
  { state, sessions, serversFailed }: FormerSessionsAnswer,
): Promise<number> {
  if (state !== 'left') return EXIT.ok;
  const servers = serversFailed.map((url) => `; no answer from ${safe(url)}`).join('');
  const left = `${counted(sessions, 'session')} of the old name left${servers}`;
  await writeLine(stderr, `${left}. The same command again ends them.`);
  return EXIT.retryLater;
}

const ADD_FIELDS: readonly Field<AddAliasAnswer>[] = [
  dryRunField,
  { name: 'outcome', value: ({ outcome }) => outcome },
  { name: 'address', value: ({ address }) => address },
  { name: 'accountId', value: ({ accountId }) => accountId },
];

/** Gives an account one more address. */
export async function addUserAlias(
  { io, format, client }: Context,
  [user = '', address = '']: readonly string[],
  { dryRun = false }: AliasOptions,
): Promise<number> {
  const answer = await (await client()).addresses().addAlias(user, { address, dryRun });
  await printRecord(io, format, answer, ADD_FIELDS);
  return EXIT.ok;
}

const REMOVE_FIELDS: readonly Field<RemoveAliasAnswer>[] = [
  dryRunField,
  { name: 'outcome', value: ({ outcome }) => outcome },
  { name: 'accountId', value: ({ accountId }) => accountId },
  ...FORMER_FIELDS,
];

/** Takes an alias from an account. */
export async function removeUserAlias(
  { io, format, client }: Context,
  [user = '', address = '']: readonly string[],
  { dryRun = false, free }: AliasOptions,
): Promise<number> {
  const request = { address, dryRun, ...(free ? { oldAddress: 'free' as const } : {}) };
  const answer = await (await client()).addresses().removeAlias(user, request);
  await printRecord(io, format, answer, REMOVE_FIELDS);
  return EXIT.ok;
}

const ADDRESS_FIELDS: readonly Field<AddressAnswer | EndReservationAnswer>[] = [
  {
    name: 'dryRun',
    value: (answer) => ('dryRun' in answer ? answer.dryRun : undefined),
    shown: () => 'nothing was changed',
  },
  { name: 'address', value: ({ address }) => address },
  { name: 'state', value: ({ state }) => state },
  { name: 'user', value: (one) => (one.state === 'owned' ? one.user : undefined) },
  { name: 'accountId', value: (one) => (one.state === 'owned' ? one.accountId : undefined) },
  { name: 'ownerSince', value: (one) => (one.state === 'owned' ? one.ownerSince : undefined) },
  {
    name: 'reservedUntil',
    value: (one) => (one.state === 'reserved' ? one.reservedUntil : undefined),
  },
  { name: 'reservedBy', value: (one) => (one.state === 'reserved' ? one.reservedBy : undefined) },
];

export async function showAddress(
  { io, format, client }: Context,
  address: string,
): Promise<number> {
  await printRecord(io, format, await (await client()).addresses().show(address), ADDRESS_FIELDS);
  return EXIT.ok;
}

/** Ends the reservation of an address. */
export async function releaseAddress(
  { io, format, client }: Context,
  address: string,
  options: ReleaseOptions,
): Promise<number> {
  const answer = await (await client()).addresses().endReservation(address, options);
  await printRecord(io, format, answer, ADDRESS_FIELDS);
  return EXIT.ok;
}
