/** What becomes of mail that ends: how much of it comes back until when, and what is gone. */
import type { Aftermath } from '../../contract/mail-api.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { expiresAt } from '../policies/expiry.ts';
import { type PolicyAttributes, policyAttributes } from '../policies/policy-attributes.ts';
import type { MailContext } from './in-chunks.ts';
import type { Message } from './message.ts';

/** `elsewhere`: nothing of it is kept, because another copy of it stays in the account (L4). */
export interface MailOutcome {
  readonly kept: 'storage' | 'in-place' | 'elsewhere' | 'gone';
  /** Epoch milliseconds; missing: it does not end by itself. */
  readonly endsAt?: number;
  /** So many stay where it is kept; missing: any number. */
  readonly maxMails?: number;
  /** Another copy of it may stay, and nothing be kept of it then. */
  readonly isSupposed?: boolean;
}

/** Adds up what became of messages. */
export class MailOutcomes {
  readonly #counts = { storage: 0, 'in-place': 0, elsewhere: 0, gone: 0 };
  #endsAt: number | undefined;
  #maxMails: number | undefined;
  #isSupposed = false;

  add({ kept, endsAt, maxMails, isSupposed = false }: MailOutcome, messages = 1): void {
    if (messages === 0) return;
    this.#counts[kept] += messages;
    this.#isSupposed ||= isSupposed;
    if (maxMails !== undefined) this.#maxMails = Math.min(this.#maxMails ?? maxMails, maxMails);
    if (endsAt !== undefined) this.#endsAt = Math.min(this.#endsAt ?? endsAt, endsAt);
  }

  answer(): Aftermath {
    const { elsewhere, gone, ...counts } = this.#counts;
    const messages = counts.storage + counts['in-place'];
    const until = this.#endsAt === undefined ? {} : { until: new Date(this.#endsAt).toISOString() };
    const bounds = {
      ...(this.#maxMails === undefined ? {} : { maxMails: this.#maxMails }),
      ...(this.#isSupposed ? { atMost: true as const } : {}),
    };
    const by = counts.storage > 0 ? 'messages/restore' : 'messages/unexpunge';
    return {
      ...(messages === 0 ? {} : { recoverable: { messages, ...until, ...bounds, by } }),
      ...(elsewhere === 0 ? {} : { elsewhere }),
      ...(gone === 0 ? {} : { goneForGood: gone }),
    };
  }
}

/** How many a storage keeps, by its policy. */
export const boundOf = ({
  autoexpungeMaxMails: maxMails,
}: Pick<PolicyAttributes, 'autoexpungeMaxMails'>): Pick<MailOutcome, 'maxMails'> =>
  maxMails === undefined ? {} : { maxMails };

/**
 * What an expunge would make of a message, as the settings say it now. Whether another copy of it
 * stays, only the expunge itself finds out.
 */
export function foreseen(
  { settings, retentionDays }: Pick<MailContext, 'settings' | 'retentionDays'>,
  source: Mailbox,
  { retentionClass }: Pick<Message, 'retentionClass'>,
  { bypassStorage = false, now }: { readonly bypassStorage?: boolean; readonly now: number },
): MailOutcome {
  const { mode } = settings.expunge;
  const keepsNone =
    bypassStorage ||
    source.role === 'storage' ||
    mode === 'off' ||
    settings.isExcluded(source.path, source.specialUse);
  if (keepsNone) return { kept: 'gone' };
  const storage = settings.storagePathFor(source.path);
  const policy = policyAttributes(
    (storage === undefined ? undefined : settings.autoexpungeOf(storage)) ?? {},
  );
  const endsAt = expiresAt(retentionDays, retentionClass, policy, now);
  return {
    kept: mode === 'in-place' ? 'in-place' : 'storage',
    ...(endsAt === undefined ? {} : { endsAt }),
    ...boundOf(policy),
    ...(settings.onlyLastInstance ? { isSupposed: true } : {}),
  };
}
