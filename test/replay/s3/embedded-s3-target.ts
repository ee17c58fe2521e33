import { randomBytes } from 'node:crypto';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListObjectVersionsCommand,
  type ObjectLockMode,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { clientOptions, ROOT_CREDENTIALS } from '../../../local/aws-environment.ts';
import { instanceStatus } from '../../../local/instance.ts';
import { readClock, setClockOffset } from '../../../local/instance-clock.ts';
import { instanceFiles } from '../../../local/instance-files.ts';
import { applyLifecycle } from '../../../local/lifecycle/apply.ts';
import type { ObjectName, PutRequest, S3Answer, S3Target } from '../../models/s3-target.ts';
import { UnsupportedError } from './unsupported-error.ts';

const DAY_MILLISECONDS = 86_400_000;

/** A bucket on the embedded AWS, with its lifecycle clock. Each opens and closes its own. */
export class EmbeddedS3Target implements S3Target {
  readonly #s3: S3Client;
  readonly #directory: string;
  readonly #Bucket: string;

  private constructor(s3: S3Client, directory: string, bucket: string) {
    this.#s3 = s3;
    this.#directory = directory;
    this.#Bucket = bucket;
  }

  /**
   * Acts as the account's root.
   *
   * @param directory of a running instance, whose clock scenarios move forward for good
   */
  static async open(directory: string): Promise<EmbeddedS3Target> {
    const endpoint = instanceStatus(directory)?.endpoint ?? '';
    const s3 = new S3Client(clientOptions(instanceFiles(directory), endpoint, ROOT_CREDENTIALS));
    const Bucket = `replay-${randomBytes(8).toString('hex')}`;
    await s3.send(new CreateBucketCommand({ Bucket }));
    return new EmbeddedS3Target(s3, directory, Bucket);
  }

  async putVersioning(status: string, objectLock: boolean): Promise<S3Answer> {
    const Bucket = this.#Bucket;
    const VersioningConfiguration = { Status: status as 'Enabled' };
    const answer = await answered(200, () =>
      this.#s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration })),
    );
    if (!objectLock || answer.error !== undefined) return answer;
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' } as const;
    return answered(200, () =>
      this.#s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration })),
    );
  }

  async put({ key: Key, body, metadata, tags, lock }: PutRequest): Promise<S3Answer> {
    const { nowMs } = await readClock(this.#directory);
    return answered(200, () =>
      this.#s3.send(
        new PutObjectCommand({
          Bucket: this.#Bucket,
          Key,
          Body: body,
          ...(metadata === undefined ? {} : { Metadata: metadata }),
          ...(tags === undefined ? {} : { Tagging: new URLSearchParams(tags).toString() }),
          ...(lock && {
            ObjectLockMode: lock.mode as ObjectLockMode,
            ObjectLockRetainUntilDate: new Date(nowMs + lock.days * DAY_MILLISECONDS),
          }),
        }),
      ),
    );
  }

  async get(name: ObjectName): Promise<S3Answer> {
    return answered(200, async () => {
      const answer = await this.#s3.send(new GetObjectCommand(this.#named(name)));
      const body = (await answer.Body?.transformToString()) ?? '';
      return { ...answer, answer: { body, metadata: answer.Metadata ?? {} } };
    });
  }

  async head(name: ObjectName): Promise<S3Answer> {
    const { error: _noBody, ...answer } = await answered(200, async () => {
      const head = await this.#s3.send(new HeadObjectCommand(this.#named(name)));
      return { ...head, answer: { metadata: head.Metadata ?? {} } };
    });
    return answer;
  }

