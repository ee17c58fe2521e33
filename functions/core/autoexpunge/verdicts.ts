/** Which messages autoexpunge takes (A1). */

import { DAY_MS } from '../../contract/times.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import {
  type Entry,
  EVERYTHING_SHOWN,
  type PageWanted,
  readMailboxPage,
  stillThere,
} from '../messages/entries.ts';
import type { RetentionDays } from '../policies/expiry.ts';
import type { RowStore } from '../ports/row-store.ts';
import { storedIn } from '../quota/quota.ts';

const PAGE_ENTRIES = 500;

const NO_END = Number.POSITIVE_INFINITY;

/** What is to be decided by. */
export interface Rule {
  readonly mailbox: Mailbox;
  readonly retentionDays: RetentionDays;
  /** Messages with lower UIDs go, whatever their age: there are too many. */
  readonly staysFrom: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * - `goes`: too many, or old enough.
 * - `passed`: the storage hides it, and S3's own clock has its bytes: as if it were not there.
 * - `stays`: it and all that come after it; when it is due, in epoch milliseconds, if ever.
 */
export type Verdict =
  | { readonly verdict: 'goes' | 'passed' }
  | { readonly verdict: 'stays'; readonly dueAt?: number };

/** The verdict on an entry, which may be one that has expired. */
export function judge(rule: Rule, { message, expunged }: Entry): Verdict {
  const { mailbox, now } = rule;
  const endsEarly = expunged !== undefined && isEarly(rule, message.retentionClass, expunged);
  const { expiresAt = NO_END } = expunged ?? {};
  if (expiresAt <= now && !endsEarly) return { verdict: 'passed' };
  if (message.uid < rule.staysFrom) return { verdict: 'goes' };
  const { autoexpungeAfterSeconds: age, renamedAt = 0 } = mailbox;
  const oldAt = age === undefined ? NO_END : Math.max(message.saveDate, renamedAt) + age * 1000;
  const dueAt = Math.min(oldAt, expiresAt);
  if (dueAt <= now) return { verdict: 'goes' };
  return oldAt < expiresAt || endsEarly ? { verdict: 'stays', dueAt } : { verdict: 'stays' };
}

/** Whether it ends before its class does: by an age limit that the storage had when it came. */
function isEarly(
  { retentionDays }: Rule,
  retentionClass: string,
  { expungedAt, expiresAt = NO_END }: NonNullable<Entry['expunged']>,
): boolean {
  const days = retentionDays[retentionClass] ?? null;
  return expiresAt < (days === null ? NO_END : expungedAt + days * DAY_MS);
}

/**
 * The lowest UID that the count limit lets stay; 0 when there are not too many. Messages are
 * counted as the base table has them: those below UIDNEXT were all there when that was read, and
 * none comes back, so the lowest of them were too many then. What the index does not show yet
 * would only make it more (docs/decisions/0010-count-limit-of-the-storage.md).
 * @param deadline epoch milliseconds
 * @throws Error when counting takes longer
 */
export async function staysFrom(
  ports: { readonly rows: RowStore; readonly clock: { readonly now: () => number } },
  mailbox: Mailbox,
  deadline: number,
): Promise<number> {
  const { autoexpungeMaxMails: most, uidNext, mailboxId } = mailbox;
  // A counter only says whether to look: nobody goes by it (W8).
  if (most === undefined || (await countOf(ports, mailbox)) <= most) return 0;
  const uids: number[] = [];
  let afterUid: number | undefined = 0;
  while (afterUid !== undefined) {
    const { rows, clock } = ports;
    const page = await readMailboxPage(
      rows,
      mailbox,
      // What cannot be read counts as if it were not there: so fewer go (W5).
      { afterUid, limit: PAGE_ENTRIES, passOver: () => undefined },
      clock.now(),
    );
    const entries =
      mailbox.role === 'storage' ? await stillThere(rows, page.entries) : page.entries;
    uids.push(...entries.map(({ message }) => message.uid).filter((uid) => uid < uidNext));
    if (clock.now() > deadline && page.nextAfterUid !== undefined) {
      throw new Error(`counting mailbox ${mailboxId} takes longer than one invocation`);
    }
    afterUid = page.nextAfterUid;
  }
  return uids.length > most ? (uids.at(-most) ?? uidNext) : 0;
}

/** How many messages a mailbox has, by the counters: of a storage, those that end today or later. */
export async function countOf(
  { rows, clock }: { readonly rows: RowStore; readonly clock: { readonly now: () => number } },
  mailbox: Mailbox,
): Promise<number> {
  if (mailbox.role !== 'storage') return mailbox.messages;
  const stored = await storedIn(rows, mailbox, clock.now());
  return mailbox.messages + stored.messages;
}

/** One page of a mailbox for judging: also what has expired. */
export const pageToJudge = (rows: RowStore, mailbox: Mailbox, page: PageWanted) =>
  readMailboxPage(rows, mailbox, page, EVERYTHING_SHOWN);
