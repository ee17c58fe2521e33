/** Flags and keywords of messages, one guarded write each. */
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import type { Change } from '../ports/row-store.ts';
import { inParallel } from '../rows/parallel.ts';
import { type Entry, readEntries } from './entries.ts';
import type { MessagePorts } from './in-chunks.ts';

const PARALLEL_WRITES = 16;

export interface FlagChanges {
  readonly flags: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
}

/**
 * Adds and removes flags and keywords; what is in both is added. Safe to repeat.
 * @returns UIDs that there are, in order
 * @throws StoreBusyError
 */
export async function changeFlags(
  ports: MessagePorts,
  mailbox: Mailbox,
  uids: readonly number[],
  add: FlagChanges,
  remove: FlagChanges,
): Promise<number[]> {
  const entries = await readEntries(ports.rows, mailbox, uids, ports.clock.now());
  const changed = await inParallel(entries, PARALLEL_WRITES, async (entry) => {
    // Removing and adding are two writes: DynamoDB takes one action on a set at a time.
    const removed = await change(ports, entry, { removeFromSet: members(remove) });
    const added = removed && (await change(ports, entry, { addToSet: members(add) }));
    return added ? [entry.message.uid] : [];
  });
  return changed.flat();
}

function members({ flags, keywords }: FlagChanges): Record<string, readonly string[]> {
  return {
    ...(flags.size === 0 ? {} : { flags: [...flags] }),
    ...(keywords.size === 0 ? {} : { keywords: [...keywords] }),
  };
}

/** @returns whether the message is still what it was when it was read */
async function change(ports: MessagePorts, entry: Entry, given: Change): Promise<boolean> {
  const { addToSet = {}, removeFromSet = {} } = given;
  if (Object.keys({ ...addToSet, ...removeFromSet }).length === 0) return true;
  const result = await ports.rows.write({
    kind: 'update',
    key: dictmapKeys.message(entry.home.mailboxId, entry.home.uid),
    guard: {
      row: 'present',
      equals: { state: entry.expunged === undefined ? 'live' : 'expunged' },
    },
    change: { ...given, add: { changes: 1 } },
  });
  return result.outcome === 'written';
}
