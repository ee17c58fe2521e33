/**
 * Keys in the two tables. Every row of an account can be listed from its account id without a
 * scan: erasure and its proof depend on it.
 */
import { BUCKET_UIDS } from './limits.ts';

export const TABLES = ['registry', 'dictmap'] as const;
export type TableName = (typeof TABLES)[number];

/** Version of the row schema, written on every row as `v`. */
export const ROW_VERSION = 1;

/** Attribute that DynamoDB's TTL reads, in epoch seconds. Never set on live mail. */
export const TTL_ATTRIBUTE = 'ttl';

/** Secondary indexes by name: table, key attributes, what they project. */
export const INDEXES = {
  lazy: { tables: ['dictmap'], pk: 'lazyPk', sk: 'lazySk', projection: 'ALL' },
  due: { tables: ['registry', 'dictmap'], pk: 'duePk', sk: 'dueSk', projection: 'KEYS_ONLY' },
  list: { tables: ['registry'], pk: 'listPk', sk: 'listSk', projection: 'ALL' },
} as const;
export type IndexName = keyof typeof INDEXES;

export interface RowKey {
  readonly table: TableName;
  readonly pk: string;
  readonly sk: string;
}

export const accountPartition = (accountId: string): string => `account#${accountId}`;

export const registryKeys = {
  account: (accountId: string): RowKey => ({
    table: 'registry',
    pk: accountPartition(accountId),
    sk: 'account',
  }),
  /** Index entry of an address in its account's partition. */
  accountAddress: (accountId: string, address: string): RowKey => ({
    table: 'registry',
    pk: accountPartition(accountId),
    sk: `address#${address}`,
  }),
  accountOperation: (accountId: string, operationId: string): RowKey => ({
    table: 'registry',
    pk: accountPartition(accountId),
    sk: `operation#${operationId}`,
  }),
  idempotency: (accountId: string, keyHash: string): RowKey => ({
    table: 'registry',
    pk: accountPartition(accountId),
    sk: `idempotency#${keyHash}`,
  }),
  address: (address: string): RowKey => ({
    table: 'registry',
    pk: `address#${address}`,
    sk: 'address',
  }),
  /** The built-in userdb's entry for an address. */
  userdb: (address: string): RowKey => ({
    table: 'registry',
    pk: `address#${address}`,
    sk: 'userdb',
  }),
  operation: (operationId: string): RowKey => ({
    table: 'registry',
    pk: `operation#${operationId}`,
    sk: 'operation',
  }),
  /** The operation that a deletion with an Idempotency-Key began or joined: ids and hashes only. */
  deletionRequest: (keyHash: string): RowKey => ({
    table: 'registry',
    pk: `deletion-request#${keyHash}`,
    sk: 'deletion-request',
  }),
  /** Settings of a domain. */
  domainSettings: (domain: string): RowKey => ({
    table: 'registry',
    pk: `domain#${domain}`,
    sk: 'settings',
  }),
  /** The newest completed backup of a resource (contract/backups.ts). */
  backup: (resource: string): RowKey => ({ table: 'registry', pk: 'backup', sk: resource }),
  /** A part of an erasure's plan: mailbox ids and their UIDNEXTs. */
  plan: (operationId: string, part: number): RowKey => ({
    table: 'registry',
    pk: `operation#${operationId}`,
    sk: `plan#${String(part).padStart(5, '0')}`,
  }),
  /** What one worker of an operation has counted so far. */
  progress: (operationId: string, worker: string): RowKey => ({
    table: 'registry',
    pk: `operation#${operationId}`,
    sk: `progress#${worker}`,
  }),
  /** A deleted folder that a dry run found: ids and counts. */
  purgeable: (operationId: string, accountId: string, deletionId: string): RowKey => ({
    table: 'registry',
    pk: `operation#${operationId}`,
    sk: `purgeable#${accountId}#${deletionId}`,
  }),
  /** What one invocation of an operation's steps was billed for. */
  meter: (operationId: string, invocation: string): RowKey => ({
    table: 'registry',
    pk: `operation#${operationId}`,
    sk: `meter#${invocation}`,
  }),
  /** How far one round of verification has come. */
  verification: (operationId: string, round: number): RowKey => ({
    table: 'registry',
    pk: `operation#${operationId}`,
    sk: `verification#${String(round).padStart(5, '0')}`,
  }),
} as const;

const dictmapAccount = (accountId: string, sk: string): RowKey => ({
  table: 'dictmap',
  pk: accountPartition(accountId),
  sk,
});

