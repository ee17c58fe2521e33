/** Clients that do anything to the messages of one account, and remember what they were told. */

import { StoreBusyError } from '../../functions/core/errors.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import type { MailContext } from '../../functions/core/messages/in-chunks.ts';
import { moveMessages } from '../../functions/core/messages/move-messages.ts';
import { listMessages } from '../../functions/core/messages/read-messages.ts';
import { restoreMessages } from '../../functions/core/messages/restore-messages.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';

export const STORAGE = '.EXPUNGED';
export const BOXES = ['INBOX', 'Archive', 'Sent'];

/** Messages of one request: few, so that the clients meet often. */
const UIDS_MAX = 4;

/** No more copies when there are so many messages: they would only cost time. */
const MESSAGES_MAX = 80;

const LIST_MAX = 500;
const DEADLINE_MS = 20_000;

type MailPorts = Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;

/** Kinds of requests. */
export const KINDS = ['copy', 'move', 'expunge', 'restore', 'restore a copy'] as const;
type Kind = (typeof KINDS)[number];

/** On a slow machine chance may need longer until it has drawn each kind. */
const LONGER_MS = 120_000;

/** What all clients together were told. */
export class Ledger {
  /** GUID of the message that a mailbox shows under a UID, for ever. */
  readonly #guids = new Map<string, string>();
  /** Instances that there are of a GUID, in mailboxes and storage. */
  readonly instances = new Map<string, number>();
  readonly done = new Map<string, number>();
  busy = 0;

  /** @throws Error when another message had this UID */
  shows(path: string, uid: number, guid: string): void {
    const place = `${path} ${uid}`;
    const known = this.#guids.get(place);
    if (known !== undefined && known !== guid) throw new Error(`${place} was given twice`);
    this.#guids.set(place, guid);
  }

  changes(path: string, uid: number, instances: number): void {
    const guid = this.#guids.get(`${path} ${uid}`);
    if (guid === undefined) throw new Error(`nobody has seen ${path} ${uid}`);
    this.instances.set(guid, (this.instances.get(guid) ?? 0) + instances);
  }

  count(what: Kind, times: number): void {
    this.done.set(what, (this.done.get(what) ?? 0) + times);
  }

  /** Chance has drawn each kind of request at least once. */
  get hasAll(): boolean {
    return KINDS.every((what) => (this.done.get(what) ?? 0) > 0);
  }
}

/** Works until a time and until each kind was drawn, one request after the other. */
export async function hammer(
  ports: MailPorts,
  context: MailContext,
  ledger: Ledger,
  untilMs: number,
): Promise<void> {
  const goesOn = (now: number): boolean =>
    now < untilMs || (!ledger.hasAll && now < untilMs + LONGER_MS);
  while (goesOn(ports.clock.now())) {
    const [path, uids, total] = await choose(ports, context, ledger);
    try {
      await request(ports, context, ledger, path, uids, total);
    } catch (error) {
      if (!(error instanceof StoreBusyError)) throw error;
      ledger.busy += 1;
    }
  }
}

/** Some messages of a mailbox or the storage, and how many there are in all. */
async function choose(
  ports: MailPorts,
  { account }: MailContext,
  ledger: Ledger,
): Promise<[string, number[], number]> {
  const filled: [string, number[]][] = [];
  for (const path of [...BOXES, STORAGE]) {
    const mailbox = await requireMailbox(ports.rows, account, path);
    const { messages } = await listMessages(ports, mailbox, { afterUid: 0, limit: LIST_MAX });
    for (const { uid, guid } of messages) ledger.shows(path, uid, guid);
    if (messages.length > 0) filled.push([path, messages.map(({ uid }) => uid)]);
  }
  const [path, uids] = drawn(ports, filled);
  const some = Array.from({ length: 1 + whole(ports, UIDS_MAX) }, () => drawn(ports, uids));
  return [path, [...new Set(some)], filled.reduce((sum, [, { length }]) => sum + length, 0)];
}

async function request(
  ports: MailPorts,
  context: MailContext,
  ledger: Ledger,
  path: string,
  uids: readonly number[],
  total: number,
): Promise<void> {
  const { rows, clock } = ports;
  const deadline = clock.now() + DEADLINE_MS;
  const from = await requireMailbox(rows, context.account, path);
  const to = await requireMailbox(rows, context.account, drawn(ports, BOXES));
  const what = drawn(ports, ['copy', 'move', 'expunge', 'restore'] as const);
  if (path === STORAGE && (what === 'restore' || what === 'expunge')) {
    const keep = what === 'expunge' && total < MESSAGES_MAX;
    const { results } = await restoreMessages({ ports, context, deadline }, from, uids, { keep });
    for (const { uid } of results) ledger.changes(path, uid, keep ? 1 : 0);
    ledger.count(keep ? 'restore a copy' : 'restore', results.length);
  } else if (what === 'copy' && total < MESSAGES_MAX) {
    const { results } = await copyMessages({ ports, context, deadline }, from, uids, to);
    for (const { uid } of results) ledger.changes(path, uid, 1);
    ledger.count('copy', results.length);
  } else if (what === 'expunge' && path !== STORAGE) {
    const { results } = await expungeMessages({ ports, context, deadline }, from, uids, {});
    // Another instance was left, so this one just disappeared.
    for (const { uid, storedUid } of results) {
      ledger.changes(path, uid, storedUid === undefined ? -1 : 0);
    }
    ledger.count('expunge', results.length);
  } else {
    const { results } = await moveMessages({ ports, context, deadline }, from, uids, { to });
    ledger.count('move', results.length);
  }
}

const whole = (ports: MailPorts, below: number): number => Math.floor(ports.ids.fraction() * below);

function drawn<T>(ports: MailPorts, among: readonly T[]): T {
  const one = among[whole(ports, among.length)];
  if (one === undefined) throw new Error('nothing is left: messages were lost');
  return one;
}
