/**
 * Messages too large for a request: the client sends them to S3 by a presigned URL, then delivers
 * them by their id. The row of an upload exists before its URL does, and only while the account is
 * active, so an erasure that has raised its fence waits out the URLs that are about (X3, X4). What
 * is never delivered goes by TTL and lifecycle (B2).
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { uploadKey } from '../../contract/key-layout.ts';
import { PRESIGNED_URL_SECONDS_MAX, UPLOAD_BYTES_MAX } from '../../contract/limits.ts';
import { dictmapKeys, ROW_VERSION, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { writeWhileActive } from '../accounts/while-active.ts';
import { InvalidInputError, LetheError, quoted } from '../errors.ts';
import type { PresignedPut } from '../ports/object-store.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { number } from '../rows/attributes.ts';

const UPLOAD_ID_BYTES = 16;

/** As long as the lifecycle rule keeps what was uploaded. */
const KEPT_SECONDS = 86_400;

const WAITING = 'waiting';
const LINKED = 'linked';

/** Only a stored object of S3 can be copied without its bytes coming here. */
export interface Uploaded {
  readonly body: Uint8Array;
  readonly key: string;
  readonly versionId: string;
}

export interface Upload extends PresignedPut {
  readonly uploadId: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/**
 * Begins an upload.
 * @param sizeBytes of the message; S3 refuses any other length
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, AccountNotActiveError, StoreBusyError
 */
export async function startUpload(
  ports: Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>,
  account: Account,
  sizeBytes: number,
  deadline: number,
): Promise<Upload> {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 1 || sizeBytes > UPLOAD_BYTES_MAX) {
    throw InvalidInputError.of(
      'size',
      `got ${quoted(sizeBytes)}, allowed are 1 to ${UPLOAD_BYTES_MAX} bytes`,
    );
  }
  const uploadId = ports.ids.hex(UPLOAD_ID_BYTES);
  const startedAt = ports.clock.now();
  const write = {
    kind: 'put',
    key: dictmapKeys.upload(account.accountId, uploadId),
    attributes: {
      v: ROW_VERSION,
      type: 'upload',
      uploadId,
      state: WAITING,
      size: sizeBytes,
      startedAt,
      [TTL_ATTRIBUTE]: Math.ceil(startedAt / 1000) + KEPT_SECONDS,
    },
  } as const;
  await writeWhileActive(ports, account, write, deadline);
  const presigned = await ports.objects.presignPut(
    uploadKey(account.accountId, uploadId),
    sizeBytes,
    PRESIGNED_URL_SECONDS_MAX,
  );
  // Counted from before the signature, so that the time told is never too long.
  return { uploadId, ...presigned, expiresAt: startedAt + PRESIGNED_URL_SECONDS_MAX * 1000 };
}

/**
 * What was uploaded, which must not have been delivered yet.
 * @throws UnknownUploadError
 */
export async function requireUploaded(
  ports: Pick<Ports, 'rows' | 'objects'>,
  accountId: string,
  uploadId: string,
): Promise<Uploaded> {
  await requireWaiting(ports.rows, accountId, uploadId);
  const key = uploadKey(accountId, uploadId);
  const stored = await ports.objects.get(key);
  if (stored === undefined) {
    throw unknownUpload(`nothing has been sent to the URL of upload ${uploadId}`);
  }
  return { ...stored, key };
}

/**
 * @returns the size that was said when the upload began: S3 refuses any other
 * @throws UnknownUploadError
 */
export async function requireWaiting(
  rows: RowStore,
  accountId: string,
  uploadId: string,
): Promise<{ readonly sizeBytes: number }> {
  const row = await rows.get(dictmapKeys.upload(accountId, uploadId));
  if (row?.attributes['state'] === WAITING) return { sizeBytes: number(row, 'size') };
  throw unknownUpload(
    row === undefined
      ? `account ${accountId} has no upload ${uploadId}`
      : `upload ${uploadId} has been delivered`,
  );
}

/** For the transaction that delivers it: an upload is delivered once. TTL removes the row. */
export function linkedWrite(accountId: string, uploadId: string, now: number): Write {
  return {
    kind: 'update',
    key: dictmapKeys.upload(accountId, uploadId),
    guard: { row: 'present', equals: { state: WAITING } },
    change: { set: { state: LINKED, [TTL_ATTRIBUTE]: Math.ceil(now / 1000) + KEPT_SECONDS } },
  };
}

export function unknownUpload(message: string): LetheError {
  return new LetheError(
    ERROR_NAMES.unknownUpload,
    message,
    'Start an upload, send the message to its URL, then deliver it, once.',
  );
}
