/**
 * How much of its quota an account uses: the messages of all mailboxes that count, whatever their
 * flags. Live mail is counted on the mailbox rows, expunged mail by the day on which it ends; so
 * neither needs reading messages, and what has ended stops counting without anybody's doing.
 */

import { createHash } from 'node:crypto';
import type { QuotaAnswer } from '../../contract/mail-api.ts';
import type { Account } from '../accounts/accounts.ts';
import { QuotaExceededError, quoted } from '../errors.ts';
import { everyMailbox, isThere } from '../mailboxes/every-mailbox.ts';
import { filledMailboxes } from '../mailboxes/filled-mailboxes.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { listMailboxes } from '../mailboxes/mailboxes.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { storedDays } from './expiry-days.ts';
import { admitBelowBound, forgetBound, noteBound } from './quota-bound.ts';

export interface StoredUsage {
  readonly bytes: number;
  readonly messages: number;
}

/** As many rows are some 25 KB: six read units. */
const FEW_MAILBOXES = 50;

/** Buckets in use that are looked at, in accounts with more mailboxes, to find those that hold mail. */
const FEW_BUCKETS = 40;

type QuotaPorts = Pick<Ports, 'rows' | 'clock'>;

/** What all mailboxes that count hold together. Strongly consistent. */
export async function usedQuota(
  ports: QuotaPorts,
  account: Account,
  settings: ResolvedSettings,
): Promise<StoredUsage> {
  return (await sumUp(ports, account, settings)).used;
}

/** @returns also whether it took so much reading that it is not to be done for every message */
async function sumUp(
  ports: QuotaPorts,
  account: Account,
  settings: ResolvedSettings,
): Promise<{ readonly used: StoredUsage; readonly isLarge: boolean }> {
  const { rows } = ports;
  const first = await listMailboxes(rows, account.accountId, { limit: FEW_MAILBOXES });
  let mailboxes: readonly Mailbox[] = first.mailboxes;
  let isLarge = false;
  if (first.next !== undefined) {
    const filled = await filledMailboxes(rows, account, FEW_BUCKETS);
    isLarge = filled === undefined;
    mailboxes = filled ?? (await allOf(rows, account));
  }
  const counting = mailboxes.filter(
    (mailbox) => isThere(account, mailbox) && isCounted(settings, mailbox),
  );
  let [bytes, messages] = [0, 0];
  for (const mailbox of counting) {
    const stored = await storedIn(rows, mailbox, ports.clock.now());
    bytes += mailbox.bytes + stored.bytes;
    messages += mailbox.messages + stored.messages;
  }
  return { used: { bytes, messages }, isLarge };
}

async function allOf(rows: RowStore, account: Account): Promise<Mailbox[]> {
  const found: Mailbox[] = [];
  for await (const mailbox of everyMailbox(rows, account)) found.push(mailbox);
  return found;
}

/**
 * Whether what a mailbox holds counts. An expunge storage counts where the settings lead to one for
 * all; one of a namespace, or of settings of before, holds what ends by itself (L7).
 */
/** Whether mail in a mailbox counts for the quota. */
export function isCounted(
  { isExempt, expunge }: ResolvedSettings,
  { path, role }: Mailbox,
): boolean {
  return !isExempt(path) && (role !== 'storage' || expunge.mode === 'mailbox');
}

/** Use and limit as callers see them. */
export async function showQuota(
  ports: QuotaPorts,
  account: Account,
  settings: ResolvedSettings,
): Promise<QuotaAnswer> {
  const { quotaBytes } = settings;
  const used = await usedQuota(ports, account, settings);
  return { ...used, ...(quotaBytes === undefined ? {} : { limitBytes: quotaBytes }) };
}

/**
 * Whether so many bytes more fit into a mailbox. Nothing is read where no limit is set, or where
 * mail does not count; an account with very many mailboxes is asked for a bound first. Deliveries at
 * the same time can together go beyond the limit by what each of them was allowed alone: a limit is
 * no reason to make them wait for each other.
 * @param path of the mailbox that is to take them
 * @param options `dryRun`: nothing is to come in, so nothing is noted
 * @throws QuotaExceededError naming use, limit and what was wanted
 */
// biome-ignore lint/complexity/useMaxParams: callers outside of this repository use this form
export async function checkQuota(
  ports: QuotaPorts,
  account: Account,
  settings: ResolvedSettings,
  path: string,
  addBytes: number,
  { dryRun = false }: { readonly dryRun?: boolean | undefined } = {},
): Promise<void> {
  const { quotaBytes } = settings;
  if (quotaBytes === undefined || settings.isExempt(path)) return;
  const { accountId } = account;
  const rules = rulesOf(settings);
  const admission = { accountId, addBytes, limitBytes: quotaBytes, rules };
  if (!dryRun && (await admitBelowBound(ports, admission))) return;
  const { used, isLarge } = await sumUp(ports, account, settings);
  const { bytes } = used;
  if (bytes + addBytes <= quotaBytes) {
    if (isLarge && !dryRun) await noteBound(ports, admission, bytes);
    return;
  }
  throw new QuotaExceededError(
    `${addBytes} bytes more for the mailbox ${quoted(path)} exceed the quota: ${bytes} of ${quotaBytes} bytes are used`,
    'Expunge mail, or let an administrator raise the limit.',
  );
}

/**
 * The same for what may go over the quota where an administrator lets it in.
 * @returns whether it does not fit, and is let in
 * @throws QuotaExceededError where `overQuota` was not asked for
 */
export async function admitOverQuota(
  ports: QuotaPorts,
  { account, settings }: QuotaAccess,
  { path, bytes }: { readonly path: string; readonly bytes: number },
  { overQuota = false, dryRun = false }: OverQuotaOptions,
): Promise<boolean> {
  try {
    await checkQuota(ports, account, settings, path, bytes, { dryRun });
    return false;
  } catch (error) {
    if (!overQuota || !(error instanceof QuotaExceededError)) throw error;
    if (!dryRun) await forgetBound(ports, account.accountId);
    return true;
  }
}

interface QuotaAccess {
  readonly account: Account;
  readonly settings: ResolvedSettings;
}

interface OverQuotaOptions {
  readonly overQuota?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

/** All that decides which mailboxes count. */
const rulesOf = ({ effective }: ResolvedSettings): string =>
  createHash('sha256')
    .update(JSON.stringify([effective.lazyExpunge ?? '', effective.quotaExempt ?? []]))
    .digest('hex');

const NONE: StoredUsage = { bytes: 0, messages: 0 };

/** What a storage shows that has not ended before today; nothing for other mailboxes. */
export async function storedIn(
  rows: RowStore,
  mailbox: Mailbox,
  now: number,
): Promise<StoredUsage> {
  if (mailbox.role !== 'storage') return NONE;
  const days = await storedDays(rows, mailbox.mailboxId, now);
  let [bytes, messages] = [0, 0];
  for (const day of days.values()) {
    bytes += day.bytes;
    messages += day.messages;
  }
  return { bytes, messages };
}
