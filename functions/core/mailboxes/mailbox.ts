/** What a mailbox is, and how its row says it. */
import type { Attributes, Row } from '../ports/row-store.ts';
import { isMap, number, optionalNumber, optionalText, text } from '../rows/attributes.ts';

/**
 * `deleted`: part of a deleted tree, which may come back. `shell`: gone; what is left of it is
 * expunged mail with a time of its own, so its partitions still have to be found (design 3).
 */
type MailboxState = 'active' | 'deleted' | 'shell' | 'erasing';

export interface Mailbox {
  readonly mailboxId: string;
  readonly path: string;
  readonly state: MailboxState;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: number;
  readonly bytes: number;
  /** Live messages without `\Seen`, and with `\Deleted`; missing: not counted, not none. */
  readonly unseen?: number;
  readonly deleted?: number;
  /** How often counted flags have been changed: a recount meets no change unseen. */
  readonly flagChanges?: number;
  readonly specialUse?: string;
  /** The expunge storage: what it shows are expunged rows of other mailboxes. */
  readonly role?: 'storage';
  /** The policy that follows from the settings (A1). */
  readonly autoexpungeAfterSeconds?: number;
  readonly autoexpungeMaxMails?: number;
  /** ISO time at which autoexpunge has something to do here. */
  readonly dueSk?: string;
  /** No live message has a lower UID. */
  readonly firstLiveUid?: number;
  /** Nothing was expunged in place at this UID or a lower one. */
  readonly keptAfterUid?: number;
  /** While it is copied from another account: all up to this UID has come, and was so many. */
  readonly arrivedUid?: number;
  readonly arrivedMessages?: number;
  /** The highest bucket that the directory names; missing: see `markOf`. */
  readonly topBucket?: number;
  /** Buckets below this one count as in use, though the directory may not name them. */
  readonly unlistedBuckets?: number;
  /** The same for the view of a storage. */
  readonly topLazyBucket?: number;
  readonly unlistedLazyBuckets?: number;
  /** Epoch milliseconds of the last rename, which restarts the clock of autoexpunge (A2). */
  readonly renamedAt?: number;
  /** Rights of other users. */
  readonly acl?: Acl;
  /** The deletion that it is part of. */
  readonly treeId?: string;
  /** The return with which it came back: hides it until all that comes with it is there. */
  readonly returnId?: string;
  /** What this release does not know of: another may have written it, and it is never lost. */
  readonly others?: Attributes;
}

/** Letters of RFC 4314 by account id, or `anyone`: an address may change hands (W7). */
export type Acl = Readonly<Record<string, string>>;

type Fields = Omit<Mailbox, 'others'>;

/** Attributes have the names of the fields; what is undefined is not there. */
const READERS: { readonly [F in keyof Fields]-?: (row: Row) => Fields[F] | undefined } = {
  mailboxId: (row) => text(row, 'mailboxId'),
  path: (row) => text(row, 'path'),
  state: (row) => text(row, 'state') as MailboxState,
  uidValidity: (row) => number(row, 'uidValidity'),
  uidNext: (row) => number(row, 'uidNext'),
  messages: (row) => number(row, 'messages'),
  bytes: (row) => number(row, 'bytes'),
  specialUse: (row) => optionalText(row, 'specialUse'),
  role: (row) => (row.attributes['role'] === 'storage' ? 'storage' : undefined),
  dueSk: (row) => optionalText(row, 'dueSk'),
  autoexpungeAfterSeconds: (row) => optionalNumber(row, 'autoexpungeAfterSeconds'),
  autoexpungeMaxMails: (row) => optionalNumber(row, 'autoexpungeMaxMails'),
  firstLiveUid: (row) => optionalNumber(row, 'firstLiveUid'),
  keptAfterUid: (row) => optionalNumber(row, 'keptAfterUid'),
  unseen: (row) => optionalNumber(row, 'unseen'),
  deleted: (row) => optionalNumber(row, 'deleted'),
  flagChanges: (row) => optionalNumber(row, 'flagChanges'),
  arrivedUid: (row) => optionalNumber(row, 'arrivedUid'),
  arrivedMessages: (row) => optionalNumber(row, 'arrivedMessages'),
  topBucket: (row) => optionalNumber(row, 'topBucket'),
  unlistedBuckets: (row) => optionalNumber(row, 'unlistedBuckets'),
  topLazyBucket: (row) => optionalNumber(row, 'topLazyBucket'),
  unlistedLazyBuckets: (row) => optionalNumber(row, 'unlistedLazyBuckets'),
  renamedAt: (row) => optionalNumber(row, 'renamedAt'),
  acl: aclOf,
  treeId: (row) => optionalText(row, 'treeId'),
  returnId: (row) => optionalText(row, 'returnId'),
};

/** What a row says of itself and its indexes, and not of the mailbox. */
const OF_THE_ROW = ['v', 'type', 'duePk', 'aclRevision'] as const;

const KNOWN: ReadonlySet<string> = new Set([...OF_THE_ROW, ...Object.keys(READERS)]);

/** @throws DamagedRowError */
export function toMailbox(row: Row): Mailbox {
  const fields = Object.entries(READERS).flatMap(([field, read]) => {
    const value = read(row);
    return value === undefined ? [] : [[field, value] as const];
  });
  const others = Object.entries(row.attributes).filter(([name]) => !KNOWN.has(name));
  return {
    ...(Object.fromEntries(fields) as unknown as Fields),
    ...(others.length === 0 ? {} : { others: Object.fromEntries(others) }),
  };
}

function aclOf(row: Row): Acl | undefined {
  const { acl } = row.attributes;
  if (acl !== undefined && !isMap(acl)) {
    throw new TypeError('damaged mailbox row: its ACL is not an object');
  }
  return acl as Acl | undefined;
}
