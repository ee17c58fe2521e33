/** What a change of settings would make of the mail that there is, before it is made. */
import type { MailSettings } from '../../contract/mail-settings.ts';
import type { SettingsEffect } from '../../contract/settings-api.ts';
import type { Account } from '../accounts/accounts.ts';
import { sweepMailbox } from '../autoexpunge/sweep-mailbox.ts';
import { everyTree } from '../folders/tree.ts';
import { treeEnd } from '../folders/tree-end.ts';
import { everyMailbox } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { ChunkPorts } from '../messages/in-chunks.ts';
import type { RetentionDays } from '../policies/expiry.ts';
import { usedQuota } from '../quota/quota.ts';
import { parseMailSettings } from '../settings/parse-settings.ts';
import { type ResolvedSettings, resolveSettings } from '../settings/resolve-settings.ts';
import {
  type ChangeSettings,
  readLevels,
  requireGoingTogether,
} from '../settings/settings-store.ts';

export interface Foreseeing {
  readonly ports: ChunkPorts;
  readonly deployment: MailSettings;
  readonly retentionDays: RetentionDays;
  /** Epoch milliseconds after which no further mailbox is looked at. */
  readonly deadline: number;
}

export interface SettingsChange {
  readonly account: Account;
  readonly before: ResolvedSettings;
  readonly after: ResolvedSettings;
}

/** @throws InvalidInputError as the change itself would */
export async function settingsEffects(
  foreseeing: Foreseeing,
  account: Account,
  change: ChangeSettings,
): Promise<SettingsEffect[]> {
  const { ports, deployment } = foreseeing;
  const levels = await readLevels(ports.rows, deployment, account);
  const own = parseMailSettings(change(levels.account));
  const before = resolveSettings(deployment, levels.domain, levels.account);
  const after = resolveSettings(deployment, levels.domain, own);
  requireGoingTogether(after);
  return await effectsOf(foreseeing, { account, before, after });
}

/** What one account's settings, becoming others, would make of its mail. */
export async function effectsOf(
  foreseeing: Foreseeing,
  change: SettingsChange,
): Promise<SettingsEffect[]> {
  return [
    ...ofExpunges(change),
    ...(await ofQuota(foreseeing, change)),
    ...(await ofSweeps(foreseeing, change)),
    ...(await ofPurges(foreseeing, change)),
  ];
}

function ofExpunges({ before, after }: SettingsChange): SettingsEffect[] {
  const modeOf = ({ effective: { lazyExpunge = 'off' } }: ResolvedSettings) => lazyExpunge;
  const said = (settings: ResolvedSettings) =>
    `lazyExpunge ${modeOf(settings)}, deleteMode ${settings.deleteMode}`;
  const [was, becomes] = [said(before), said(after)];
  if (was === becomes) return [];
  const keptNoMore = modeOf(before) !== 'off' && modeOf(after) === 'off';
  return [{ kind: 'expunged', was, becomes, ...(keptNoMore ? { keepsNothing: true } : {}) }];
}

async function ofQuota({ ports }: Foreseeing, { account, before, after }: SettingsChange) {
  const { quotaBytes } = after;
  if (quotaBytes === undefined || quotaBytes === before.quotaBytes) return [];
  const { bytes } = await usedQuota(ports, account, after);
  return bytes <= quotaBytes ? [] : [{ kind: 'quota' as const, bytes, limitBytes: quotaBytes }];
}

/** Of mailboxes whose policy becomes another, what the next sweep takes then. */
async function ofSweeps(
  { ports, retentionDays, deadline }: Foreseeing,
  { account, before, after }: SettingsChange,
): Promise<SettingsEffect[]> {
  const effects: SettingsEffect[] = [];
  const policyOf = (settings: ResolvedSettings, { path }: Mailbox) =>
    JSON.stringify(settings.autoexpungeOf(path) ?? null);
  for await (const mailbox of everyMailbox(ports.rows, account)) {
    if (mailbox.state !== 'active') continue;
    if (policyOf(before, mailbox) === policyOf(after, mailbox)) continue;
    // What nobody has looked at is never said to be none.
    if (ports.clock.now() > deadline) return [...effects, { kind: 'unknown' }];
    const context = { account, settings: after, retentionDays };
    const options = { until: deadline, dryRun: true };
    const { messages, outcome } = await sweepMailbox(ports, context, mailbox, options);
    const least = outcome === 'again' ? { atLeast: true as const } : {};
    if (messages > 0) {
      effects.push({ kind: 'autoexpunge', mailbox: mailbox.path, messages, ...least });
    } else if (outcome !== 'done' && !account.held) return [...effects, { kind: 'unknown' }];
  }
  return effects;
}

/** Deleted folders that would be due, and are not today. */
async function ofPurges(
  { ports }: Foreseeing,
  { account, before, after }: SettingsChange,
): Promise<SettingsEffect[]> {
  const now = ports.clock.now();
  const isDue = (settings: ResolvedSettings, root: string, deletedAt: number) => {
    const { purgeAfter } = treeEnd(settings, root, deletedAt);
    return purgeAfter !== undefined && Date.parse(purgeAfter) <= now;
  };
  let [folders, messages] = [0, 0];
  for await (const tree of everyTree(ports.rows, account.accountId)) {
    const { state, root, deletedAt } = tree;
    if (state !== 'deleted' || isDue(before, root, deletedAt)) continue;
    if (!isDue(after, root, deletedAt)) continue;
    folders += 1;
    messages += tree.messages;
  }
  return folders === 0 ? [] : [{ kind: 'purge', folders, messages }];
}
