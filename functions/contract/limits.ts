/**
 * Numbers that both the infrastructure and the functions must agree on. Each says where it
 * comes from; AWS limits are those of November 2026.
 */

/** DynamoDB takes at most 100 items in a transaction. */
export const TRANSACTION_ITEMS = 100;

/**
 * One delivery is one transaction: 100 items less the mailbox row and the idempotency row. A
 * message that was uploaded takes two of them, its own row and that of the upload.
 */
export const DELIVERY_MESSAGES = 98;

/**
 * Addresses of an account, its own and 31 aliases: they end in one transaction, with 3 rows each
 * and 3 of account and operation, 99 of its 100 items.
 */
export const ADDRESSES_PER_ACCOUNT_MAX = 32;

/** BatchWriteItem takes at most 25 items. */
export const BATCH_WRITE_ITEMS = 25;

/** DeleteObjects takes at most 1,000 keys, and a LIST page holds as many. */
export const OBJECT_PAGE_KEYS = 1000;

/** Message rows of one partition: UID / 10,000, as in Dovecot's fs-dictmap. */
export const BUCKET_UIDS = 10_000;

/**
 * Bodies sent inline in one request, or in its answer, which has the same limit: Lambda takes 6 MiB synchronously, base64 costs a third,
 * so 4 MiB of mail become 5.4 MiB and leave room for the envelope.
 */
export const INLINE_BODY_BYTES = 4 * 1024 * 1024;

/** How long a URL to read a message by is good: long enough to follow it, and nobody keeps it. */
export const FETCH_URL_SECONDS = 60;

/**
 * A message that comes by a presigned URL. The function that links it holds it in memory twice at
 * worst, 128 MiB, and so stays below 256 MB; the largest providers take mail of 25 to 50 MB.
 */
export const UPLOAD_BYTES_MAX = 64 * 1024 * 1024;

/** No presigned URL may live longer than a quarter of an hour: the settling time is longer. */
export const PRESIGNED_URL_SECONDS_MAX = 900;

/**
 * The slowest line that an erasure waits for, 128 kbit/s, an old mobile one. S3 ends connections on
 * which nothing comes, not slow ones: what comes slower still is named in the certificate.
 */
export const SLOWEST_UPLOAD_BYTES_PER_SECOND = 16 * 1024;

/** The largest upload begun in the last second of its URL: 900 s and 4,096 s, 83 minutes. */
export const UPLOADS_WAIT_SECONDS_MAX =
  PRESIGNED_URL_SECONDS_MAX + UPLOAD_BYTES_MAX / SLOWEST_UPLOAD_BYTES_PER_SECOND;

/** As many bits as a UID. */
export const UID_VALIDITY_MAX = 2 ** 32 - 1;

/** UIDs have 32 bits, and so has the UIDNEXT after the last of them. */
export const UID_MAX = 2 ** 32 - 2;

/**
 * By how much one request may raise UIDNEXT. UIDs that are passed over are gone for good: of 2^32 it
 * takes sixteen such mistakes until none is left. Larger ones of another store come in steps.
 */
export const UID_STEP_MAX = 2 ** 28;

/** The part of a message row that describes its headers; keeps a row under one write unit. */
export const ENVELOPE_BYTES = 628;

/** A mailbox path in UTF-8: with its prefix it must fit DynamoDB's 1,024 bytes of sort key. */
export const MAILBOX_PATH_BYTES = 800;

/**
 * The name of an expunge storage: in namespace mode it stands before the longest path, and `path#`
 * before both, 5 + 200 + 1 + 800 of the 1,024 bytes of a sort key.
 */
export const STORAGE_NAME_BYTES = 200;

/** The first level of deleted folders' names, which are shown, never stored. */
export const DELETED_PREFIX_BYTES = 100;

/** Settings of a domain or an account: read with most requests, 8 KB are two read units. */
export const MAIL_SETTINGS_BYTES = 8 * 1024;

/**
 * Settings of a deployment: the variables of a function together have at most 4 KB, of which 100
 * retention classes take 2.5 and the names of tables, buckets and keys half a KB.
 */
export const MAIL_SETTINGS_DEPLOYMENT_BYTES = 1024;

/** An address: 64 bytes of local part, an at sign, 255 of domain (RFC 5321, 4.5.3.1). */
export const ADDRESS_BYTES = 320;

/** A Distributed Map of one erasure has at most this many children. */
export const ERASURE_RANGES_MAX = 256;

/**
 * How many messages one range should meet: as many as a partition of rows. A child of the map costs
 * three transitions, at this size $0.0075 for a million messages; and three or more of an account's
 * 16 shards share a range up to 50,000 messages, which fills their DeleteObjects requests.
 */
export const ERASURE_RANGE_MESSAGES = 10_000;

/** Erase, verify, erase again what was found: this many times at most, then an operator looks. */
export const VERIFICATION_ROUNDS_MAX = 5;

/** Lines of one plan row: 40 KB of the 400 KB that a row may have, 500 mailboxes of 80 bytes. */
export const PLAN_ROW_BYTES = 40_000;

/** Finished operations, their plans and the tombstone of an erased account stay this long. */
export const OPERATION_RETENTION_DAYS = 400;

/** How long a repeated request with the same Idempotency-Key gets the same answer. */
export const IDEMPOTENCY_RETENTION_HOURS = 24;

/** Lambda's own limit; the settling time must exceed the longest timeout deployed. */
export const FUNCTION_TIMEOUT_SECONDS_MAX = 900;

/** Shards of deleted folders that one purge works on at the same time; they share its pace. */
export const PURGE_WORKERS = 4;

/** Random bytes of ids: no two of one account are alike in a lifetime of mail. */
export const BLOB_ID_BYTES = 16;
export const MAILBOX_ID_BYTES = 8;
export const OPERATION_ID_BYTES = 12;

/** Half a SHA-256 of a message: no two of 10^12 have the same by chance. */
export const DIGEST_BYTES = 16;

/** Headers beyond this are not looked at: the largest that large providers accept. */
export const HEADER_BYTES_MAX = 256 * 1024;

/** A keyword is an atom (RFC 9051, 9): printable ASCII without these. */
export const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,100}$/;

/**
 * On one message, however many requests bring them; Dovecot keeps a few hundred in a mailbox. With
 * 100 bytes each they have 6.4 KB, so that a row stays below 8 KB of the 400 that it may have, and
 * a hundred of them below 0.8 MB of the 4 that a transaction may have.
 */
export const KEYWORDS_MAX = 64;
