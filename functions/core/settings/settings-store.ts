/** Settings of domains and accounts, kept in the registry; changed under a revision. */
import { checkTogether, type SettingsProblem } from '../../contract/check-mail-settings.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount, settingsOf } from '../accounts/accounts.ts';
import { StoreBusyError } from '../errors.ts';
import { domainOf } from '../names/address.ts';
import type { Ports } from '../ports/ports.ts';
import type { Guard, Refusal, RowStore, Value, Write, WriteResult } from '../ports/row-store.ts';
import { optionalNumber } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { parseMailSettings, refuse } from './parse-settings.ts';
import {
  type ResolvedSettings,
  resolveSettings,
  type SettingsBasis,
  type SettingsLevels,
} from './resolve-settings.ts';

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
  const { accountId, user, settingsRevision, settings = {} } = account;
  const domain = user === undefined ? undefined : domainOf(user);
  const row =
    domain === undefined ? undefined : await rows.get(registryKeys.domainSettings(domain));
  const domainRevision = row && optionalNumber(row, 'settingsRevision');
  const readFrom: SettingsBasis = {
    accountId,
    ...(settingsRevision === undefined ? {} : { settingsRevision }),
    ...(domain === undefined ? {} : { domain }),
    ...(domainRevision === undefined ? {} : { domainRevision }),
  };
  return { ...resolveSettings(deployment, settingsOf(row), settings), readFrom };
}

/**
 * Holds while the settings of the domain are those that were read: what follows from them may be
 * written. Whoever writes the row of the account besides guards that by `sameNames`.
 */
export function domainCheck({ readFrom }: Pick<ResolvedSettings, 'readFrom'>): Write[] {
  const { domain, domainRevision } = readFrom ?? {};
  if (domain === undefined) return [];
  const guard: Guard =
    domainRevision === undefined ? { row: 'absent' } : sameRevision(domainRevision);
  return [{ kind: 'check', key: registryKeys.domainSettings(domain), guard }];
}

/** The same for those of the account, which must be active; two items. */
export function settingsChecks(settings: Pick<ResolvedSettings, 'readFrom'>): Write[] {
  const { readFrom } = settings;
  if (readFrom === undefined) return [];
  const key = registryKeys.account(readFrom.accountId);
  return [{ kind: 'check', key, guard: sameSettings(readFrom) }, ...domainCheck(settings)];
}

/** @throws StoreBusyError when the account has other settings by now than those that follow */
export function requireSameSettings(
  { settingsRevision }: Account,
  { readFrom }: Pick<ResolvedSettings, 'readFrom'>,
): void {
  if (readFrom === undefined || readFrom.settingsRevision === settingsRevision) return;
  throw settingsChanged();
}

/** Whether a transaction was refused by domainCheck. */
export function sawDomainChange(result: WriteResult): boolean {
  if (result.outcome !== 'refused') return false;
  const domain = registryKeys.domainSettings('');
  const isDomain = ({ row }: Refusal) =>
    row?.key.table === domain.table && row.key.pk.startsWith(domain.pk);
  return result.refusals.some(isDomain);
}

/** @throws StoreBusyError when it was: the same request again reads the settings anew */
export function requireSameDomain(result: WriteResult): void {
  if (sawDomainChange(result)) throw settingsChanged();
}

export const settingsChanged = (): StoreBusyError =>
  new StoreBusyError('the settings of the account or its domain were changed meanwhile');

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
// biome-ignore lint/complexity/useMaxParams: callers outside of this repository use this form
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
    const settings = parseMailSettings(change(current.settings ?? {}));
    const domain =
      account.user === undefined
        ? {}
        : await readDomainSettings(ports.rows, domainOf(account.user));
    requireGoingTogether(resolveSettings(deployment, domain, settings));
    const result = await ports.rows.write({
      kind: 'update',
      key,
      guard: sameSettings(current),
      change: { set: { settings: settingsValue(settings) }, add: { settingsRevision: 1 } },
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
 * @param where `domain`: in ASCII, as addresses of accounts have it
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, StoreBusyError
 */
export async function changeDomainSettings(
  ports: SettingsPorts,
  { deployment, domain }: { readonly deployment: MailSettings; readonly domain: string },
  change: ChangeSettings,
  deadline: number,
): Promise<MailSettings> {
  const key = registryKeys.domainSettings(domain);
  return await untilWon(ports, deadline, async () => {
    const row = await ports.rows.get(key);
    const settings = parseMailSettings(change(settingsOf(row)));
    requireGoingTogether(resolveSettings(deployment, settings));
    const revision = row && optionalNumber(row, 'settingsRevision');
    const write: Write = {
      kind: 'put',
      key,
      guard: row === undefined ? { row: 'absent' } : sameRevision(revision),
      attributes: {
        v: ROW_VERSION,
        type: 'domain-settings',
        domain,
        settings: settingsValue(settings),
        settingsRevision: (revision ?? 0) + 1,
      },
    };
    const result = await ports.rows.write(write);
    return result.outcome === 'written' ? settings : 'lost';
  });
}

/** @throws InvalidInputError when levels that are right alone do not go together */
export function requireGoingTogether({ effective }: ResolvedSettings): void {
  const problems: SettingsProblem[] = [];
  checkTogether(effective, (field, given, allowed) => problems.push({ field, given, allowed }));
  refuse(problems);
}

/** Holds while an account is active and has the settings it was read with. */
function sameSettings({ settingsRevision }: Pick<Account, 'settingsRevision'>): PresentGuard {
  return sameRevision(settingsRevision, { state: 'active' });
}

/** A write of the row of an account, on condition that its settings are those that it was read with. */
export function whileSettingsStand(write: Write, account: Account): Write {
  if (write.guard?.row !== 'present') throw new TypeError('the account must be there');
  const { equals, without = [] } = sameSettings(account);
  const guard = {
    ...write.guard,
    equals: { ...write.guard.equals, ...equals },
    without: [...(write.guard.without ?? []), ...without],
  } as const;
  return { ...write, guard };
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
const settingsValue = (settings: MailSettings): Value => settings as unknown as Value;
