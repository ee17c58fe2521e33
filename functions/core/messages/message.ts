/**
 * Message rows. A message is born live in a mailbox; expunged, its row stays where it is and shows
 * in the expunge storage; then it goes. Life runs one way: nothing becomes live again (design 1).
 */
import { ROW_VERSION } from '../../contract/row-layout.ts';
import { DamagedRowError } from '../errors.ts';
import type { Attributes, Row } from '../ports/row-store.ts';
import { isMap, number, optionalText, text, textSet } from '../rows/attributes.ts';
import type { Envelope } from './envelope.ts';

type MessageState =
  | 'live'
  /** Shown by the expunge storage until it expires. */
  | 'expunged'
  /** Its bytes have to go; then the row goes. */
  | 'purging'
  /** Tombstones: the message went elsewhere; or this link of a shared blob has ended. */
  | 'moved'
  | 'ended';

export interface Message {
  readonly uid: number;
  /** Kept by copy, move and restore; tells instances of one message from equal content. */
  readonly guid: string;
  readonly blobId: string;
  readonly retentionClass: string;
  /** The S3 version that holds the bytes. */
  readonly versionId: string;
  readonly sizeBytes: number;
  /** The first 16 bytes of the SHA-256 of the bytes, in hex; empty on rows written without it. */
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly internalDate: number;
  /** When the message entered its present mailbox: what autoexpunge counts from (A1). */
  readonly saveDate: number;
  readonly flags: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
  readonly envelope: Envelope;
}

/** A live message as a row. Sets are left out when empty: DynamoDB has no empty sets. */
export function toAttributes(message: Message): Attributes {
  const { uid: _, flags, keywords, envelope, retentionClass, sizeBytes, ...rest } = message;
  return {
    v: ROW_VERSION,
    type: 'message',
    state: 'live',
    ...rest,
    class: retentionClass,
    size: sizeBytes,
    envelope: { ...envelope },
    ...(flags.size === 0 ? {} : { flags }),
    ...(keywords.size === 0 ? {} : { keywords }),
  };
}

export function toMessage(row: Row): Message {
  const envelope = row.attributes['envelope'];
  if (!isMap(envelope)) throw new DamagedRowError('damaged message row: it has no envelope');
  return {
    uid: Number(row.key.sk),
    guid: text(row, 'guid'),
    blobId: text(row, 'blobId'),
    retentionClass: text(row, 'class'),
    versionId: text(row, 'versionId'),
    sizeBytes: number(row, 'size'),
    digest: optionalText(row, 'digest') ?? '',
    internalDate: number(row, 'internalDate'),
    saveDate: number(row, 'saveDate'),
    flags: textSet(row, 'flags'),
    keywords: textSet(row, 'keywords'),
    envelope: {
      from: String(envelope['from'] ?? ''),
      to: String(envelope['to'] ?? ''),
      subject: String(envelope['subject'] ?? ''),
      messageId: String(envelope['messageId'] ?? ''),
      attachments: envelope['attachments'] === true,
      ...(typeof envelope['whole'] === 'string' ? { whole: envelope['whole'] } : {}),
      ...(typeof envelope['sentAt'] === 'number' ? { sentAt: envelope['sentAt'] } : {}),
    },
  };
}

export const messageState = (row: Row): MessageState => text(row, 'state') as MessageState;

export const isLive = (row: Row): boolean => messageState(row) === 'live';
