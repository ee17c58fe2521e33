/** The versioned mail bucket as the core sees it. */

export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
}

export interface ListedVersion extends ObjectVersion {
  readonly deleteMarker: boolean;
  readonly latest: boolean;
  /** 0 for delete markers. */
  readonly sizeBytes: number;
}

export interface MultipartUpload {
  readonly key: string;
  readonly uploadId: string;
}

export interface ListPage<T> {
  /** Ordered by key or name; versions of one key newest first. */
  readonly entries: readonly T[];
  /** Opaque; missing on the last page, and on that alone: a page may be short, or empty. */
  readonly next?: string;
}

export interface RemovalFailure extends ObjectVersion {
  /** S3's error code, for instance `AccessDenied` or `SlowDown`. */
  readonly code: string;
}

export interface StoredObject {
  readonly body: Uint8Array;
  readonly versionId: string;
}

/** A request that whoever holds it may send without credentials, until it expires. */
export interface PresignedPut {
  readonly url: string;
  /** To be sent exactly so. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Faults: `StoreBusyError` after the client's own retries, `PermissionMissingError`; anything else
 * passes through.
 */
export interface ObjectStore {
  /**
   * Writes the object of a key that has none. A key that has one keeps it, and its version is the
   * answer: keys are random, so it comes from a try of this very request whose answer was lost. If
   * each try wrote a version, the row could name one that a late try hides, and lifecycle takes it
   * (W1).
   * @throws Error when what is there is of another size
   */
  put(key: string, body: Uint8Array): Promise<{ readonly versionId: string }>;
  /** The current version, or the named one; undefined when there is none or it is a marker. */
  get(key: string, versionId?: string): Promise<StoredObject | undefined>;
  /**
   * Copies a version within the bucket, without its bytes coming here; undefined when it is gone.
   * Objects of at most 5 GB. A target that is there is taken for an earlier try's, as by `put`.
   */
  copy(from: ObjectVersion, toKey: string): Promise<{ readonly versionId: string } | undefined>;
  /**
   * Lets a client write one object.
   * @param sizeBytes a body of another length is refused
   * @param seconds the URL is void afterwards
   */
  presignPut(key: string, sizeBytes: number, seconds: number): Promise<PresignedPut>;
  /**
   * Lets a client read one version, whole or in ranges of bytes. Whether it is there is not looked
   * at: when it is gone, the URL leads to nothing.
   * @param seconds the URL is void afterwards
   * @returns the URL
   */
  presignGet(object: ObjectVersion, seconds: number): Promise<string>;
  /**
   * Versions and delete markers below a prefix that ends in a slash. A walk that removes what it
   * lists keeps the version at the end of a page until it has the next one: once it is gone, that
   * page may skip what is left of its key.
   */
  listVersions(prefix: string, after?: string): Promise<ListPage<ListedVersion>>;
  /** Versions and delete markers of this very key, the latest first; none when there is nothing. */
  versionsOf(key: string): Promise<readonly ListedVersion[]>;
  /**
   * Names of the top of the bucket below which there is any version or delete marker, up to their
   * slash and without it; in their order.
   */
  listFolders(after?: string): Promise<ListPage<string>>;
  /**
   * Removes up to 1,000 versions or delete markers for good; absent ones count as removed.
   * Answers the ones that could not be removed: the caller inspects every one of them.
   */
  removeVersions(versions: readonly ObjectVersion[]): Promise<readonly RemovalFailure[]>;
  /**
   * Hides the key behind a delete marker, on condition that it has a current version: one that is
   * gone, or hidden already, is left as it is (X5). Answers whether a marker was placed.
   */
  placeMarker(key: string): Promise<boolean>;
  /** Incomplete multipart uploads below a prefix that ends in a slash. */
  listUploads(prefix: string, after?: string): Promise<ListPage<MultipartUpload>>;
  /** Ends an incomplete multipart upload; an absent one is fine. */
  abortUpload(upload: MultipartUpload): Promise<void>;
}
