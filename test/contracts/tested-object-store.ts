import type { ObjectStore, PresignedPut } from '../../functions/core/ports/object-store.ts';

/** The port, and what a test needs besides it. */
export interface TestedObjectStore {
  readonly store: ObjectStore;
  /** Places a delete marker, as a DELETE without a version does. */
  placeMarker(key: string): Promise<void>;
  /** Begins a multipart upload that nobody completes. */
  startUpload(key: string): Promise<void>;
  /** Sends bytes to a presigned URL without credentials; whether they were taken. */
  send(put: PresignedPut, body: Uint8Array): Promise<boolean>;
}
