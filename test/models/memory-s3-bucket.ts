import type { LifecycleRule } from '@aws-sdk/client-s3';
import { dueActions, type LifecycleVersion } from '../../local/lifecycle/evaluate.ts';
import { lifecycleFault } from './lifecycle-faults.ts';
import type {
  DeletedEntry,
  ObjectName,
  PutRequest,
  S3Answer,
  S3Target,
  VersionEntry,
} from './s3-target.ts';
import { untilNothingIsDue } from './until-nothing-is-due.ts';
import { VirtualClock } from './virtual-clock.ts';

const DAY_MILLISECONDS = 86_400_000;
const KEY_BYTES_MAX = 1024;
const DELETIONS_MAX = 1000;
/** The id of what was written while the bucket was not versioned. */
const NULL_VERSION = 'null';
const VERSION_ID = /^(v[0-9]{8}|null)$/;

interface Content {
  readonly body: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

interface Version {
  readonly versionId: string;
  readonly createdMs: number;
  readonly lockedUntilMs: number;
  /** Missing for a delete marker. */
  readonly content?: Content;
}

const refused = (status: number, error: string): S3Answer => ({ status, error });

/**
 * A bucket of Amazon S3, in memory: versioning in its three states, null versions, delete markers,
 * tags, metadata, Object Lock, lifecycle, and the status codes of all that. Where RGW differs from
 * AWS, AWS is right: a DELETE on a marker places another one, GET of a marker's version is a 405.
 */
export class MemoryS3Bucket implements S3Target {
  readonly #clock = new VirtualClock('2026-11-22T10:30:00Z');
  /** Of each key, the oldest version first. */
  readonly #keys = new Map<string, readonly Version[]>();
  #versioning: 'Enabled' | 'Suspended' | undefined;
  #objectLock = false;
  #rules: readonly LifecycleRule[] | undefined;
  #exists = true;
  #made = 0;

  async putVersioning(status: string, objectLock: boolean): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    if (status !== 'Enabled' && status !== 'Suspended') return refused(400, 'MalformedXML');
    if (status === 'Suspended' && (objectLock || this.#objectLock)) {
      return refused(409, 'InvalidBucketState');
    }
    this.#versioning = status;
    this.#objectLock ||= objectLock;
    return { status: 200 };
  }

