/** What follows from the settings of deployment, domain and account: the nearer level wins. */
import { storageOf } from '../../contract/expunge-mode.ts';
import type {
  AutoexpungePolicy,
  DeletedRetentionDays,
  DeleteMode,
  MailboxSettings,
  MailSettings,
  OwnerAccess,
} from '../../contract/mail-settings.ts';
import { isPattern, RIGHTS } from '../../contract/mailbox-names.ts';
import { MAIL_SETTINGS_DEFAULTS } from '../../contract/setting-descriptions.ts';
import { isAtOrBelow } from '../names/mailbox-path.ts';
import { matchesPattern } from '../names/mailbox-pattern.ts';

/** Where expunged mail goes. */
export type ExpungeMode =
  | { readonly mode: 'off' }
  /** It stays where it was, and no mailbox shows it. */
  | { readonly mode: 'in-place' }
  | { readonly mode: 'mailbox'; readonly path: string }
  /** The prefix ends in the delimiter. */
  | { readonly mode: 'namespace'; readonly prefix: string };

/** What settings were read from: what follows from them is written only while that stands. */
export interface SettingsBasis {
  readonly accountId: string;
  /** Missing: the account had no settings of its own. */
  readonly settingsRevision?: number;
  readonly domain?: string;
  /** Missing: the domain had no settings. */
  readonly domainRevision?: number;
}

export interface ResolvedSettings {
  /** Missing where settings were not read from the tables. */
  readonly readFrom?: SettingsBasis;
  readonly expunge: ExpungeMode;
  /** Name of the storage mailbox or namespace, without a trailing delimiter; missing without one. */
  readonly storageName?: string;
  readonly onlyLastInstance: boolean;
  readonly ownerAccess: OwnerAccess;
  /** Missing: no limit. */
  readonly quotaBytes?: number;
  readonly deleteMode: DeleteMode;
  readonly deletedPrefix: string;
  /** Of deleted folders that have no own. */
  readonly deletedRetentionDays: DeletedRetentionDays;
  /** What a folder's own setting says; undefined when it has none. */
  ownDeletedRetentionDaysOf(path: string): DeletedRetentionDays | undefined;
  /** All levels in one document. */
  readonly effective: MailSettings;
  /** Of mail expunged there nothing is kept (L5); by name, pattern or the mailbox's special use. */
  isExcluded(path: string, specialUse?: string): boolean;
  /** An expunge storage: the mailbox itself; the namespace and every mailbox in it. */
  isStorage(path: string): boolean;
  /** A storage, or below the storage mailbox: nobody creates or renames anything there (DEV-03). */
  isProtected(path: string): boolean;
  /** Where mail expunged from a path goes; undefined without a storage. */
  storagePathFor(path: string): string | undefined;
  /** Does not count for the quota. */
  isExempt(path: string): boolean;
  autoexpungeOf(path: string): AutoexpungePolicy | undefined;
  /** Rights of the owner that a mailbox's own setting says, and no ACL overrides. */
  ownerRightsOf(path: string): string | undefined;
  /** Those on an expunge storage that has no such setting. */
  readonly storageRights: string;
  specialUseOf(path: string): string | undefined;
}

/** The levels as they were set, each checked. */
export interface SettingsLevels {
  readonly deployment: MailSettings;
  readonly domain: MailSettings;
  readonly account: MailSettings;
}

