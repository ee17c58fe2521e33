/** What becomes of mail that ends: how much of it comes back until when, and what is gone. */
import type { Aftermath, MoveAftermath } from '../../contract/mail-api.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { expiresAt } from '../policies/expiry.ts';
import { type PolicyAttributes, policyAttributes } from '../policies/policy-attributes.ts';
import type { MailContext } from './in-chunks.ts';
import type { Message } from './message.ts';

/**
 * `elsewhere`: nothing of it is kept, because another copy of it stays in the account (L4). `live`: it
 * came out of the storage (L3), and ends where it is now, if the policy there ends it.
 */
export interface MailOutcome {
  readonly kept: 'storage' | 'in-place' | 'elsewhere' | 'gone' | 'live';
  /** Epoch milliseconds; missing: it does not end by itself. */
  readonly endsAt?: number;
  /** So many stay where it is kept; missing: any number. */
  readonly maxMails?: number;
  /** Another copy of it may stay, and nothing be kept of it then. */
  readonly isSupposed?: boolean;
}

/** When the first of some messages ends, and how many stay where they are. */
class Ends {
  messages = 0;
  #endsAt: number | undefined;
  #maxMails: number | undefined;

  add({ endsAt, maxMails }: MailOutcome, messages: number): void {
    this.messages += messages;
    if (maxMails !== undefined) this.#maxMails = Math.min(this.#maxMails ?? maxMails, maxMails);
    if (endsAt !== undefined) this.#endsAt = Math.min(this.#endsAt ?? endsAt, endsAt);
  }

  get answer() {
    const until = this.#endsAt === undefined ? {} : { until: new Date(this.#endsAt).toISOString() };
    const bound = this.#maxMails === undefined ? {} : { maxMails: this.#maxMails };
    return { messages: this.messages, ...until, ...bound };
  }
}

/** Adds up what became of messages. */
export class MailOutcomes {
  readonly #counts = { storage: 0, 'in-place': 0, elsewhere: 0, gone: 0, live: 0 };
  readonly #kept = new Ends();
  readonly #live = new Ends();
  #isSupposed = false;

  add(outcome: MailOutcome, messages = 1): void {
    if (messages === 0) return;
    const { kept, isSupposed = false } = outcome;
    this.#counts[kept] += messages;
    this.#isSupposed ||= isSupposed;
    if (kept === 'live') this.#live.add(outcome, messages);
    if (kept === 'storage' || kept === 'in-place') this.#kept.add(outcome, messages);
  }

  /** Of what a request has done. */
  addAll(results: readonly { readonly outcome?: MailOutcome }[]): this {
    for (const { outcome } of results) if (outcome !== undefined) this.add(outcome);
    return this;
  }

  answer(): Aftermath {
    const { elsewhere, gone, storage } = this.#counts;
    const most = this.#isSupposed ? { atMost: true as const } : {};
    const by = storage > 0 ? 'messages/restore' : 'messages/unexpunge';
    return {
      ...(this.#kept.messages === 0 ? {} : { recoverable: { ...this.#kept.answer, ...most, by } }),
      ...(elsewhere === 0 ? {} : { elsewhere }),
      ...(gone === 0 ? {} : { goneForGood: gone }),
    };
  }

  /** Of a move to an ordinary mailbox: what comes back is besides what it moved. */
  moved(): MoveAftermath {
    const { recoverable: leftBehind, ...rest } = this.answer();
    return {
      ...rest,
      ...(leftBehind === undefined ? {} : { leftBehind }),
      ...(this.#live.messages === 0 ? {} : { live: this.#live.answer }),
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

/** What becomes of mail that came out of a storage: as the policy of where it is now says. */
export function livingIn(
  { autoexpungeAfterSeconds, ...target }: PolicyAttributes,
  now: number,
): MailOutcome {
  const ends =
    autoexpungeAfterSeconds === undefined ? {} : { endsAt: now + autoexpungeAfterSeconds * 1000 };
  return { kept: 'live', ...ends, ...boundOf(target) };
}
