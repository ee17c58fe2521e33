/**
 * How far the count of a mailbox has come that takes more than one request. It is kept in a row of
 * ours and not in what the caller passes: a counter is set to what was counted, never to what
 * somebody says.
 */
import {
  accountOfMailbox,
  dictmapKeys,
  ROW_VERSION,
  TTL_ATTRIBUTE,
} from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { activeCheck } from '../accounts/while-active.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { FlagCounts } from '../messages/flag-counts.ts';
import type { Ports } from '../ports/ports.ts';
import type { Guard, RowStore } from '../ports/row-store.ts';
import { number, text } from '../rows/attributes.ts';
import type { StoredUsage } from './quota.ts';

export type RecountedMailbox = StoredUsage & FlagCounts;

export interface RecountProgress {
  /** The first bucket that is not counted yet. */
  readonly bucket: number;
  readonly counted: RecountedMailbox;
}

/**
 * A mailbox in which nothing has happened since it was read so: whatever adds a message raises
 * UIDNEXT, whatever ends one lowers the counter, and whatever changes a counted flag says so.
 */
export function untouched({
  uidNext,
  messages,
  bytes,
  flagChanges,
}: Mailbox): Guard & { row: 'present' } {
  return {
    row: 'present',
    equals: {
      ...{ state: 'active', uidNext, messages, bytes },
      ...(flagChanges === undefined ? {} : { flagChanges }),
    },
    without: flagChanges === undefined ? ['flagChanges'] : [],
  };
}

/** Tells one state of a mailbox from the next. */
const countedState = (mailbox: Mailbox): string => JSON.stringify(untouched(mailbox).equals);

/**
 * Notes it while nothing has happened in the mailbox, and the account is active (X3).
 * @returns false when something has happened: then all is to be counted anew
 */
export async function noteProgress(
  { rows, clock }: Pick<Ports, 'rows' | 'clock'>,
  mailbox: Mailbox,
  { bucket, counted }: RecountProgress,
): Promise<boolean> {
  const { mailboxId } = mailbox;
  const result = await rows.transact([
    activeCheck(accountOfMailbox(mailboxId)),
    { kind: 'check', key: dictmapKeys.mailbox(mailboxId), guard: untouched(mailbox) },
    {
      kind: 'put',
      key: dictmapKeys.recount(mailboxId),
      attributes: {
        v: ROW_VERSION,
        type: 'recount',
        ...{ bucket, ...counted },
        mailbox: countedState(mailbox),
        // Who does not go on within a day begins anew.
        [TTL_ATTRIBUTE]: Math.ceil((clock.now() + DAY_MS) / 1000),
      },
    },
  ]);
  return result.outcome === 'written';
}

/** @returns undefined when the mailbox is no longer what it was, or nothing is noted of it */
export async function readProgress(
  rows: RowStore,
  mailbox: Mailbox,
  bucket: number,
): Promise<RecountProgress | undefined> {
  const row = await rows.get(dictmapKeys.recount(mailbox.mailboxId));
  if (row === undefined || text(row, 'mailbox') !== countedState(mailbox)) return undefined;
  if (number(row, 'bucket') !== bucket) return undefined;
  const counted = {
    messages: number(row, 'messages'),
    bytes: number(row, 'bytes'),
    unseen: number(row, 'unseen'),
    deleted: number(row, 'deleted'),
  };
  return { bucket, counted };
}