  async put({ key, body, metadata = {}, tags = {}, lock }: PutRequest): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    if (Buffer.byteLength(key) > KEY_BYTES_MAX) return refused(400, 'KeyTooLongError');
    if (lock !== undefined && !this.#objectLock) return refused(400, 'InvalidRequest');
    if (
      lock !== undefined &&
      !(['COMPLIANCE', 'GOVERNANCE'].includes(lock.mode) && lock.days > 0)
    ) {
      return refused(400, 'InvalidArgument');
    }
    const lockedUntilMs = lock ? this.#clock.now() + lock.days * DAY_MILLISECONDS : 0;
    return { status: 200, ...this.#add(key, { body, metadata, tags }, lockedUntilMs) };
  }

  async get(name: ObjectName): Promise<S3Answer> {
    const found = this.#find(name);
    if ('status' in found) return found;
    const { versionId, content } = found;
    if (content === undefined) return refused(405, 'MethodNotAllowed');
    const { body, metadata } = content;
    return { status: 200, body, metadata, ...this.#header(versionId) };
  }

  async head(name: ObjectName): Promise<S3Answer> {
    const { error: _noBody, body: _none, ...headers } = await this.get(name);
    return headers;
  }

  async delete({ key, versionId }: ObjectName): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    if (versionId === undefined) return { status: 204, ...this.#deleteCurrent(key) };
    if (!VERSION_ID.test(versionId)) return refused(400, 'InvalidArgument');
    const found = this.#versionsOf(key).find((version) => version.versionId === versionId);
    if (found !== undefined && found.lockedUntilMs > this.#clock.now()) {
      return refused(403, 'AccessDenied');
    }
    this.#remove(key, versionId);
    return { status: 204, versionId };
  }

  async deleteMany(names: readonly ObjectName[]): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    if (names.length < 1 || names.length > DELETIONS_MAX) return refused(400, 'MalformedXML');
    const deleted: DeletedEntry[] = [];
    for (const { key, versionId } of names) {
      const named = this.#versionsOf(key).find((version) => version.versionId === versionId);
      const answer = await this.delete(versionId === undefined ? { key } : { key, versionId });
      if (answer.error !== undefined) continue;
      if (versionId !== undefined) {
        const deleteMarker = named !== undefined && named.content === undefined;
        deleted.push({ key, versionId, deleteMarker });
      } else if (answer.versionId !== undefined) {
        deleted.push({ key, deleteMarker: true, markerId: answer.versionId });
      } else {
        deleted.push({ key, deleteMarker: false });
      }
    }
    return { status: 200, deleted };
  }

  async copyVersion({ key, versionId }: ObjectName): Promise<S3Answer> {
    const found = this.#find(versionId === undefined ? { key } : { key, versionId });
    if ('status' in found) return found;
    if (found.content === undefined) return refused(400, 'InvalidRequest');
    // Onto itself, without any change.
    if (this.#versioning !== 'Enabled' && found.versionId === NULL_VERSION) {
      return refused(400, 'InvalidRequest');
    }
    return { status: 200, ...this.#add(key, found.content, 0) };
  }

  async deleteBucket(): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    if (this.#keys.size > 0) return refused(409, 'BucketNotEmpty');
    this.#exists = false;
    return { status: 204 };
  }

  async putLifecycle(rules: readonly LifecycleRule[]): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    const fault = lifecycleFault(rules);
    if (fault !== undefined) return refused(400, fault);
    this.#rules = rules;
    return { status: 200 };
  }

  async getLifecycle(): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    if (this.#rules === undefined) return refused(404, 'NoSuchLifecycleConfiguration');
    return { status: 200, rules: this.#rules };
  }

  async deleteLifecycle(): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    this.#rules = undefined;
    return { status: 204 };
  }

  async versions(): Promise<S3Answer> {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    const versions = [...this.#keys].flatMap(([key, all]) =>
      all.map(
        ({ versionId, content }): VersionEntry => ({
          key,
          versionId,
          deleteMarker: content === undefined,
          latest: all.at(-1)?.versionId === versionId,
        }),
      ),
    );
    return { status: 200, versions };
  }

  async advance(seconds: number): Promise<void> {
    this.#clock.advance(seconds * 1000);
  }

  async runLifecycle(): Promise<void> {
    untilNothingIsDue(() => {
      const contents = { versions: this.#contents(), uploads: [] };
      const due = dueActions(this.#rules ?? [], contents, this.#clock.now());
      for (const action of due) {
        if (action.kind === 'expire') this.#deleteCurrent(action.key);
        else if ('versionId' in action) this.#remove(action.key, action.versionId);
      }
      return due.length;
    });
  }

  async close(): Promise<void> {
    this.#exists = false;
  }

  #versionsOf(key: string): readonly Version[] {
    return this.#keys.get(key) ?? [];
  }

  #find({ key, versionId }: ObjectName): Version | S3Answer {
    if (!this.#exists) return refused(404, 'NoSuchBucket');
    const versions = this.#versionsOf(key);
    if (versionId === undefined) {
      const current = versions.at(-1);
      return current?.content === undefined ? refused(404, 'NoSuchKey') : current;
    }
    if (!VERSION_ID.test(versionId)) return refused(400, 'InvalidArgument');
    const found = versions.find((version) => version.versionId === versionId);
    return found ?? refused(404, 'NoSuchVersion');
  }

  /** Without versioning there is no header that names a version. */
  #header(versionId: string): Pick<S3Answer, 'versionId'> {
    return this.#versioning === undefined ? {} : { versionId };
  }

  /** Above all others; while the bucket is not versioned, in place of the null version. */
  #add(
    key: string,
    content: Content | undefined,
    lockedUntilMs: number,
  ): Pick<S3Answer, 'versionId'> {
    this.#made += 1;
    const versionId =
      this.#versioning === 'Enabled' ? `v${String(this.#made).padStart(8, '0')}` : NULL_VERSION;
    this.#remove(key, versionId);
    const version = { versionId, createdMs: this.#clock.now(), lockedUntilMs };
    const added = content === undefined ? version : { ...version, content };
    this.#keys.set(key, [...this.#versionsOf(key), added]);
    return this.#header(versionId);
  }

  #deleteCurrent(key: string): Pick<S3Answer, 'versionId'> {
    if (this.#versioning !== undefined) return this.#add(key, undefined, 0);
    this.#remove(key, NULL_VERSION);
    return {};
  }

  #remove(key: string, versionId: string): void {
    const left = this.#versionsOf(key).filter((version) => version.versionId !== versionId);
    if (left.length > 0) this.#keys.set(key, left);
    else this.#keys.delete(key);
  }

  #contents(): LifecycleVersion[] {
    return [...this.#keys].flatMap(([key, versions]) =>
      versions.toReversed().map(({ versionId, createdMs, lockedUntilMs, content }) => ({
        key,
        versionId,
        createdMs,
        lockedUntilMs,
        deleteMarker: content === undefined,
        sizeBytes: Buffer.byteLength(content?.body ?? ''),
        tags: content?.tags ?? {},
      })),
    );
  }
}
