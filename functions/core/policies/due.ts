/**
 * When autoexpunge next has something to do in a mailbox: an entry of the index `due`, written
 * with what made it due, so that no mailbox is missed and none is looked at in vain (A5).
 */
import type { Change } from '../ports/row-store.ts';
import type { PolicyAttributes } from './policy-attributes.ts';

/** What a mailbox row says of its policy and its entry. */
export interface DueMailbox extends PolicyAttributes {
  readonly mailboxId: string;
  readonly role?: string;
  readonly messages: number;
  readonly dueSk?: string;
}

/** The index has as many partitions as hex digits, so that a sweep can walk them side by side. */
export const duePartition = (shard: string): string => `due#autoexpunge#${shard}`;

/** The first digit of the random part of a mailbox id. */
const shardOf = (mailboxId: string): string => mailboxId.charAt(mailboxId.indexOf('.') + 1);

/**
 * The entry that adding messages calls for, or undefined when what stands is early enough.
 * @param added messages, which are the newest: their age counts from now
 */
export function dueAfterAdding(
  mailbox: DueMailbox,
  added: number,
  now: number,
): Record<string, string> | undefined {
  const { autoexpungeAfterSeconds: age, autoexpungeMaxMails: most } = mailbox;
  const times = [
    ...(age === undefined ? [] : [now + age * 1000]),
    // A counter is enough to look; who goes is decided from the messages themselves (W8).
    ...(most !== undefined && (mailbox.role === 'storage' || mailbox.messages + added > most)
      ? [now]
      : []),
  ];
  if (times.length === 0) return undefined;
  return dueEntry(mailbox, Math.min(...times));
}

/** The entry for a time, or undefined when an earlier one stands. */
function dueEntry(mailbox: DueMailbox, time: number): Record<string, string> | undefined {
  const entry = entryAt(mailbox.mailboxId, time);
  return mailbox.dueSk !== undefined && mailbox.dueSk <= entry.dueSk ? undefined : entry;
}

/** The entry of a mailbox for a time in epoch milliseconds. */
export const entryAt = (mailboxId: string, time: number) => ({
  duePk: duePartition(shardOf(mailboxId)),
  dueSk: new Date(time).toISOString(),
});

const RELIED_ON = ['dueSk', 'autoexpungeAfterSeconds', 'autoexpungeMaxMails'] as const;

/**
 * What `dueAfterAdding` was told must still hold when the messages are written: a sweep that finds
 * the mailbox empty removes the entry, a new policy makes one, and neither moves UIDNEXT.
 */
export function dueGuard(mailbox: DueMailbox): {
  readonly equals: Record<string, string | number>;
  readonly without: readonly string[];
} {
  const equals: Record<string, string | number> = {};
  for (const name of RELIED_ON) {
    const value = mailbox[name];
    if (value !== undefined) equals[name] = value;
  }
  return { equals, without: RELIED_ON.filter((name) => mailbox[name] === undefined) };
}

/** What brings the entry of a mailbox to another time, or takes it away. */
export function changeOfDue(
  mailbox: DueMailbox,
  next: ReturnType<typeof entryAt> | undefined,
): Pick<Change, 'set' | 'unset'> {
  if (next?.dueSk === mailbox.dueSk) return {};
  return next === undefined ? { unset: ['duePk', 'dueSk'] } : { set: next };
}
