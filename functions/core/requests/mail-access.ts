/** Who asks for something about messages, where, and by which rules. */
import type { Account } from '../accounts/accounts.ts';
import type { CoveredByBackup } from '../backups/backups.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import {
  type Access,
  forAdministrators,
  hasRight,
  meansStorage,
  notAllowed,
  requireMailboxWith,
} from '../mailboxes/rights.ts';
import type { ExpungeOptions } from '../messages/expunge-messages.ts';
import type { MessagePorts } from '../messages/in-chunks.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import type { RetentionDays } from '../policies/expiry.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';

/** UIDs named in one request: 1 MiB of JSON, some forty transactions. */
export const UIDS_MAX = 5000;

export interface MailAccess extends Access {
  readonly retentionDays: RetentionDays;
}

export interface MailRequest {
  readonly ports: MessagePorts;
  readonly access: MailAccess;
  /** Epoch milliseconds after which no new try begins. */
  readonly deadline: number;
  /** Whether deleted folders are in a completed backup; all may go when missing. */
  readonly openGate?: () => Promise<CoveredByBackup>;
  /** What follows from the settings of another account. */
  readonly settingsOf?: (account: Account) => Promise<ResolvedSettings>;
}

/** @throws InvalidInputError naming the field */
export function checkRequestedUids(field: string, uids: readonly number[]): readonly number[] {
  if (uids.length <= UIDS_MAX) return uids;
  throw InvalidInputError.of(field, `got ${uids.length} UIDs, allowed are ${UIDS_MAX}`);
}

/** @throws InvalidInputError, UnknownMailboxError, PermissionDeniedError */
export async function openMailbox(
  { ports, access }: MailRequest,
  field: string,
  path: string,
  ...rights: readonly Parameters<typeof requireMailboxWith>[3][]
): Promise<Mailbox> {
  const parsed = parseMailboxPath(field, path);
  let mailbox = await requireMailboxWith(ports.rows, access, parsed, rights[0]);
  for (const right of rights.slice(1)) {
    mailbox = await requireMailboxWith(ports.rows, access, parsed, right);
  }
  return mailbox;
}

export const may = ({ access }: MailRequest, mailbox: Mailbox, right: 'e' | 's' | 't' | 'w') =>
  hasRight(access.actor, access.settings, mailbox, right);

/** Mail enters the expunge storage by being expunged, in no other way (DEV-04). */
export function requireNoStorage({ access }: MailRequest, mailbox: Mailbox): void {
  if (!isStorage(access, mailbox)) return;
  throw notAllowed(
    `${quoted(mailbox.path)} is the expunge storage: only an expunge puts mail there`,
    'Choose another mailbox.',
  );
}

export const isStorage = ({ settings }: MailAccess, mailbox: Mailbox): boolean =>
  meansStorage(settings, mailbox.path, mailbox);

/** @throws PermissionDeniedError for anybody but administrators */
export function requireAdmin({ access }: MailRequest, what: string): void {
  if (access.actor.kind === 'admin') return;
  throw forAdministrators(what);
}

/** Another user who expunges in somebody's mailbox is named on what the storage keeps (DEV-08). */
export function expungeOptions({ access }: MailRequest): ExpungeOptions {
  return access.actor.kind === 'user' ? { expungedBy: access.actor.accountId } : {};
}
