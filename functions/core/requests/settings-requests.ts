/** Settings and quota as administrators and provisioning systems see and change them. */
import { MAIL_SETTINGS_NAMES } from '../../contract/check-mail-settings.ts';
import type { QuotaAnswer } from '../../contract/mail-api.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import type { ChangeSettingsRequest } from '../../contract/requests/settings.ts';
import { accountPartition } from '../../contract/row-layout.ts';
import type {
  ApplySettingsAnswer,
  DomainSettingsAnswer,
  SettingsAnswer,
} from '../../contract/settings-api.ts';
import { type Account, readAccount } from '../accounts/accounts.ts';
import { applyPolicies } from '../autoexpunge/apply-policies.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { MailboxPorts } from '../mailboxes/mailboxes.ts';
import { findMailbox } from '../mailboxes/mailboxes.ts';
import { parsePattern } from '../names/mailbox-pattern.ts';
import { showQuota } from '../quota/quota.ts';
import { parseMailSettings } from '../settings/parse-settings.ts';
import { nearer, resolveSettings, type SettingsLevels } from '../settings/resolve-settings.ts';
import {
  type ChangeSettings,
  changeAccountSettings,
  changeDomainSettings,
  readLevels,
  readSettings,
} from '../settings/settings-store.ts';
import { domainEffects } from './domain-effects.ts';
import type { Foreseeing } from './settings-effect.ts';

/** A change as it is asked for; `set` may have the seed's names. */
export type SettingsPatch = Omit<ChangeSettingsRequest, 'set'> & { readonly set?: unknown };

export interface SettingsRequest {
  readonly ports: MailboxPorts;
  readonly deployment: MailSettings;
  /** Epoch milliseconds after which no new try begins. */
  readonly deadline: number;
}

/** At some 50 mailboxes each, of which each costs two requests: below ten seconds. */
const ACCOUNTS_PER_CALL = 20;

/** What each level says, and what follows. */
export function settingsAnswer(levels: SettingsLevels): SettingsAnswer {
  const { deployment, domain, account } = levels;
  return { ...levels, effective: resolveSettings(deployment, domain, account).effective };
}

/**
 * Changes the settings of an account, then its mailboxes' policies.
 * @throws InvalidInputError, AccountNotActiveError, StoreBusyError: the same request again does
 *   what is left
 */
export async function requestAccountSettings(
  { ports, deployment, deadline }: SettingsRequest,
  account: Account,
  change: ChangeSettings,
): Promise<{ readonly answer: SettingsAnswer; readonly account: Account }> {
  await requireNoMailAtStorage(ports, deployment, account, change);
  const changed = await changeAccountSettings(ports, deployment, account, change, deadline);
  const settings = await readSettings(ports.rows, deployment, changed.account);
  await applyPolicies(ports, changed.account, settings, deadline);
  return { answer: settingsAnswer(changed.levels), account: changed.account };
}

/**
 * A name of the expunge storage that a mailbox with mail has: said before it is set, because nothing
 * could be expunged then. Whoever delivers there a moment later is told by each expunge.
 */
export async function requireNoMailAtStorage(
  { rows }: MailboxPorts,
  deployment: MailSettings,
  account: Account,
  change: ChangeSettings,
): Promise<void> {
  const levels = await readLevels(rows, deployment, account);
  const own = parseMailSettings(change(levels.account));
  const { expunge } = resolveSettings(deployment, levels.domain, own);
  if (expunge.mode !== 'mailbox') return;
  const there = await findMailbox(rows, account, expunge.path);
  if (there === undefined || there.role === 'storage' || there.messages === 0) return;
  throw InvalidInputError.of(
    'lazyExpunge',
    `got ${quoted(expunge.path)}, which is a mailbox with mail in it: allowed is another name, or rename the mailbox first`,
  );
}

/** Sets the limit of an account, or none at all. @throws InvalidInputError, StoreBusyError */
export async function requestQuotaLimit(
  request: SettingsRequest,
  account: Account,
  quotaBytes: number | null,
): Promise<QuotaAnswer> {
  const change: ChangeSettings = (current) => ({ ...current, quotaBytes });
  const { answer, account: after } = await requestAccountSettings(request, account, change);
  const { deployment, domain, account: own } = answer;
  return await showQuota(request.ports, after, resolveSettings(deployment, domain, own));
}

/** @throws InvalidInputError, StoreBusyError */
export async function requestDomainSettings(
  { ports, deployment, deadline }: SettingsRequest,
  domain: string,
  change: ChangeSettings,
): Promise<SettingsAnswer> {
  const changed = await changeDomainSettings(ports, { deployment, domain }, change, deadline);
  return settingsAnswer({ deployment, domain: changed, account: {} });
}

/**
 * What the same change would do, in some of the accounts of the domain.
 * @param cursor of the answer before
 * @throws InvalidInputError
 */
export async function foreseeDomainSettings(
  foreseeing: Foreseeing,
  domain: string,
  change: ChangeSettings,
  cursor: string | undefined,
): Promise<DomainSettingsAnswer> {
  const { settings, ...found } = await domainEffects(foreseeing, domain, change, cursor);
  const { deployment } = foreseeing;
  return {
    ...settingsAnswer({ deployment, domain: settings, account: {} }),
    dryRun: true,
    ...found,
  };
}

/**
 * Brings what deployment and domain say to the mailboxes of a domain's accounts, some at a time.
 * @param cursor of the call before
 * @throws InvalidInputError, StoreBusyError
 */
export async function applyToDomain(
  { ports, deployment, deadline }: SettingsRequest,
  domain: string,
  cursor: string | undefined,
): Promise<ApplySettingsAnswer> {
  const page = await ports.rows.query({
    table: 'registry',
    index: 'list',
    pk: `account#${domain}`,
    limit: ACCOUNTS_PER_CALL,
    ...(cursor === undefined ? {} : { after: cursor }),
  });
  let mailboxes = 0;
  for (const { key } of page.rows) {
    const account = await readAccount(ports.rows, key.pk.slice(accountPartition('').length));
    if (account?.state !== 'active') continue;
    const settings = await readSettings(ports.rows, deployment, account);
    mailboxes += await applyPolicies(ports, account, settings, deadline);
  }
  const next = page.next === undefined ? {} : { next: page.next };
  return { accounts: page.rows.length, mailboxes, ...next };
}

/** The whole document in place of what there is. @throws InvalidInputError */
export function replacing(document: unknown): ChangeSettings {
  parseMailSettings(document);
  return () => document;
}

/**
 * Members of a part over those there are; settings of mailboxes by name and member.
 * @throws InvalidInputError for names that no settings have
 */
export function patching(patch: SettingsPatch): ChangeSettings {
  const set = parseMailSettings(patch.set ?? {});
  const unset = new Set(patch.unset ?? []);
  for (const name of unset) {
    if (MAIL_SETTINGS_NAMES.includes(name)) continue;
    throw InvalidInputError.of(
      'unset',
      `got ${quoted(name)}, allowed are ${MAIL_SETTINGS_NAMES.join(', ')}`,
    );
  }
  const gone = new Set(patch.unsetMailboxes?.map((name) => parsePattern('unsetMailboxes', name)));
  return (current) => {
    const kept = Object.entries(current).filter(([name]) => !unset.has(name));
    const { mailboxes = {}, ...rest }: MailSettings = Object.fromEntries(kept);
    const left = Object.entries(mailboxes).filter(([name]) => !gone.has(name));
    const before = left.length === 0 ? rest : { ...rest, mailboxes: Object.fromEntries(left) };
    return nearer(before, set);
  };
}