export const dictmapKeys = {
  mailbox: (mailboxId: string): RowKey =>
    dictmapAccount(accountOfMailbox(mailboxId), `mailbox#${mailboxId}`),
  path: (accountId: string, path: string): RowKey => dictmapAccount(accountId, `path#${path}`),
  /** What mailboxes have shown under a name that they have left. */
  name: (accountId: string, path: string): RowKey => dictmapAccount(accountId, `name#${path}`),
  /** What an account uses at most, where summing that up costs too much. */
  quotaBound: (accountId: string): RowKey => dictmapAccount(accountId, 'quota-bound'),
  /** How far the count of a large mailbox has come. */
  recount: (mailboxId: string): RowKey =>
    dictmapAccount(accountOfMailbox(mailboxId), `recount#${mailboxId}`),
  /** A deletion of a tree of folders. Its id begins with the time, so trees stand in its order. */
  tree: (accountId: string, deletionId: string): RowKey =>
    dictmapAccount(accountId, `tree#${deletionId}`),
  /** The path row of a mailbox of a deleted tree: names of deleted folders are no user's names. */
  deletedPath: (accountId: string, deletionId: string, path: string): RowKey =>
    dictmapAccount(accountId, `deleted#${deletionId}#${path}`),
  subscription: (accountId: string, path: string): RowKey =>
    dictmapAccount(accountId, `subscription#${path}`),
  /** In the partition of whom an ACL gives rights: the mailbox whose ACL it is. */
  granted: (accountId: string, mailboxId: string): RowKey =>
    dictmapAccount(accountId, `granted#${mailboxId}`),
  dict: (accountId: string, name: string): RowKey => dictmapAccount(accountId, `dict#${name}`),
  cache: (accountId: string, host: string): RowKey => dictmapAccount(accountId, `cache#${host}`),
  /** The row that names the current object of an index bundle, FTS index or Sieve script. */
  object: (accountId: string, kind: string, name: string): RowKey =>
    dictmapAccount(accountId, `object#${kind}#name#${name}`),
  /** A replaced object whose bytes still have to go. */
  purgingObject: (accountId: string, kind: string, objectId: string): RowKey =>
    dictmapAccount(accountId, `object#${kind}#purging#${objectId}`),
  upload: (accountId: string, uploadId: string): RowKey =>
    dictmapAccount(accountId, `upload#${uploadId}`),
  /** How much of an expunge storage ends on a day of UTC (`2026-11-22`), or `never`. */
  expiry: (mailboxId: string, day: string): RowKey =>
    dictmapAccount(accountOfMailbox(mailboxId), `expiry#${mailboxId}#${day}`),
  /** A bucket in use, or spent, of a mailbox, or of the view of a storage. */
  bucket: (kind: BucketKind, mailboxId: string, bucket: number): RowKey =>
    dictmapAccount(accountOfMailbox(mailboxId), bucketSk(kind, mailboxId, bucket)),
  /** Which UIDs of a hundred have `\Deleted`. */
  flagged: (mailboxId: string, hundred: number): RowKey =>
    dictmapAccount(
      accountOfMailbox(mailboxId),
      `${flaggedPrefix(mailboxId)}${String(hundred).padStart(HUNDRED_DIGITS, '0')}`,
    ),
  message: (mailboxId: string, uid: number): RowKey => ({
    table: 'dictmap',
    pk: messagePartition(mailboxId, bucketOf(uid)),
    sk: uidKey(uid),
  }),
  blob: (accountId: string, blobId: string): RowKey => ({
    table: 'dictmap',
    pk: blobPartition(accountId, blobId.charAt(0)),
    sk: blobId,
  }),
} as const;

/** A mailbox id is `<accountId>.<random>`, so that a message row alone tells its account. */
export function accountOfMailbox(mailboxId: string): string {
  const dot = mailboxId.indexOf('.');
  if (dot < 1) throw new TypeError(`not a mailbox id: ${JSON.stringify(mailboxId)}`);
  return mailboxId.slice(0, dot);
}

/**
 * What the directory says of a bucket of 10,000 UIDs: rows of live mail may be in it; only rows of
 * mail that has ended; or entries of a storage's view
 * (docs/decisions/0018-directory-of-buckets.md).
 */
export type BucketKind = 'bucket' | 'spent' | 'lazy';

/** 6 digits, because a UID of 32 bits lies in one of 429,497 buckets. */
const BUCKET_DIGITS = 6;

const bucketSk = (kind: BucketKind, mailboxId: string, bucket: number): string =>
  `${bucketPrefix(kind, mailboxId)}${String(bucket).padStart(BUCKET_DIGITS, '0')}`;

/** What the sort keys of a mailbox's buckets begin with. */
export const bucketPrefix = (kind: BucketKind, mailboxId: string): string =>
  `${kind}#${mailboxId}#`;

/** UIDs whose `\Deleted` one row tells: what one chunk of an expunge takes touches one or two. */
export const FLAGGED_UIDS = 100;

/** 8 digits, because a UID of 32 bits lies in one of 42,949,673 hundreds. */
const HUNDRED_DIGITS = 8;

/** What the sort keys of such rows of a mailbox begin with. */
export const flaggedPrefix = (mailboxId: string): string => `flagged#${mailboxId}#`;

export const bucketOf = (uid: number): number => Math.floor(uid / BUCKET_UIDS);

/** UIDs as sort keys: 10 digits, because a UID has 32 bits. */
export const uidKey = (uid: number): string => String(uid).padStart(10, '0');

export const messagePartition = (mailboxId: string, bucket: number): string =>
  `mailbox#${mailboxId}#${bucket}`;

/** Partitions of the message rows in these buckets. */
export const messagePartitions = (mailboxId: string, ...buckets: readonly number[]): string[] =>
  buckets.map((bucket) => messagePartition(mailboxId, bucket));

/** Partition of the index `lazy` in which a storage mailbox keeps its view of expunged rows. */
export const lazyPartition = (storageMailboxId: string, bucket: number): string =>
  `lazy#${storageMailboxId}#${bucket}`;

/**
 * A link of a blob row: which message row uses the blob. Without the account id that begins every
 * mailbox id: 28 bytes, so that 30 links fit into one write unit.
 */
export const linkOf = (mailboxId: string, uid: number): string =>
  `${mailboxId.slice(mailboxId.indexOf('.') + 1)}:${uidKey(uid)}`;

/** The mailbox of an account that a link names. */
export const mailboxOfLink = (accountId: string, link: string): string =>
  `${accountId}.${link.slice(0, link.indexOf(':'))}`;

export const blobPartition = (accountId: string, shard: string): string =>
  `blobs#${accountId}#${shard}`;
