/**
 * Flags and keywords of messages: one guarded write each, but where the mailbox row counts what
 * changes (counted-flags.ts).
 */

import { KEYWORDS_MAX } from '../../contract/limits.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { InvalidInputError, StoreBusyError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Change, WriteResult } from '../ports/row-store.ts';
import { inParallel } from '../rows/parallel.ts';
import { type Changing, changeCounted } from './counted-flags.ts';
import { type Entry, readEntries, toEntry } from './entries.ts';
import { DELETED } from './flag-counts.ts';
import type { MessagePorts } from './in-chunks.ts';

const PARALLEL_WRITES = 16;

/** Others must change the flags of one message between reading and writing, each time. */
const TRIES_MAX = 20;

export interface FlagChanges {
  readonly flags: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
}

/**
 * Adds and removes flags and keywords; what is in both is added. Safe to repeat. A message that has
 * too many keywords from before can lose some, and gets none.
 * @returns UIDs that there are, in order
 * @throws InvalidInputError when a message would have too many keywords: mostly before anything is
 *   changed; StoreBusyError
 */
export async function changeFlags(
  ports: MessagePorts,
  mailbox: Mailbox,
  uids: readonly number[],
  { add, remove }: { readonly add: FlagChanges; readonly remove: FlagChanges },
): Promise<number[]> {
  const entries = await readEntries(ports.rows, mailbox, { uids }, ports.clock.now());
  for (const entry of entries) requireBounded(entry, add, remove);
  const isCounted = (entry: Entry) => entry.expunged === undefined && touchesCounted(add, remove);
  const counted = await changeCounted(
    ports,
    mailbox,
    entries.filter(isCounted).map(({ message }) => message.uid),
    (entry) => countedChange(entry, add, remove),
  );
  const others = entries.filter((entry) => !isCounted(entry));
  const changed = await inParallel(others, PARALLEL_WRITES, async (entry) =>
    (await change(ports, entry, add, remove)) ? [entry.message.uid] : [],
  );
  return [...counted, ...changed.flat()].toSorted((one, other) => one - other);
}

const COUNTED = ['\\Seen', DELETED];

const touchesCounted = (add: FlagChanges, remove: FlagChanges): boolean =>
  COUNTED.some((flag) => add.flags.has(flag) || remove.flags.has(flag));

/** Nothing when the message is like that already: then nothing is written. */
function countedChange(entry: Entry, add: FlagChanges, remove: FlagChanges): ReturnType<Changing> {
  requireBounded(entry, add, remove);
  const change = changeOf(entry, add, remove);
  if (change === undefined || isLikeThat(entry, add, remove)) return undefined;
  const kept = [...entry.message.flags].filter((flag) => !remove.flags.has(flag));
  return { change, flags: new Set([...kept, ...add.flags]) };
}

function isLikeThat({ message }: Entry, add: FlagChanges, remove: FlagChanges): boolean {
  return (['flags', 'keywords'] as const).every(
    (name) =>
      [...add[name]].every((one) => message[name].has(one)) &&
      [...remove[name]].every((one) => add[name].has(one) || !message[name].has(one)),
  );
}

/** @returns whether the message is still what it was when it was read */
async function change(
  ports: MessagePorts,
  entry: Entry,
  add: FlagChanges,
  remove: FlagChanges,
): Promise<boolean> {
  const state = entry.expunged === undefined ? 'live' : 'expunged';
  let current: Entry | undefined = entry;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    requireBounded(current, add, remove);
    const wanted = changeOf(current, add, remove);
    if (wanted === undefined) return true;
    const { changes } = current;
    // Members are added or taken without looking; a set that is written whole, or that is bounded
    // in number, must be as read.
    const isBlind = wanted.set === undefined && newKeywords(current, add).length === 0;
    const asRead = isBlind ? {} : changesGuard(changes);
    const result = await ports.rows.write({
      kind: 'update',
      key: dictmapKeys.message(entry.home.mailboxId, entry.home.uid),
      guard: {
        row: 'present',
        ...asRead,
        equals: { state, ...asRead.equals },
      },
      change: { ...wanted, add: { changes: 1 } },
    });
    if (result.outcome === 'written') return true;
    current = asItIs(result, ports.clock.now());
    if (current === undefined || (current.expunged === undefined) !== (state === 'live')) {
      return false;
    }
  }
  throw new StoreBusyError(`others changed the flags of a message ${TRIES_MAX} times meanwhile`);
}

const newKeywords = ({ message }: Entry, add: FlagChanges): string[] =>
  [...add.keywords].filter((keyword) => !message.keywords.has(keyword));

/** @throws InvalidInputError when one would get keywords and then have too many */
function requireBounded(entry: Entry, add: FlagChanges, remove: FlagChanges): void {
  const added = newKeywords(entry, add);
  if (added.length === 0) return;
  const { uid, keywords } = entry.message;
  const kept = [...keywords].filter((one) => add.keywords.has(one) || !remove.keywords.has(one));
  const count = kept.length + added.length;
  if (count <= KEYWORDS_MAX) return;
  throw InvalidInputError.of(
    'add.keywords',
    `message ${uid} would have ${count} keywords, allowed are ${KEYWORDS_MAX}`,
  );
}

interface ChangesGuard {
  readonly equals?: { readonly changes: number };
  readonly without?: readonly string[];
}

const changesGuard = (changes: number): ChangesGuard =>
  changes === 0 ? { without: ['changes'] } : { equals: { changes } };

function asItIs(result: WriteResult, now: number): Entry | undefined {
  const row = result.outcome === 'refused' ? result.refusals[0]?.row : undefined;
  return row && toEntry(row, now);
}

/**
 * One change for all of it, or a crash between two would lose flags that nobody took away. DynamoDB
 * takes one action on a set at a time: one that gains and loses members is written whole.
 */
function changeOf(entry: Entry, add: FlagChanges, remove: FlagChanges): Change | undefined {
  const set: Record<string, ReadonlySet<string>> = {};
  const addToSet: Record<string, string[]> = {};
  const removeFromSet: Record<string, string[]> = {};
  for (const name of ['flags', 'keywords'] as const) {
    const added = [...add[name]];
    const removed = [...remove[name]].filter((member) => !add[name].has(member));
    if (added.length > 0 && removed.length > 0) {
      const left = [...entry.message[name]].filter((member) => !removed.includes(member));
      set[name] = new Set([...left, ...added]);
    } else if (added.length > 0) addToSet[name] = added;
    else if (removed.length > 0) removeFromSet[name] = removed;
  }
  const wanted: Change = {
    ...(isEmpty(set) ? {} : { set }),
    ...(isEmpty(addToSet) ? {} : { addToSet }),
    ...(isEmpty(removeFromSet) ? {} : { removeFromSet }),
  };
  return isEmpty(wanted) ? undefined : wanted;
}

const isEmpty = (object: object): boolean => Object.keys(object).length === 0;
