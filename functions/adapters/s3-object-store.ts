import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { OBJECT_PAGE_KEYS } from '../contract/limits.ts';
import { StoreBusyError } from '../core/errors.ts';
import type {
  ListedVersion,
  ListPage,
  MultipartUpload,
  ObjectStore,
  ObjectVersion,
  PresignedPut,
  RemovalFailure,
  StoredObject,
} from '../core/ports/object-store.ts';
import { decodeCursor, encodeCursor } from './cursors.ts';
import { presignGet, presignPut } from './presigned-urls.ts';
import { folder, listedVersions, present, versionsOf } from './s3-lists.ts';
import { answered, faultName } from './store-faults.ts';

/**
 * What a read answers when there is no such object: no key (or a delete marker on top of it), no
 * version, or (405) a version that is a delete marker. `NoSuchBucket` is a 404 too and is not
 * among them: a bucket that cannot be found must never look like an object that is gone (W5).
 */
const ABSENT: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed']);

/** What DeleteObjects may answer for a version that is not there. */
const ALREADY_REMOVED: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion']);

/**
 * What a conditional delete answers when the key has no current version: absent, or a delete marker
 * on top of it. As above, `NoSuchBucket` is not among them.
 */
const NOTHING_TO_HIDE: ReadonlySet<string> = new Set(['NoSuchKey', 'PreconditionFailed']);

/**
 * A versioned S3 bucket. The caller needs `s3:ListBucket` besides `s3:GetObject`: without it S3
 * answers 403 instead of 404 for an absent key, which passes through as a fault.
 */
