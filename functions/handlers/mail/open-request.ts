/** Whose mail a request is about, on whose behalf it acts, and by which rules. */
import type { BackupGate } from '../../contract/backups.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { type Account, findAccount, requireActiveAccount } from '../../core/accounts/accounts.ts';
import { type Actor, ADMIN, OWNER } from '../../core/accounts/actor.ts';
import { parseAddress } from '../../core/accounts/address.ts';
import { openBackupGate } from '../../core/backups/backups.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { notAllowed } from '../../core/mailboxes/rights.ts';
import type { RetentionDays } from '../../core/messages/expiry.ts';
import type { Ports } from '../../core/ports/ports.ts';
import type { RowStore } from '../../core/ports/row-store.ts';
import type { Place } from '../../core/requests/deleted-request.ts';
import type { MailRequest } from '../../core/requests/mail-access.ts';
import { readSettings } from '../../core/settings/settings-store.ts';
import { type DoorContext, deadlineOf } from '../../runtime/door.ts';
import { logFault } from '../../runtime/logger.ts';

export interface MailDependencies {
  readonly ports: Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;
  /** Settings of the deployment. */
  readonly deployment: MailSettings;
  readonly retentionDays: RetentionDays;
  /** `off` when missing. */
  readonly backupGate?: BackupGate;
}

/** Reads what every request starts from. */
export type OpenRequest = (context: DoorContext) => Promise<MailRequest>;

/** Owners and other users ask below one path, administrators below another: IAM tells them apart. */
export type DoorKind = 'owner' | 'admin';

/** @throws InvalidInputError, UnknownUserError, AccountNotActiveError */
export function makeOpen(dependencies: () => MailDependencies, kind: DoorKind): OpenRequest {
  return async (context) => {
    const { ports, deployment, retentionDays, backupGate = 'off' } = dependencies();
    const account = await requireActiveAccount(ports.rows, userOf(context));
    const [actor, settings] = await Promise.all([
      actorOf(context, kind, ports.rows),
      readSettings(ports.rows, deployment, account),
    ]);
    const access = { account, actor, settings, retentionDays };
    const settingsOf = (other: Account) => readSettings(ports.rows, deployment, other);
    const openGate = () =>
      openBackupGate(ports.rows, backupGate, (fault) => logFault('backups not read', fault, {}));
    return { ports, access, deadline: deadlineOf(context, ports.clock), settingsOf, openGate };
  };
}

export const userOf = (context: DoorContext): string =>
  parseAddress('user', context.req.param('user'));

/** Where a reading looks: in a mailbox, or, for administrators, in a deleted folder. */
export function placeIn(context: DoorContext): Place {
  const { deletion, mailbox } = context.req.query();
  return {
    ...(deletion === undefined ? {} : { deletion }),
    ...(mailbox === undefined ? {} : { mailbox }),
  };
}

/**
 * The owner, by any of the account's addresses; another user named by `as`; or an administrator.
 * @throws InvalidInputError
 */
export async function actorOf(
  context: DoorContext,
  kind: DoorKind,
  rows: RowStore,
): Promise<Actor> {
  const as = context.req.query('as');
  if (kind === 'admin') {
    if (as === undefined) return ADMIN;
    throw InvalidInputError.of('as', 'administrators act as themselves: leave it out');
  }
  if (as === undefined) return OWNER;
  const user = parseAddress('as', as);
  if (user === userOf(context)) return OWNER;
  const [owner, other] = await Promise.all([
    findAccount(rows, userOf(context)),
    findAccount(rows, user),
  ]);
  return owner !== undefined && other?.accountId === owner.accountId
    ? OWNER
    : { kind: 'user', user: other?.user ?? user };
}

/** What belongs to an account as a whole is not shared. @throws NotAllowedError */
export function requireNoOther({ access }: MailRequest, what: string): void {
  if (access.actor.kind !== 'user') return;
  throw notAllowed(`${what} belong to the owner of the account`, 'Use your own account.');
}
