import {
  GetObjectCommand,
  type ObjectLockMode,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { StoreBusyError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { EvidenceStore } from '../core/ports/evidence-store.ts';
import type { Ids } from '../core/ports/ids.ts';
import { Backoff, REQUEST_TRIES_MAX } from './backoff.ts';
import { answered, faultName } from './store-faults.ts';

interface S3EvidenceStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** How saved bytes are locked; missing for stages that lock nothing. */
  readonly lockMode?: ObjectLockMode;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** A versioned S3 bucket under Object Lock. */
export class S3EvidenceStore implements EvidenceStore {
  readonly #options: S3EvidenceStoreOptions;
  readonly #backoff: Backoff;

  constructor(options: S3EvidenceStoreOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock, options.ids);
  }

  /**
   * After a lost answer the client's retry meets its own object and answers `exists`: a caller
   * that must know whose bytes they are reads them. Object Lock requires a checksum with every
   * put; SHA-256 is the one that auditors can compare without S3.
   */
  async save(name: string, bytes: Uint8Array, lockedUntil: number): Promise<'saved' | 'exists'> {
    const { client, bucket, lockMode } = this.#options;
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: name,
      Body: bytes,
      IfNoneMatch: '*',
      ChecksumAlgorithm: 'SHA256',
      ...(lockMode === undefined
        ? {}
        : { ObjectLockMode: lockMode, ObjectLockRetainUntilDate: new Date(lockedUntil) }),
    });
    for (let tryNumber = 0; tryNumber < REQUEST_TRIES_MAX; tryNumber += 1) {
      try {
        await answered('saving evidence', () => client.send(command));
        return 'saved';
      } catch (error) {
        if (faultName(error) === 'PreconditionFailed') return 'exists';
        // Another put of the name is under way; S3 asks to try again.
        if (faultName(error) !== 'ConditionalRequestConflict') throw error;
        await this.#backoff.wait(tryNumber);
      }
    }
    throw new StoreBusyError(
      `saving evidence: ${REQUEST_TRIES_MAX} tries met another put of the name.`,
    );
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const { client, bucket } = this.#options;
    try {
      return await answered('reading evidence', async () => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: name }));
        if (Body === undefined) throw new Error(`bucket ${bucket} answered no body.`);
        return await Body.transformToByteArray();
      });
    } catch (error) {
      if (faultName(error) === 'NoSuchKey') return undefined;
      throw error;
    }
  }
}