  delete(name: ObjectName): Promise<S3Answer> {
    return answered(204, () => this.#s3.send(new DeleteObjectCommand(this.#named(name))));
  }

  deleteMany(names: readonly ObjectName[]): Promise<S3Answer> {
    const Objects = names.map((name) => {
      const { Key, VersionId } = this.#named(name);
      return { Key, VersionId };
    });
    return answered(200, async () => {
      const command = new DeleteObjectsCommand({ Bucket: this.#Bucket, Delete: { Objects } });
      const { Deleted, ...answer } = await this.#s3.send(command);
      const deleted = (Deleted ?? []).map((one) => ({
        key: one.Key ?? '',
        deleteMarker: one.DeleteMarker === true,
        ...(one.VersionId === undefined ? {} : { versionId: one.VersionId }),
        ...(one.DeleteMarkerVersionId === undefined ? {} : { markerId: one.DeleteMarkerVersionId }),
      }));
      return { ...answer, answer: { deleted } };
    });
  }

  async copyVersion(name: ObjectName): Promise<S3Answer> {
    const source = await this.#source(name);
    const { key: Key, versionId } = name;
    const version = versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`;
    const path = Key.split('/').map(encodeURIComponent).join('/');
    const CopySource = `${this.#Bucket}/${path}${version}`;
    const answer = await answered(200, () =>
      this.#s3.send(new CopyObjectCommand({ Bucket: this.#Bucket, Key, CopySource })),
    );
    // S3 answers 400, InvalidRequest, to both.
    if (source === 'marker' && answer.error === 'NoSuchVersion') {
      throw new UnsupportedError('MiniStack says that a delete marker is no version');
    }
    if (source === 'itself' && answer.status === 200) {
      throw new UnsupportedError('MiniStack copies the null version over itself');
    }
    return answer;
  }

  /** What a copy over its own key would read. */
  async #source({ key, versionId }: ObjectName): Promise<'marker' | 'itself' | 'version'> {
    const { versions = [] } = await this.versions();
    const source = versions.find(
      (one) =>
        one.key === key && (versionId === undefined ? one.latest : one.versionId === versionId),
    );
    if (source?.deleteMarker === true && versionId !== undefined) return 'marker';
    if (source?.versionId !== 'null') return 'version';
    const command = new GetBucketVersioningCommand({ Bucket: this.#Bucket });
    return (await this.#s3.send(command)).Status === 'Enabled' ? 'version' : 'itself';
  }

  deleteBucket(): Promise<S3Answer> {
    return answered(204, () => this.#s3.send(new DeleteBucketCommand({ Bucket: this.#Bucket })));
  }

  putLifecycle(rules: readonly LifecycleRule[]): Promise<S3Answer> {
    const LifecycleConfiguration = { Rules: [...rules] };
    return answered(200, () =>
      this.#s3.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: this.#Bucket,
          LifecycleConfiguration,
        }),
      ),
    );
  }

  getLifecycle(): Promise<S3Answer> {
    return answered(200, async () => {
      const command = new GetBucketLifecycleConfigurationCommand({ Bucket: this.#Bucket });
      const { Rules, ...answer } = await this.#s3.send(command);
      return { ...answer, answer: { rules: Rules ?? [] } };
    });
  }

  deleteLifecycle(): Promise<S3Answer> {
    return answered(204, () =>
      this.#s3.send(new DeleteBucketLifecycleCommand({ Bucket: this.#Bucket })),
    );
  }

  /** Scenarios have a few versions: far less than a page. */
  versions(): Promise<S3Answer> {
    return answered(200, async () => {
      const command = new ListObjectVersionsCommand({ Bucket: this.#Bucket });
      const { Versions = [], DeleteMarkers = [], ...answer } = await this.#s3.send(command);
      const entry = (deleteMarker: boolean) => (one: (typeof DeleteMarkers)[number]) => ({
        key: one.Key ?? '',
        versionId: one.VersionId ?? 'null',
        deleteMarker,
        latest: one.IsLatest === true,
      });
      const versions = [...Versions.map(entry(false)), ...DeleteMarkers.map(entry(true))];
      return { ...answer, answer: { versions } };
    });
  }

  async advance(seconds: number): Promise<void> {
    const { offsetSeconds } = await readClock(this.#directory);
    await setClockOffset(this.#directory, offsetSeconds + seconds, { keepSchedules: true });
  }

  async runLifecycle(): Promise<void> {
    const { nowMs } = await readClock(this.#directory);
    await applyLifecycle(this.#s3, this.#Bucket, nowMs);
  }

  /** Versions that are locked for years stay, and their bucket with them. */
  async close(): Promise<void> {
    const { versions = [] } = await this.versions();
    for (const { key, versionId } of versions) await this.delete({ key, versionId });
    await this.deleteBucket();
    this.#s3.destroy();
  }

  #named({ key: Key, versionId }: ObjectName) {
    const name = { Bucket: this.#Bucket, Key };
    return { ...name, VersionId: versionId };
  }
}

interface SdkAnswer {
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
  readonly VersionId?: string | undefined;
  /** Members of the answer that only this request has. */
  readonly answer?: Partial<S3Answer>;
}

/** What S3 said, refusals included. */
async function answered(status: number, send: () => Promise<SdkAnswer>): Promise<S3Answer> {
  try {
    const { $metadata, VersionId, answer } = await send();
    return {
      status: $metadata.httpStatusCode ?? status,
      ...(VersionId === undefined ? {} : { versionId: VersionId }),
      ...answer,
    };
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return { status: error.$metadata.httpStatusCode ?? 500, error: error.name };
  }
}
