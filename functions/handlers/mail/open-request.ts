/** Whose mail a request is about, on whose behalf it acts, and by which rules. */
import type { z } from 'zod';
import type { BackupGate } from '../../contract/backups.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import {
  AS_USER,
  type PLACE,
  type QueryForms,
  type RequestForm,
} from '../../contract/requests/form.ts';
import { type Account, findAccount, requireActiveAccount } from '../../core/accounts/accounts.ts';
import { type Actor, ADMIN, OWNER } from '../../core/accounts/actor.ts';
import { openBackupGate } from '../../core/backups/backups.ts';
import { notAllowed } from '../../core/mailboxes/rights.ts';
import { parseAddress } from '../../core/names/address.ts';
import type { RetentionDays } from '../../core/policies/expiry.ts';
import type { Ports } from '../../core/ports/ports.ts';
import type { Place } from '../../core/requests/deleted-request.ts';
import type { MailRequest } from '../../core/requests/mail-access.ts';
import { readSettings } from '../../core/settings/settings-store.ts';
import { type Asked, type Door, type DoorContext, deadlineOf } from '../../runtime/door.ts';
import { logFault } from '../../runtime/logger.ts';
import type { BodyCheck, ReadQuery } from '../../runtime/request-parts.ts';

export interface MailDependencies {
  readonly ports: Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;
  /** Settings of the deployment. */
  readonly deployment: MailSettings;
  readonly retentionDays: RetentionDays;
  /** `off` when missing. */
  readonly backupGate?: BackupGate;
}

/** Owners and other users ask below one path, administrators below another: IAM tells them apart. */
export type DoorKind = 'owner' | 'admin';

/** Where a reading looks: in a mailbox, or, for administrators, in a deleted folder. */
export const placeIn = ({ deletion, mailbox }: ReadQuery<typeof PLACE>): Place => ({
  ...(deletion === undefined ? {} : { deletion }),
  ...(mailbox === undefined ? {} : { mailbox }),
});

/** A request of an account's route. */
export interface AskedOfAccount<Q extends QueryForms, S extends z.ZodType> extends Asked<Q, S> {
  /** As it is in the path, in its stored form. */
  readonly user: string;
  /** Reads what every request starts from. @throws UnknownUserError, AccountNotActiveError */
  readonly open: () => Promise<MailRequest>;
  /** @throws InvalidInputError */
  readonly actor: () => Promise<Actor>;
}

/** The routes below an account, at one of the two doors. */
export class AccountRoutes {
  readonly kind: DoorKind;
  readonly dependencies: () => MailDependencies;
  readonly #door: Door;
  readonly #base: string;

  /** @param base path of an account, for owners or for administrators */
  constructor(door: Door, base: string, kind: DoorKind, dependencies: () => MailDependencies) {
    this.kind = kind;
    this.dependencies = dependencies;
    this.#door = door;
    this.#base = base;
  }

  /**
   * Adds a route. Where owners ask, `as` names another user on whose behalf.
   * @param form its path is below that of the account
   * @param check what the schema of the body leaves to the core
   */
  route<Q extends QueryForms, S extends z.ZodType>(
    form: RequestForm<Q, S>,
    act: (asked: AskedOfAccount<Q, S>) => Promise<Response>,
    check?: BodyCheck<S>,
  ): void {
    const query: QueryForms = { ...form.query, ...(this.kind === 'owner' ? AS_USER : {}) };
    const path = `${this.#base}/${form.path}`;
    const answer = async (asked: Asked<QueryForms, S>): Promise<Response> => {
      const { context } = asked;
      const { as } = asked.query;
      const user = parseAddress('user', context.req.param('user'));
      const other = typeof as === 'string' ? parseAddress('as', as) : undefined;
      const actor = () => this.#actor(user, other);
      const open = () => this.#open(context, user, actor);
      return await act({ ...asked, query: asked.query as ReadQuery<Q>, user, actor, open });
    };
    this.#door.route<QueryForms, S>({ ...form, path, query }, answer, check);
  }

  async #open(
    context: DoorContext,
    user: string,
    actorOf: () => Promise<Actor>,
  ): Promise<MailRequest> {
    const { ports, deployment, retentionDays, backupGate = 'off' } = this.dependencies();
    const account = await requireActiveAccount(ports.rows, user);
    const [actor, settings] = await Promise.all([
      actorOf(),
      readSettings(ports.rows, deployment, account),
    ]);
    const access = { account, actor, settings, retentionDays };
    const settingsOf = (other: Account) => readSettings(ports.rows, deployment, other);
    const openGate = () =>
      openBackupGate(ports.rows, backupGate, (fault) => logFault('backups not read', fault, {}));
    return { ports, access, deadline: deadlineOf(context, ports.clock), settingsOf, openGate };
  }

  /**
   * The owner, by any of the account's addresses; another user, who has an account too: rights are
   * given to accounts; or an administrator.
   * @throws UnknownUserError, AccountNotActiveError
   */
  async #actor(user: string, as: string | undefined): Promise<Actor> {
    if (this.kind === 'admin') return ADMIN;
    if (as === undefined || as === user) return OWNER;
    const { rows } = this.dependencies().ports;
    const [owner, { accountId }] = await Promise.all([
      findAccount(rows, user),
      requireActiveAccount(rows, as),
    ]);
    return accountId === owner?.accountId ? OWNER : { kind: 'user', accountId };
  }
}

/** What belongs to an account as a whole is not shared. @throws NotAllowedError */
export function requireNoOther({ access }: MailRequest, what: string): void {
  if (access.actor.kind !== 'user') return;
  throw notAllowed(`${what} belong to the owner of the account`, 'Use your own account.');
}