export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(options: { readonly client: S3Client; readonly bucket: string }) {
    this.#client = options.client;
    this.#bucket = options.bucket;
  }

  async put(key: string, body: Uint8Array): Promise<{ readonly versionId: string }> {
    const place = { Bucket: this.#bucket, Key: key };
    const command = new PutObjectCommand({ ...place, Body: body, IfNoneMatch: '*' });
    const { versionId, sizeBytes } = await this.#created('storing an object', key, async () => {
      const { VersionId } = await this.#client.send(command);
      return VersionId;
    });
    if (sizeBytes !== undefined && sizeBytes !== body.length) {
      throw new Error(`a new key of bucket ${this.#bucket} holds ${sizeBytes} bytes of another.`);
    }
    return { versionId };
  }

  /**
   * What a conditional write has made, or what was there: a try whose answer was lost.
   * @returns with `sizeBytes` when it was there
   */
  async #created(
    what: string,
    key: string,
    write: () => Promise<string | undefined>,
  ): Promise<{ readonly versionId: string; readonly sizeBytes?: number }> {
    try {
      return { versionId: this.#versioned(await answered(what, write)) };
    } catch (error) {
      const name = faultName(error);
      if (name === 'ConditionalRequestConflict') {
        throw new StoreBusyError(`${what}: another try is under way`, { cause: error });
      }
      if (name !== 'PreconditionFailed') throw error;
      const head = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
      const found = await answered('looking at an object', () => this.#client.send(head));
      return {
        versionId: this.#versioned(found.VersionId),
        ...(found.ContentLength === undefined ? {} : { sizeBytes: found.ContentLength }),
      };
    }
  }

  #versioned(versionId: string | undefined): string {
    if (versionId !== undefined) return versionId;
    throw new Error(`bucket ${this.#bucket} keeps no versions; turn versioning on.`);
  }

  async get(key: string, versionId?: string): Promise<StoredObject | undefined> {
    try {
      return await answered('reading an object', async () => {
        const answer = await this.#client.send(
          new GetObjectCommand({
            Bucket: this.#bucket,
            Key: key,
            ...(versionId === undefined ? {} : { VersionId: versionId }),
          }),
        );
        if (answer.Body === undefined || answer.VersionId === undefined) {
          throw new Error(`bucket ${this.#bucket} answered no body or no version id.`);
        }
        return { body: await answer.Body.transformToByteArray(), versionId: answer.VersionId };
      });
    } catch (error) {
      if (ABSENT.has(faultName(error))) return undefined;
      throw error;
    }
  }

  async copy(
    from: ObjectVersion,
    toKey: string,
  ): Promise<{ readonly versionId: string } | undefined> {
    const source = [this.#bucket, ...from.key.split('/')].map(encodeURIComponent).join('/');
    const command = new CopyObjectCommand({
      Bucket: this.#bucket,
      Key: toKey,
      CopySource: `${source}?versionId=${encodeURIComponent(from.versionId)}`,
      IfNoneMatch: '*',
    });
    try {
      const { versionId } = await this.#created('copying an object', toKey, async () => {
        const { VersionId } = await this.#client.send(command);
        return VersionId;
      });
      return { versionId };
    } catch (error) {
      if (ABSENT.has(faultName(error))) return undefined;
      throw error;
    }
  }

  async presignPut(key: string, sizeBytes: number, seconds: number): Promise<PresignedPut> {
    return await presignPut(this.#client, { bucket: this.#bucket, key, sizeBytes, seconds });
  }

  async presignGet(object: ObjectVersion, seconds: number): Promise<string> {
    return await presignGet(this.#client, this.#bucket, object, seconds);
  }

  async listVersions(prefix: string, after?: string): Promise<ListPage<ListedVersion>> {
    const place = after === undefined ? undefined : decodeCursor(after, ['key', 'versionId']);
    const answer = await answered('listing versions', () =>
      this.#client.send(
        new ListObjectVersionsCommand({
          Bucket: this.#bucket,
          Prefix: folder(prefix),
          MaxKeys: OBJECT_PAGE_KEYS,
          ...(place === undefined
            ? {}
            : { KeyMarker: place.key, VersionIdMarker: place.versionId }),
        }),
      ),
    );
    const entries = listedVersions(answer);
    if (answer.IsTruncated !== true) return { entries };
    const { NextKeyMarker: key, NextVersionIdMarker: version } = answer;
    return { entries, next: encodeCursor({ key: present(key), versionId: present(version) }) };
  }

  async versionsOf(key: string): Promise<readonly ListedVersion[]> {
    return await answered('listing versions', () => versionsOf(this.#client, this.#bucket, key));
  }

  async listFolders(after?: string): Promise<ListPage<string>> {
    const place = after === undefined ? undefined : decodeCursor(after, ['folder']);
    const answer = await answered('listing folders', () =>
      this.#client.send(
        new ListObjectVersionsCommand({
          Bucket: this.#bucket,
          Delimiter: '/',
          MaxKeys: OBJECT_PAGE_KEYS,
          ...(place === undefined ? {} : { KeyMarker: place.folder }),
        }),
      ),
    );
    const entries = (answer.CommonPrefixes ?? []).map(({ Prefix }) =>
      present(Prefix).replace(/\/$/, ''),
    );
    if (answer.IsTruncated !== true) return { entries };
    return { entries, next: encodeCursor({ folder: present(answer.NextKeyMarker) }) };
  }

  async removeVersions(versions: readonly ObjectVersion[]): Promise<readonly RemovalFailure[]> {
    if (versions.length > OBJECT_PAGE_KEYS) {
      throw new RangeError(
        `${versions.length} versions in one removal; ${OBJECT_PAGE_KEYS} are allowed.`,
      );
    }
    const [first] = versions;
    if (first === undefined) return [];
    if (versions.length === 1) return await this.#removeOne(first);
    const answer = await answered('removing versions', () =>
      this.#client.send(
        new DeleteObjectsCommand({
          Bucket: this.#bucket,
          Delete: {
            Quiet: true,
            Objects: versions.map(({ key, versionId }) => ({ Key: key, VersionId: versionId })),
          },
        }),
      ),
    );
    return (answer.Errors ?? [])
      .map(({ Key, VersionId, Code }) => ({
        key: Key ?? '',
        versionId: VersionId ?? '',
        code: Code ?? 'Unknown',
      }))
      .filter(({ code }) => !ALREADY_REMOVED.has(code));
  }

  /** A DELETE is free, where a DeleteObjects, which is a POST, is not. */
  async #removeOne({ key, versionId }: ObjectVersion): Promise<readonly RemovalFailure[]> {
    const command = new DeleteObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      VersionId: versionId,
    });
    return await answered('removing a version', async () => {
      try {
        await this.#client.send(command);
        return [];
      } catch (error) {
        if (ALREADY_REMOVED.has(faultName(error))) return [];
        throw error;
      }
    });
  }

  async placeMarker(key: string): Promise<boolean> {
    const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: '*' });
    try {
      await answered('placing a delete marker', () => this.#client.send(command));
      return true;
    } catch (error) {
      const name = faultName(error);
      if (NOTHING_TO_HIDE.has(name)) return false;
      if (name !== 'ConditionalRequestConflict') throw error;
      throw new StoreBusyError('placing a delete marker: others write the key', { cause: error });
    }
  }

  async listUploads(prefix: string, after?: string): Promise<ListPage<MultipartUpload>> {
    const place = after === undefined ? undefined : decodeCursor(after, ['key', 'uploadId']);
    const answer = await answered('listing uploads', () =>
      this.#client.send(
        new ListMultipartUploadsCommand({
          Bucket: this.#bucket,
          Prefix: folder(prefix),
          MaxUploads: OBJECT_PAGE_KEYS,
          ...(place === undefined ? {} : { KeyMarker: place.key, UploadIdMarker: place.uploadId }),
        }),
      ),
    );
    const entries = (answer.Uploads ?? []).map(({ Key, UploadId }) => ({
      key: present(Key),
      uploadId: present(UploadId),
    }));
    if (answer.IsTruncated !== true) return { entries };
    const { NextKeyMarker: key, NextUploadIdMarker: upload } = answer;
    return { entries, next: encodeCursor({ key: present(key), uploadId: present(upload) }) };
  }

  async abortUpload(upload: MultipartUpload): Promise<void> {
    const command = new AbortMultipartUploadCommand({
      Bucket: this.#bucket,
      Key: upload.key,
      UploadId: upload.uploadId,
    });
    try {
      await answered('ending an upload', () => this.#client.send(command));
    } catch (error) {
      if (faultName(error) !== 'NoSuchUpload') throw error;
    }
  }
}
