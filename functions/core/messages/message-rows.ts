/**
 * New rows of messages: all are made here, and one table says what they take over from the row that
 * a message had before.
 */
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Write } from '../ports/row-store.ts';
import { type Message, toAttributes } from './message.ts';

/** How a message comes into another row. */
type Way = 'copy' | 'move' | 'restore' | 'handOver';

/** `kept`: as it was. `new`: whoever writes the row says it. `either`: as it was, unless they do. */
type Fate = 'kept' | 'new' | 'either';

const KEPT = { copy: 'kept', move: 'kept', restore: 'kept', handOver: 'kept' } as const;

/** TakenWith by the mailbox that takes it; another account takes the mailbox as a whole. */
const OF_THE_PLACE = { copy: 'new', move: 'new', restore: 'new', handOver: 'kept' } as const;

/** Copies and moves share the bytes, unless too many do; nothing expunged becomes live again. */
const OF_THE_BYTES = { copy: 'either', move: 'either', restore: 'new', handOver: 'new' } as const;

/** Those that whoever asks may set there (RFC 4314, 4), and none that would end it at once. */
const MARKS = { copy: 'either', move: 'either', restore: 'either', handOver: 'kept' } as const;

/** What becomes of each field. A field that has no line here does not compile. */
export const FATES = {
  uid: OF_THE_PLACE,
  saveDate: OF_THE_PLACE,
  guid: KEPT,
  sizeBytes: KEPT,
  digest: KEPT,
  internalDate: KEPT,
  envelope: KEPT,
  blobId: OF_THE_BYTES,
  retentionClass: OF_THE_BYTES,
  versionId: OF_THE_BYTES,
  flags: MARKS,
  keywords: MARKS,
  // What nobody here understands may be what somebody wants: it is never dropped in silence.
  others: KEPT,
} as const satisfies Readonly<Record<keyof Message, Readonly<Record<Way, Fate>>>>;

type Of<W extends Way, F extends Fate> = {
  [N in keyof Message]-?: (typeof FATES)[N][W] extends F ? N : never;
}[keyof Message];

/** What must be said, and what may. */
type TakenWith<W extends Way> = Pick<Message, Of<W, 'new'>> &
  Partial<Pick<Message, Of<W, 'either'>>>;

/** The message as its next row has it. */
export function takenOver<W extends Way>(way: W, message: Message, given: TakenWith<W>): Message {
  const said: Partial<Message> = given;
  const fields = Object.entries(FATES).flatMap(([name, fates]) => {
    const field = name as keyof Message;
    const value = fates[way] === 'kept' ? message[field] : (said[field] ?? message[field]);
    return value === undefined ? [] : [[field, value] as const];
  });
  return Object.fromEntries(fields) as unknown as Message;
}

/** @param options `copied`: its blob has a row of links */
export function messageRowPut(
  mailboxId: string,
  message: Message,
  { copied = false }: { readonly copied?: boolean } = {},
): Write {
  return {
    kind: 'put',
    key: dictmapKeys.message(mailboxId, message.uid),
    guard: { row: 'absent' },
    attributes: { ...toAttributes(message), ...(copied ? { copied } : {}) },
  };
}
