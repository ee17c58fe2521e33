/** Settings of domains and accounts, kept in the registry; changed under a revision. */
import { checkTogether, type SettingsProblem } from '../../contract/check-mail-settings.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { type Account, notActive } from '../accounts/accounts.ts';
import { domainOf } from '../accounts/address.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, RowStore, Value, Write } from '../ports/row-store.ts';
import { isObject, optionalNumber } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { parseSettings, refuse } from './parse-settings.ts';
import { type ResolvedSettings, resolveSettings, type SettingsLevels } from './resolve-settings.ts';

/** Makes a document of the one there is; anything parse-settings.ts takes. */
export type ChangeSettings = (current: MailSettings) => unknown;

type SettingsPorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;

/** What follows for an account from all levels. Strongly consistent. */
export async function readSettings(
  rows: RowStore,
  deployment: MailSettings,
  account: Account,
): Promise<ResolvedSettings> {
  const levels = await readLevels(rows, deployment, account);
  return resolveSettings(levels.deployment, levels.domain, levels.account);
}

/** Each level as it was set. Strongly consistent. */
export async function readLevels(
  rows: RowStore,
  deployment: MailSettings,
  account: Account,
): Promise<SettingsLevels> {
  const [domain, own] = await Promise.all([
    account.user === undefined ? {} : readDomainSettings(rows, domainOf(account.user)),
    rows.get(registryKeys.account(account.accountId)),
  ]);
  return { deployment, domain, account: settingsOf(own) };
}

/** Settings of a domain alone; none are an empty document. */
export async function readDomainSettings(rows: RowStore, domain: string): Promise<MailSettings> {
  return settingsOf(await rows.get(registryKeys.domainSettings(domain)));
}

/**
 * Changes the settings of an account: the change is made to what is stored, however many make one
 * at the same time.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @returns the levels as they are then
 * @throws InvalidInputError, AccountNotActiveError, StoreBusyError
 */
export async function changeAccountSettings(
  ports: SettingsPorts,
  deployment: MailSettings,
  account: Account,
  change: ChangeSettings,
  deadline: number,
): Promise<SettingsLevels> {
  const key = registryKeys.account(account.accountId);
  return await untilWon(ports, deadline, async () => {
    const row = await ports.rows.get(key);
    if (row?.attributes['state'] !== 'active') throw notActive(account);
    const settings = parseSettings(change(settingsOf(row)));
    const domain =
      account.user === undefined
        ? {}
        : await readDomainSettings(ports.rows, domainOf(account.user));
    checkEffective(resolveSettings(deployment, domain, settings));
    const result = await ports.rows.write({
      kind: 'update',
      key,
      guard: sameRevision(row, { state: 'active' }),
      change: { set: { settings: toValue(settings) }, add: { settingsRevision: 1 } },
    });
    return result.outcome === 'written' ? { deployment, domain, account: settings } : 'lost';
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
    const attributes = { v: ROW_VERSION, type: 'domain-settings', domain };
    const write: Write = {
      kind: 'put',
      key,
      guard: row === undefined ? { row: 'absent' } : sameRevision(row),
      attributes: {
        ...attributes,
        settings: toValue(settings),
        settingsRevision: ((row && optionalNumber(row, 'settingsRevision')) ?? 0) + 1,
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

function sameRevision(row: Row, equals: Readonly<Record<string, string>> = {}) {
  const revision = optionalNumber(row, 'settingsRevision');
  return revision === undefined
    ? ({ row: 'present', equals, without: ['settingsRevision'] } as const)
    : ({ row: 'present', equals: { ...equals, settingsRevision: revision } } as const);
}

/** As they were checked when they were made. Damaged ones stop the request (W5). */
function settingsOf(row: Row | undefined): MailSettings {
  const stored = row?.attributes['settings'];
  if (stored === undefined) return {};
  if (!isObject(stored)) throw new TypeError('damaged row: its settings are not an object');
  return stored as MailSettings;
}

/** Documents hold texts, numbers, booleans, nulls, lists and maps, as rows do. */
const toValue = (settings: MailSettings): Value => settings as unknown as Value;
