/** What becomes of mail that ends: how much of it comes back until when, and what is gone. */
import type { Aftermath } from '../../contract/mail-api.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { expiresAt } from '../policies/expiry.ts';
import type { MailContext } from './in-chunks.ts';
import type { Message } from './message.ts';

/** `elsewhere`: nothing of it is kept, because another copy of it stays in the account (L4). */
export interface MailOutcome {
  readonly kept: 'storage' | 'in-place' | 'elsewhere' | 'gone';
  /** Epoch milliseconds; missing: it does not end by itself. */
  readonly endsAt?: number;
}

/** Adds up what became of messages. */
export class MailOutcomes {
  readonly #counts = { storage: 0, 'in-place': 0, elsewhere: 0, gone: 0 };
  #endsAt: number | undefined;

  add({ kept, endsAt }: MailOutcome, messages = 1): void {
    if (messages === 0) return;
    this.#counts[kept] += messages;
    if (endsAt !== undefined) this.#endsAt = Math.min(this.#endsAt ?? endsAt, endsAt);
  }

  answer(): Aftermath {
    const { elsewhere, gone, ...counts } = this.#counts;
    const messages = counts.storage + counts['in-place'];
    const until = this.#endsAt === undefined ? {} : { until: new Date(this.#endsAt).toISOString() };
    const by = counts.storage > 0 ? 'messages/restore' : 'messages/unexpunge';
    return {
      ...(messages === 0 ? {} : { recoverable: { messages, ...until, by } }),
      ...(elsewhere === 0 ? {} : { elsewhere }),
      ...(gone === 0 ? {} : { goneForGood: gone }),
    };
  }
}

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
  const after = storage === undefined ? undefined : settings.autoexpungeOf(storage)?.afterSeconds;
  const policy = after === undefined ? {} : { autoexpungeAfterSeconds: after };
  const endsAt = expiresAt(retentionDays, retentionClass, policy, now);
  const ends = endsAt === undefined ? {} : { endsAt };
  return { kept: mode === 'in-place' ? 'in-place' : 'storage', ...ends };
}
