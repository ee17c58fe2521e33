import type { LifecycleRule } from '@aws-sdk/client-s3';

/** An answer of S3's: what its HTTP status, headers and body say. */
export interface S3Answer {
  readonly status: number;
  /** S3's error code. Answers to HEAD have no body, so none. */
  readonly error?: string;
  /** Of what was made, read or removed; `null` is the null version, missing: no header. */
  readonly versionId?: string;
  readonly body?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deleted?: readonly DeletedEntry[];
  readonly rules?: readonly LifecycleRule[];
  readonly versions?: readonly VersionEntry[];
}

/** What a multi-object delete says of one object. */
export interface DeletedEntry {
  readonly key: string;
  /** The version that the request named. */
  readonly versionId?: string;
  readonly deleteMarker: boolean;
  /** Of the marker that was placed. */
  readonly markerId?: string;
}

export interface VersionEntry {
  readonly key: string;
  readonly versionId: string;
  readonly deleteMarker: boolean;
  readonly latest: boolean;
}

/** An object to be written. */
export interface PutRequest {
  readonly key: string;
  readonly body: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Object Lock. */
  readonly lock?: { readonly mode: string; readonly days: number };
}

/** One object, or one version of it. */
export interface ObjectName {
  readonly key: string;
  readonly versionId?: string;
}

/** A bucket of its own, new and unversioned, and a clock that stands still unless it is moved. */
export interface S3Target {
  putVersioning(status: string, objectLock: boolean): Promise<S3Answer>;
  put(request: PutRequest): Promise<S3Answer>;
  get(name: ObjectName): Promise<S3Answer>;
  head(name: ObjectName): Promise<S3Answer>;
  delete(name: ObjectName): Promise<S3Answer>;
  deleteMany(names: readonly ObjectName[]): Promise<S3Answer>;
  /** Copies a version over its own key. */
  copyVersion(name: ObjectName): Promise<S3Answer>;
  deleteBucket(): Promise<S3Answer>;
  putLifecycle(rules: readonly LifecycleRule[]): Promise<S3Answer>;
  getLifecycle(): Promise<S3Answer>;
  deleteLifecycle(): Promise<S3Answer>;
  versions(): Promise<S3Answer>;
  advance(seconds: number): Promise<void>;
  /** Applies the rules as of now, until nothing is due. */
  runLifecycle(): Promise<void>;
  /** Forgets the bucket. */
  close(): Promise<void>;
}
