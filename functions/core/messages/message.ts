/**
 * Message rows. A message is born live in a mailbox; expunged, its row stays where it is and shows
 * in the expunge storage; then it goes. Life runs one way: nothing becomes live again (design 1).
 */
import { ROW_VERSION, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { DamagedRowError } from '../errors.ts';
import type { Attributes, Row, Value } from '../ports/row-store.ts';
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
  /** What this release does not know of: another may have written it, and it is never lost. */
  readonly others?: Attributes;
}

/** How a field is kept in a row; what is written as undefined is left out. */
interface Codec<T> {
  readonly attribute: string;
  readonly read: (row: Row) => T;
  readonly write: (value: T) => Value | undefined;
}

const textIn = (attribute: string): Codec<string> => ({
  attribute,
  read: (row) => text(row, attribute),
  write: (value) => value,
});

const numberIn = (attribute: string): Codec<number> => ({
  attribute,
  read: (row) => number(row, attribute),
  write: (value) => value,
});

/** Sets are left out when empty: DynamoDB has no empty sets. */
const setIn = (attribute: string): Codec<ReadonlySet<string>> => ({
  attribute,
  read: (row) => textSet(row, attribute),
  write: (value) => (value.size === 0 ? undefined : value),
});

type Fields = Omit<Message, 'uid' | 'others'>;

/** A field more has its line here, and one in `FATES`: every path then carries it as that says. */
const CODECS: { readonly [F in keyof Fields]: Codec<Fields[F]> } = {
  guid: textIn('guid'),
  blobId: textIn('blobId'),
  retentionClass: textIn('class'),
  versionId: textIn('versionId'),
  sizeBytes: numberIn('size'),
  digest: { ...textIn('digest'), read: (row) => optionalText(row, 'digest') ?? '' },
  internalDate: numberIn('internalDate'),
  saveDate: numberIn('saveDate'),
  flags: setIn('flags'),
  keywords: setIn('keywords'),
  envelope: { attribute: 'envelope', read: readEnvelopeOf, write: (value) => ({ ...value }) },
};

/** What a row says of itself and not of the message: no other row takes it over. */
const OF_THE_ROW = [
  'v',
  'type',
  'state',
  'copied',
  'changes',
  'expungedAt',
  'expiresAt',
  'origin',
  'expungedBy',
  'protectedAt',
  'lazyPk',
  'lazySk',
  TTL_ATTRIBUTE,
] as const;

const KNOWN: ReadonlySet<string> = new Set([
  ...OF_THE_ROW,
  ...Object.values(CODECS).map(({ attribute }) => attribute),
]);

/** A live message as a row. */
export function toAttributes(message: Message): Attributes {
  const fields = Object.entries(CODECS).flatMap(([field, codec]) => {
    const value = (codec as Codec<unknown>).write(message[field as keyof Fields]);
    return value === undefined ? [] : [[codec.attribute, value] as const];
  });
  const own = { v: ROW_VERSION, type: 'message', state: 'live' };
  return { ...message.others, ...own, ...Object.fromEntries(fields) };
}

/** @throws DamagedRowError */
export function toMessage(row: Row): Message {
  const fields = Object.entries(CODECS).map(([field, { read }]) => [field, read(row)] as const);
  const others = Object.entries(row.attributes).filter(([name]) => !KNOWN.has(name));
  return {
    uid: Number(row.key.sk),
    ...(Object.fromEntries(fields) as unknown as Fields),
    ...(others.length === 0 ? {} : { others: Object.fromEntries(others) }),
  };
}

/** Members that this release does not know of stay, as in the row itself. */
function readEnvelopeOf({ attributes }: Row): Envelope {
  const { envelope } = attributes;
  if (!isMap(envelope)) throw new DamagedRowError('damaged message row: it has no envelope');
  const { cc, whole, sentAt, ...rest } = envelope;
  return {
    ...rest,
    from: String(envelope['from'] ?? ''),
    to: String(envelope['to'] ?? ''),
    ...(typeof cc === 'string' ? { cc } : {}),
    subject: String(envelope['subject'] ?? ''),
    messageId: String(envelope['messageId'] ?? ''),
    attachments: envelope['attachments'] === true,
    ...(typeof whole === 'string' ? { whole } : {}),
    ...(typeof sentAt === 'number' ? { sentAt } : {}),
  };
}

export const messageState = (row: Row): MessageState => text(row, 'state') as MessageState;

export const isLive = (row: Row): boolean => messageState(row) === 'live';
