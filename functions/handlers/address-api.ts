/** The door for the addresses of accounts: renames, aliases, reservations. */
import type {
  AddAliasAnswer,
  EndReservationAnswer,
  FormerAddressAnswer,
  FormerSessionsAnswer,
  RemoveAliasAnswer,
  RenameAnswer,
} from '../contract/address-api.ts';
import {
  ADD_ALIAS,
  END_RESERVATION,
  REMOVE_ALIAS,
  RENAME_ACCOUNT,
  SHOW_ADDRESS,
} from '../contract/requests/addresses.ts';
import { addAlias, removeAlias } from '../core/addresses/aliases.ts';
import {
  type Renamed,
  type ReservationSettings,
  renameAccount,
} from '../core/addresses/rename-account.ts';
import { endReservation, showAddress } from '../core/addresses/reservations.ts';
import { InvalidInputError, quoted } from '../core/errors.ts';
import { domainOf } from '../core/names/address.ts';
import type { Ports } from '../core/ports/ports.ts';
import { endFormerSessions } from '../core/sessions/end-former-sessions.ts';
import { Door, type DoorContext, deadlineOf, doorHandler } from '../runtime/door.ts';
import { wireMailServers } from '../runtime/mail-servers.ts';
import { once, wireClock, wireIds, wireReservationSettings, wireRows } from '../runtime/wiring.ts';

export interface AddressDependencies {
  readonly ports: Pick<Ports, 'rows' | 'clock' | 'ids' | 'mailServers'>;
  readonly reservation: ReservationSettings;
}

const userOf = (context: DoorContext): string => context.req.param('user') ?? '';
const addressOf = (context: DoorContext): string => context.req.param('address') ?? '';

export function makeAddressApi(dependencies: () => AddressDependencies) {
  const door = new Door();
  addRename(door, dependencies);
  addAliasRoutes(door, dependencies);

  door.route(SHOW_ADDRESS, async ({ context }) =>
    context.json(await showAddress(dependencies().ports, addressOf(context))),
  );
  door.route(END_RESERVATION, async ({ context, query: { dryRun } }) => {
    const { ports } = dependencies();
    const request = { address: addressOf(context), dryRun };
    const ended = await endReservation(ports, request, deadlineOf(context, ports.clock));
    const answer: EndReservationAnswer = { ...ended, ...drily(dryRun) };
    return context.json(answer);
  });
  return door;
}

const drily = (dryRun: boolean) => (dryRun ? { dryRun: true as const } : {});

function addRename(door: Door, dependencies: () => AddressDependencies): void {
  door.route(RENAME_ACCOUNT, async ({ context, query, body }) => {
    const { ports, reservation } = dependencies();
    const { dryRun, accountId } = query;
    const { to, oldAddress = 'reserve' } = body;
    const request = {
      user: userOf(context),
      to,
      oldAddress,
      dryRun,
      ...(accountId === undefined ? {} : { accountId }),
    };
    const until = deadlineOf(context, ports.clock);
    const renamed = await renameAccount(ports, reservation, request, until);
    // After a rename that was done before, too: its kicks may have been lost.
    const former = { user: renamed.from, accountId: renamed.accountId };
    const sessions = dryRun ? NOT_ASKED : await endFormerSessions(ports, former, until);
    return context.json(toRenameAnswer(renamed, sessions, dryRun));
  });
}

const NOT_ASKED: FormerSessionsAnswer = { state: 'notAsked', sessions: 0, serversFailed: [] };

function toRenameAnswer(
  renamed: Renamed,
  formerSessions: FormerSessionsAnswer,
  dryRun: boolean,
): RenameAnswer {
  const { outcome, accountId, from, to, old, userdb } = renamed;
  return {
    outcome,
    ...drily(dryRun),
    accountId,
    user: to,
    formerAddress: toFormerAddress(from, old),
    userdb,
    domainChanged: domainOf(from) !== domainOf(to),
    formerSessions,
  };
}

function toFormerAddress(address: string, old: Renamed['old']): FormerAddressAnswer {
  if (typeof old === 'string') return { address, state: old };
  const reservedUntil = new Date(old.reservedUntil).toISOString();
  return { address, state: 'reserved', reservedUntil };
}

function addAliasRoutes(door: Door, dependencies: () => AddressDependencies): void {
  door.route(ADD_ALIAS, async ({ context, query, body }) => {
    const { ports } = dependencies();
    const { dryRun, accountId } = query;
    const request = {
      user: userOf(context),
      address: body.address,
      dryRun,
      ...(accountId === undefined ? {} : { accountId }),
    };
    const added = await addAlias(ports, request, deadlineOf(context, ports.clock));
    const answer: AddAliasAnswer = { ...added, ...drily(dryRun) };
    return context.json(answer);
  });

  door.route(REMOVE_ALIAS, async ({ context, query }) => {
    const { ports, reservation } = dependencies();
    const { dryRun, accountId, address, oldAddress = 'reserve' } = query;
    if (address === undefined) {
      throw InvalidInputError.of('address', 'missing, allowed is an address');
    }
    if (oldAddress !== 'free' && oldAddress !== 'reserve') {
      const allowed = `got ${quoted(oldAddress)}, allowed are reserve, free`;
      throw InvalidInputError.of('oldAddress', allowed);
    }
    const request = {
      user: userOf(context),
      address,
      oldAddress,
      dryRun,
      ...(accountId === undefined ? {} : { accountId }),
    } as const;
    const deadline = deadlineOf(context, ports.clock);
    const { outcome, ...removed } = await removeAlias(ports, reservation, request, deadline);
    const answer: RemoveAliasAnswer = {
      outcome,
      ...drily(dryRun),
      accountId: removed.accountId,
      formerAddress: toFormerAddress(removed.address, removed.old),
    };
    return context.json(answer);
  });
}

const wired = once(
  (): AddressDependencies => ({
    ports: {
      rows: wireRows(),
      clock: wireClock(),
      ids: wireIds(),
      mailServers: wireMailServers(),
    },
    reservation: wireReservationSettings(),
  }),
);

export const handler = doorHandler(makeAddressApi(wired));
