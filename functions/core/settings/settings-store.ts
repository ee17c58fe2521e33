/** Settings of domains and accounts, kept in the registry; changed under a revision. */
import { checkTogether, type SettingsProblem } from '../../contract/check-mail-settings.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount, settingsOf } from '../accounts/accounts.ts';
import { domainOf } from '../accounts/address.ts';
import type { Ports } from '../ports/ports.ts';
import type { Guard, RowStore, Value, Write } from '../ports/row-store.ts';
import { optionalNumber } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { parseSettings, refuse } from './parse-settings.ts';
import { type ResolvedSettings, resolveSettings, type SettingsLevels } from './resolve-settings.ts';

/** Makes a document of the one there is; anything parse-settings.ts takes. */
export type ChangeSettings = (current: MailSettings) => unknown;

type PresentGuard = Extract<Guard, { readonly row: 'present' }>;

type SettingsPorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;

/**
 * What follows for an account from all levels.
 * @param account as it was just read: its own settings are those it had then
 */
export async function readSettings(
  rows: RowStore,
  deployment: MailSettings,
  account: Account,
): Promise<ResolvedSettings> {
  const levels = await readLevels(rows, deployment, account);
  return resolveSettings(levels.deployment, levels.domain, levels.account);
}

/** Each level as it was set, likewise. */
export async function readLevels(
  rows: RowStore,
  deployment: MailSettings,
  account: Account,
): Promise<SettingsLevels> {
  const { user, settings = {} } = account;
  const domain = user === undefined ? {} : await readDomainSettings(rows, domainOf(user));
  return { deployment, domain, account: settings };
}

/** Settings of a domain alone; none are an empty document. */
export async function readDomainSettings(rows: RowStore, domain: string): Promise<MailSettings> {
  return settingsOf(await rows.get(registryKeys.domainSettings(domain)));
}

/**
 * Changes the settings of an account: the change is made to what is stored, however many make one
 * at the same time.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @returns the levels and the account as they are then
 * @throws InvalidInputError, AccountNotActiveError, StoreBusyError
 */
export async function changeAccountSettings(
  ports: SettingsPorts,
  deployment: MailSettings,
  account: Account,
  change: ChangeSettings,
  deadline: number,
): Promise<{ readonly levels: SettingsLevels; readonly account: Account }> {
  const key = registryKeys.account(account.accountId);
  return await untilWon(ports, deadline, async () => {
    const current = await readAccount(ports.rows, account.accountId);
    if (current?.state !== 'active') throw notActive(current ?? account);
    const settings = parseSettings(change(current.settings ?? {}));
    const domain =
      account.user === undefined
        ? {}
        : await readDomainSettings(ports.rows, domainOf(account.user));
    checkEffective(resolveSettings(deployment, domain, settings));
    const result = await ports.rows.write({
      kind: 'update',
      key,
      guard: sameSettings(current),
      change: { set: { settings: toValue(settings) }, add: { settingsRevision: 1 } },
    });
    if (result.outcome !== 'written') return 'lost';
    const settingsRevision = (current.settingsRevision ?? 0) + 1;
    return {
      levels: { deployment, domain, account: settings },
      account: { ...current, settings, settingsRevision },
    };
  });
}

/**
 * Changes the settings of a domain.
 * @param domain in ASCII, as addresses of accounts have it
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, StoreBusyError
 */
export async function changeDomainSettings(
  ports: SettingsPorts,
  deployment: MailSettings,
  domain: string,
  change: ChangeSettings,
  deadline: number,
): Promise<MailSettings> {
  const key = registryKeys.domainSettings(domain);
  return await untilWon(ports, deadline, async () => {
    const row = await ports.rows.get(key);
    const settings = parseSettings(change(settingsOf(row)));
    checkEffective(resolveSettings(deployment, settings));
    const revision = row && optionalNumber(row, 'settingsRevision');
    const write: Write = {
      kind: 'put',
      key,
      guard: row === undefined ? { row: 'absent' } : sameRevision(revision),
      attributes: {
        v: ROW_VERSION,
        type: 'domain-settings',
        domain,
        settings: toValue(settings),
        settingsRevision: (revision ?? 0) + 1,
      },
    };
    const result = await ports.rows.write(write);
    return result.outcome === 'written' ? settings : 'lost';
  });
}

/** @throws InvalidInputError when levels that are right alone do not go together */
function checkEffective({ effective }: ResolvedSettings): void {
  const problems: SettingsProblem[] = [];
  checkTogether(effective, (field, given, allowed) => problems.push({ field, given, allowed }));
  refuse(problems);
}

/** Holds while an account is active and has the settings it was read with. */
function sameSettings({ settingsRevision }: Account): PresentGuard {
  return sameRevision(settingsRevision, { state: 'active' });
}

/** The same while no tree of folders has been moved either, and no name changed by a rename. */
export function sameNames(account: Account): PresentGuard {
  const { equals, without = [] } = sameSettings(account);
  const { treeRevision } = account;
  return treeRevision === undefined
    ? { row: 'present', equals: equals ?? {}, without: [...without, 'treeRevision'] }
    : { row: 'present', equals: { ...equals, treeRevision }, without };
}

function sameRevision(
  settingsRevision: number | undefined,
  equals: Readonly<Record<string, string>> = {},
): PresentGuard {
  return settingsRevision === undefined
    ? { row: 'present', equals, without: ['settingsRevision'] }
    : { row: 'present', equals: { ...equals, settingsRevision } };
}

/** Documents hold texts, numbers, booleans, nulls, lists and maps, as rows do. */
const toValue = (settings: MailSettings): Value => settings as unknown as Value;
