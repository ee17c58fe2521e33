/** Cutting a mailbox into requests. */
import { createHash } from 'node:crypto';
import { DELIVERY_MESSAGES, INLINE_BODY_BYTES } from '../../functions/contract/limits.ts';
import type {
  DeliverMessage,
  DeliverRequest,
} from '../../functions/contract/requests/deliveries.ts';
import type { SourceMessage } from './mail-source.ts';

/** A message on its way: its bytes, or the id under which they have been uploaded already. */
export interface Parcel extends Pick<SourceMessage, 'internalDate' | 'flags' | 'keywords'> {
  readonly content: { readonly raw: Uint8Array } | { readonly uploadId: string };
  readonly sizeBytes: number;
  /** To be kept; without one the mailbox gives the next. */
  readonly uid?: number;
  /** For messages to people. */
  readonly source: string;
}

export type Batch = readonly Parcel[];

/** Uploaded ones take two of the places that a request has. */
const places = ({ content }: Parcel): number => ('raw' in content ? 1 : 2);
const inlineBytes = ({ content }: Parcel): number => ('raw' in content ? content.raw.length : 0);

const sum = (batch: Batch, of: (parcel: Parcel) => number): number =>
  batch.reduce((total, parcel) => total + of(parcel), 0);

export const isTooLargeInline = (raw: Uint8Array): boolean => raw.length > INLINE_BODY_BYTES;

/** Whether one request can take the batch with one more; UIDs are kept for all of it or none. */
export function fits(batch: Batch, next: Parcel): boolean {
  const [first] = batch;
  if (first === undefined) return true;
  if ((first.uid === undefined) !== (next.uid === undefined)) return false;
  return (
    sum(batch, places) + places(next) <= DELIVERY_MESSAGES &&
    sum(batch, inlineBytes) + inlineBytes(next) <= INLINE_BODY_BYTES
  );
}

/** Two halves of a batch that was refused, to find the message that is at fault. */
export function halves(batch: Batch): readonly [Batch, Batch] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

export const bytesOf = (batch: Batch): number => sum(batch, ({ sizeBytes }) => sizeBytes);

/** The body of a delivery. */
export function deliverBody(
  mailbox: string,
  { uidValidity, overQuota }: Pick<DeliverRequest, 'uidValidity' | 'overQuota'>,
  batch: Batch,
): string {
  const request: DeliverRequest = {
    mailbox,
    ...(uidValidity === undefined ? {} : { uidValidity }),
    ...(overQuota === undefined ? {} : { overQuota }),
    messages: batch.map(toDeliver),
  };
  return JSON.stringify(request);
}

function toDeliver({ content, uid, internalDate, flags, keywords }: Parcel): DeliverMessage {
  return {
    ...('raw' in content ? { raw: base64(content.raw) } : content),
    ...(uid === undefined ? {} : { uid }),
    internalDate: internalDate.toISOString(),
    flags,
    keywords,
  };
}

const base64 = (raw: Uint8Array): string =>
  Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64');

/**
 * A key that the same batch gets again when the import was interrupted while it was on its way:
 * what goes to the same place (UIDNEXT) of the same mailbox with the same bytes. A mailbox that
 * holds the same hundred messages twice gets them at two places.
 */
export function idempotencyKey(
  accountId: string,
  place: { readonly uidValidity: number; readonly uidNext: number },
  body: string,
): string {
  const { uidValidity, uidNext } = place;
  return createHash('sha256')
    .update(`${accountId}\n${uidValidity}\n${uidNext}\n`)
    .update(body)
    .digest('hex');
}