/** @param deployment, domain, account as parse-settings.ts left them */
export function resolveSettings(
  deployment: MailSettings,
  domain: MailSettings = {},
  account: MailSettings = {},
): ResolvedSettings {
  const effective = nearer(nearer(deployment, domain), account);
  const said: Required<Omit<MailSettings, 'mailboxes'>> = {
    ...MAIL_SETTINGS_DEFAULTS,
    ...effective,
  };
  const expunge = expungeMode(said.lazyExpunge);
  const { lazyExpungeOwnerAccess: ownerAccess, quotaBytes } = said;
  const { lazyExpungeExclude: excluded, quotaExempt } = said;
  const byNearness = [account, domain, deployment].flatMap((level) =>
    Object.entries(level.mailboxes ?? {}).sort(nearestFirst),
  );
  const settingOf = <N extends keyof MailboxSettings>(path: string, name: N) =>
    byNearness.find(
      ([pattern, settings]) => settings[name] !== undefined && matchesPattern(pattern, path),
    )?.[1][name];
  const storageName = storageNameOf(expunge);
  const isProtected = (path: string) => storageName !== undefined && isAtOrBelow(path, storageName);
  const isStorage = (path: string) =>
    isProtected(path) && (expunge.mode === 'namespace' || path === storageName);
  return {
    expunge,
    ...(storageName === undefined ? {} : { storageName }),
    onlyLastInstance: said.lazyExpungeOnlyLastInstance,
    ownerAccess,
    ...(typeof quotaBytes === 'number' ? { quotaBytes } : {}),
    deleteMode: said.deleteMode,
    deletedPrefix: said.deletedPrefix,
    deletedRetentionDays: said.deletedRetentionDays,
    ownDeletedRetentionDaysOf: (path) => settingOf(path, 'deletedRetentionDays'),
    effective,
    isExcluded: (path, specialUse = settingOf(path, 'specialUse')) =>
      excluded.some((one) => one === specialUse || matchesPattern(one, path)),
    isStorage,
    isProtected,
    storagePathFor: (path) => {
      if (expunge.mode === 'mailbox') return expunge.path;
      return expunge.mode === 'namespace' ? `${expunge.prefix}${path}` : undefined;
    },
    isExempt: (path) =>
      (expunge.mode === 'namespace' && isStorage(path)) ||
      quotaExempt.some((one) => matchesPattern(one, path)),
    autoexpungeOf: (path) => settingOf(path, 'autoexpunge') ?? undefined,
    ownerRightsOf: (path) => settingOf(path, 'ownerRights'),
    storageRights: STORAGE_RIGHTS[ownerAccess],
    specialUseOf: (path) => settingOf(path, 'specialUse'),
  };
}

const STORAGE_RIGHTS: Readonly<Record<OwnerAccess, string>> = {
  closed: '',
  hidden: RIGHTS.replace('l', ''),
  listed: RIGHTS,
};

/** One level over another: its members win; settings of mailboxes are merged by name and member. */
export function nearer(far: MailSettings, near: MailSettings): MailSettings {
  const mailboxes = new Map(Object.entries(far.mailboxes ?? {}));
  for (const [name, settings] of Object.entries(near.mailboxes ?? {})) {
    mailboxes.set(name, { ...mailboxes.get(name), ...settings });
  }
  return {
    ...far,
    ...near,
    ...(mailboxes.size === 0 ? {} : { mailboxes: Object.fromEntries(mailboxes) }),
  };
}

function expungeMode(lazyExpunge: string): ExpungeMode {
  if (lazyExpunge === 'off' || lazyExpunge === 'in-place') return { mode: lazyExpunge };
  return storageOf(lazyExpunge) === lazyExpunge
    ? { mode: 'mailbox', path: lazyExpunge }
    : { mode: 'namespace', prefix: lazyExpunge };
}

function storageNameOf(expunge: ExpungeMode): string | undefined {
  if (expunge.mode === 'mailbox') return expunge.path;
  return expunge.mode === 'namespace' ? storageOf(expunge.prefix) : undefined;
}

/** Within a level: a name before patterns, a longer pattern before a shorter one; sorting keeps the order else. */
function nearestFirst(
  [one]: readonly [string, MailboxSettings],
  [other]: readonly [string, MailboxSettings],
): number {
  const patterns = Number(isPattern(one)) - Number(isPattern(other));
  return patterns === 0 ? other.length - one.length : patterns;
}
