/** One page of a mailbox after the other: counted first, then expunged or restored. */
import type { OperationContext } from '../../contract/payloads.ts';
import { whyProtected } from '../accounts/accounts.ts';
import type { PlannedMailbox } from '../erasure/plan.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import { type Entry, readMailboxPage } from '../messages/entries.ts';
import type { ChunkPorts, MailContext, Rider } from '../messages/in-chunks.ts';
import type { PassOver } from '../messages/pass-over.ts';
import { requireRunning } from '../operations/operations.ts';
import { withNames } from '../queries/choose-mailboxes.ts';
import { judgeEntry, type QueryVerdict } from '../queries/match-query.ts';
import type { MailQuery } from '../queries/query.ts';
import { type BulkPlace, type BulkState, bulkCountWrite, moveOn } from './bulk-operation.ts';
import type { BulkKind } from './bulk-verbs.ts';

const PAGE_ENTRIES = 500;

export interface BulkRun<P extends ChunkPorts> {
  readonly ports: P;
  readonly kind: BulkKind<P>;
  readonly context: OperationContext;
  readonly mail: MailContext;
  readonly query: MailQuery;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** One page of a mailbox: counted, or expunged or restored. */
export async function lookInto<P extends ChunkPorts>(
  run: BulkRun<P>,
  state: BulkState,
  planned: PlannedMailbox,
): Promise<BulkState | 'lost'> {
  const { ports, context } = run;
  const { mailbox: position, afterUid } = state.place;
  const mailbox = await readMailbox(ports.rows, planned.mailboxId);
  const after: BulkPlace = { mailbox: position + 1, afterUid: 0 };
  if (mailbox?.state !== 'active') return await moveOn(ports, context, state, { place: after });
  const { rows, clock } = ports;
  const passedOver = new Set<number>();
  const passOver = (uid: number) => void passedOver.add(uid);
  const window = { afterUid, limit: PAGE_ENTRIES, passOver };
  const page = await readMailboxPage(rows, mailbox, window, clock.now());
  const meaning = { ...run, query: withNames(run.query, state.names) };
  const verdicts = Map.groupBy(page.entries, (entry) =>
    judgePlanned(meaning, planned, mailbox, entry),
  );
  const { yes: meant = [], unknown = [] } = Object.fromEntries(verdicts);
  const { nextAfterUid } = page;
  const isLast = nextAfterUid === undefined || nextAfterUid + 1 >= planned.uidNext;
  const place = isLast ? after : { mailbox: position, afterUid: nextAfterUid };
  if (state.phase === 'count') {
    return await moveOn(ports, context, state, {
      place,
      expected: counted(run, state, { mailbox, meant, unknown }),
    });
  }
  const isMeant = (entry: Entry) => judgePlanned(meaning, planned, mailbox, entry) === 'yes';
  const acting = { mailbox, meant, passOver, isMeant };
  if (meant.length > 0 && !(await act(run, state, acting))) return 'lost';
  return await moveOn(ports, context, state, { place, passedOver: passedOver.size });
}

function judgePlanned<P extends ChunkPorts>(
  { kind, query }: BulkRun<P>,
  { uidNext }: PlannedMailbox,
  { path }: Mailbox,
  entry: Entry,
): QueryVerdict {
  if (entry.message.uid >= uidNext || !kind.takes(entry)) return 'no';
  return judgeEntry(query, entry, path);
}

interface Judged {
  readonly mailbox: Mailbox;
  readonly meant: readonly Entry[];
  readonly unknown: readonly Entry[];
}

function counted<P extends ChunkPorts>(
  { kind, mail }: BulkRun<P>,
  { expected, request }: BulkState,
  { mailbox, meant, unknown }: Judged,
): Record<string, number> {
  const { messages = 0, bytes = 0, quotaBytes = 0, undecided = 0 } = expected;
  const left = undecided + unknown.length;
  const sum = (of: (entry: Entry) => number) =>
    meant.reduce((total, entry) => total + of(entry), 0);
  const towardsQuota = quotaBytes + sum((entry) => kind.quotaBytes(mail, request, mailbox, entry));
  return {
    ...expected,
    messages: messages + meant.length,
    bytes: bytes + sum(({ message }) => message.sizeBytes),
    ...(towardsQuota === 0 ? {} : { quotaBytes: towardsQuota }),
    ...(left === 0 ? {} : { undecided: left }),
  };
}

interface Acting {
  readonly mailbox: Mailbox;
  readonly meant: readonly Entry[];
  readonly passOver: PassOver;
  readonly isMeant: (entry: Entry) => boolean;
}

/** @returns whether all of them were settled in time */
async function act<P extends ChunkPorts>(
  { ports, kind, context, mail, until }: BulkRun<P>,
  { request }: BulkState,
  { mailbox, meant, passOver, isMeant }: Acting,
): Promise<boolean> {
  const { rows, clock } = ports;
  const rider: Rider<{ readonly sizeBytes: number }> = {
    writes: (taken) => [bulkCountWrite(context, taken, clock.now())],
    refused: async () => {
      await requireRunning(rows, context);
      return await whyProtected(rows, mail.account);
    },
  };
  const uids = meant.map(({ message }) => message.uid);
  // At least one try, however late it is: else nothing would ever move.
  const deadline = Math.max(until, clock.now());
  const task = { context: mail, request, mailbox, uids, rider, passOver, isMeant, deadline };
  return (await kind.act(ports, task)).complete;
}
