/**
 * Keys in the mail bucket. No user input ever reaches a key: every part is a class fixed at
 * deployment or an id made of random hex digits. Every prefix ends in a slash, so that no
 * account's prefix can be the beginning of another's.
 */

/** One hex digit of the blob id: spreads load, and one account's erasure, over 16 S3 partitions. */
export const SHARDS = [...'0123456789abcdef'] as const;

/** The class of objects that Lethe does not read: index bundles, FTS indexes, Sieve scripts. */
export const OPAQUE_CLASS = 'x1';

/** The prefix under which presigned uploads wait to be linked. */
export const UPLOADS_PREFIX = 'uploads/';

export type OpaqueKind = 'index' | 'fts' | 'sieve';

const ID = /^[0-9a-f]+$/;

function checked(id: string): string {
  if (!ID.test(id)) throw new TypeError(`not an id of Lethe: ${JSON.stringify(id)}`);
  return id;
}

/** First hex digit of a blob or object id. */
function shardOf(id: string): string {
  return checked(id).charAt(0);
}

/** `<class>/<shard>/<accountId>/` */
export function classPrefix(retentionClass: string, shard: string, accountId: string): string {
  return `${retentionClass}/${shard}/${checked(accountId)}/`;
}

/** `<class>/<shard>/<accountId>/mail/<blobId>` */
export function mailKey(retentionClass: string, accountId: string, blobId: string): string {
  return `${classPrefix(retentionClass, shardOf(blobId), accountId)}mail/${checked(blobId)}`;
}

/** `x1/<shard>/<accountId>/<kind>/<objectId>` */
export function opaqueKey(kind: OpaqueKind, accountId: string, objectId: string): string {
  return `${classPrefix(OPAQUE_CLASS, shardOf(objectId), accountId)}${kind}/${checked(objectId)}`;
}

/** `uploads/<accountId>/<uploadId>` */
export const uploadKey = (accountId: string, uploadId: string): string =>
  `${uploadsPrefix(accountId)}${checked(uploadId)}`;

/** `uploads/<accountId>/` */
export function uploadsPrefix(accountId: string): string {
  return `${UPLOADS_PREFIX}${checked(accountId)}/`;
}

/**
 * Every prefix under which an account can have anything: each class that was ever deployed, the
 * opaque class, on all shards, and its uploads.
 */
export function accountPrefixes(accountId: string, classes: readonly string[]): string[] {
  const prefixes = [...classes, OPAQUE_CLASS].flatMap((retentionClass) =>
    SHARDS.map((shard) => classPrefix(retentionClass, shard, accountId)),
  );
  return [...prefixes, uploadsPrefix(accountId)];
}

/** The prefix of certificates in the evidence bucket. */
export const CERTIFICATES_PREFIX = 'certificates/';
