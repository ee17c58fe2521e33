/**
 * How much of its quota an account uses: the messages of all mailboxes that count, whatever their
 * flags. Live mail is counted on the mailbox rows, expunged mail by the day on which it ends; so
 * neither needs reading messages, and what has ended stops counting without anybody's doing.
 */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { QuotaAnswer } from '../../contract/mail-api.ts';
import type { Account } from '../accounts/accounts.ts';
import { LetheError, quoted } from '../errors.ts';
import { everyMailbox } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { daysOf } from './expiry-days.ts';

export interface Usage {
  readonly bytes: number;
  readonly messages: number;
}

type QuotaPorts = Pick<Ports, 'rows' | 'clock'>;

/** What all mailboxes that count hold together. Strongly consistent. */
export async function usedQuota(
  { rows, clock }: QuotaPorts,
  account: Account,
  settings: ResolvedSettings,
): Promise<Usage> {
  let [bytes, messages] = [0, 0];
  for await (const mailbox of everyMailbox(rows, account)) {
    if (settings.isExempt(mailbox.path)) continue;
    const stored = await storedIn(rows, mailbox, clock.now());
    bytes += mailbox.bytes + stored.bytes;
    messages += mailbox.messages + stored.messages;
  }
  return { bytes, messages };
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
 * mail does not count. Deliveries at the same time can together go beyond the limit by what each
 * of them was allowed alone: a limit is no reason to make them wait for each other.
 * @param path of the mailbox that is to take them
 * @throws QuotaExceededError naming use, limit and what was wanted
 */
export async function checkQuota(
  ports: QuotaPorts,
  account: Account,
  settings: ResolvedSettings,
  path: string,
  addBytes: number,
): Promise<void> {
  const { quotaBytes } = settings;
  if (quotaBytes === undefined || settings.isExempt(path)) return;
  const { bytes } = await usedQuota(ports, account, settings);
  if (bytes + addBytes <= quotaBytes) return;
  throw new LetheError(
    ERROR_NAMES.quotaExceeded,
    `${addBytes} bytes more for the mailbox ${quoted(path)} exceed the quota: ${bytes} of ${quotaBytes} bytes are used`,
    'Expunge mail, or let an administrator raise the limit.',
  );
}

const NONE: Usage = { bytes: 0, messages: 0 };

/** What a storage shows that has not ended before today; nothing for other mailboxes. */
export async function storedIn(rows: RowStore, mailbox: Mailbox, now: number): Promise<Usage> {
  if (mailbox.role !== 'storage') return NONE;
  const days = await daysOf(rows, mailbox.mailboxId, now);
  let [bytes, messages] = [0, 0];
  for (const day of days.values()) {
    bytes += day.bytes;
    messages += day.messages;
  }
  return { bytes, messages };
}
