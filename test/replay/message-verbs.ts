/** Verbs that change messages. */
import type { DeliverAnswer } from '../../functions/contract/api.ts';
import type {
  ChangeFlagsAnswer,
  CopyMessagesAnswer,
  ExpungeMessagesAnswer,
} from '../../functions/contract/mail-api.ts';
import { same, sameGuid } from './compare.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

/** All messages of a scenario carry it. */
const DATE = 'Mon, 05 Feb 2024 12:00:00 +0000';

/** A request that ran out of time is sent again so often. */
const TRIES_MAX = 100;

export const MESSAGE_VERBS: Readonly<Record<string, Verb>> = {
  append: (session, step) => append(session, step, step),
  // The mail transport looks at no ACL; it does look at the quota.
  deliver: (session, step) => append(session, step, { ...step, as: 'admin' }),
  copy: (session, step) => copyOrMove(session, step, 'copy'),
  move: (session, step) => copyOrMove(session, step, 'move'),
  addFlags: (session, step) => changeFlags(session, step, 'add'),
  removeFlags: (session, step) => changeFlags(session, step, 'remove'),
  expunge,
  pop3Session,
  autoexpunge: async ({ target, ...session }, step) => {
    const { accountId, address } = userOf(session, step);
    await target.autoexpunge(accountId, address);
  },
  advance: async ({ target }, step) => {
    const { seconds = 0, days = 0 } = step as { seconds?: number; days?: number };
    await target.advance(seconds + days * 86_400);
  },
  reclaimStorage: async ({ target }) => await target.settle(),
};

const userOf = (session: Pick<Session, 'users'>, { user = 'u1' }: Step) => {
  const found = session.users.get(user);
  if (found === undefined) throw new Error(`the scenario has no user ${user}`);
  return found;
};

interface Append {
  readonly mailbox: string;
  readonly message: string;
  readonly flags?: readonly string[];
  readonly keywords?: readonly string[];
  readonly internalDate?: string;
  readonly size?: number;
  readonly savedSecondsAgo?: number;
  readonly guid?: string;
}

async function append(session: Session, step: Step, by: Step): Promise<void> {
  const given = step as unknown as Append;
  const { mailbox = 'INBOX', message, flags, keywords, internalDate, size } = given;
  const body = {
    mailbox,
    messages: [
      {
        raw: Buffer.from(textOf(message, size)).toString('base64'),
        ...(flags === undefined ? {} : { flags }),
        ...(keywords === undefined ? {} : { keywords }),
        ...(internalDate === undefined ? {} : { internalDate }),
      },
    ],
  };
  const send = () => session.ask('POST', by, 'messages', { body });
  const answer = (await (given.savedSecondsAgo === undefined
    ? send()
    : session.target.earlier(given.savedSecondsAgo, send))) as DeliverAnswer;
  const [uid = 0] = answer.uids;
  expectMember(step, 'uid', uid);
  if (given.guid === undefined) return;
  const found = await session.messages({ ...step, as: 'admin' }, mailbox);
  const guid = found.find((one) => one.uid === uid)?.guid ?? '';
  sameGuid(session, `${mailbox} UID ${uid}`, given.guid, guid);
}

/** Equal labels and sizes make identical bytes. */
function textOf(label: string, size = 0): string {
  const head = `Subject: ${label}\r\nDate: ${DATE}\r\n\r\n`;
  const body = `${label}\r\n`;
  const missing = size - Buffer.byteLength(head + body);
  return head + body + 'x'.repeat(Math.max(missing, 0));
}

async function copyOrMove(session: Session, step: Step, verb: 'copy' | 'move'): Promise<void> {
  const { from, fromDeletion, uids, to } = step as unknown as {
    from?: string;
    fromDeletion?: string;
    uids: number[];
    to: string;
  };
  const source =
    fromDeletion === undefined ? { from } : { fromDeletion: session.deletion(fromDeletion) };
  let left = uids;
  const newUids: number[] = [];
  for (let tries = 0; tries < TRIES_MAX && left.length > 0; tries += 1) {
    const body = { ...source, uids: left, to };
    const answer = (await session.ask('POST', step, `messages/${verb}`, {
      body,
    })) as CopyMessagesAnswer;
    newUids.push(...answer.newUids);
    if (answer.complete) break;
    left = left.filter((uid) => !answer.uids.includes(uid));
  }
  expectMember(step, 'newUids', newUids);
}

async function changeFlags(session: Session, step: Step, way: 'add' | 'remove'): Promise<void> {
  const {
    mailbox,
    uids,
    flags = [],
    keywords = [],
  } = step as unknown as {
    mailbox: string;
    uids: number[];
    flags?: string[];
    keywords?: string[];
  };
  const body = { mailbox, uids, [way]: { flags, keywords } };
  const answer = (await session.ask('POST', step, 'messages/flags', { body })) as ChangeFlagsAnswer;
  expectMember(step, 'changed', answer.changed);
}

async function expunge(session: Session, step: Step): Promise<void> {
  const {
    mailbox,
    uids,
    readOnly = false,
  } = step as unknown as {
    mailbox: string;
    uids?: number[];
    readOnly?: boolean;
  };
  if (readOnly) {
    // A session that opened the mailbox read-only sends no expunge on.
    await session.ask('GET', step, 'mailboxes/rights', { query: { mailbox } });
    expectMember(step, 'expunged', []);
    return;
  }
  const body = uids === undefined ? { mailbox } : { mailbox, uids, deletedOnly: true };
  const gone = await expungeAll(session, step, body);
  expectMember(
    step,
    'expunged',
    gone.map(({ uid }) => uid),
  );
}

async function pop3Session(session: Session, step: Step): Promise<void> {
  const { delete: uids, quit = false } = step as unknown as { delete: number[]; quit?: boolean };
  if (quit) await expungeAll(session, step, { mailbox: 'INBOX', uids });
}

/** Sends an expunge until it is complete. */
export async function expungeAll(session: Session, step: Step, body: object) {
  const gone: ExpungeMessagesAnswer['expunged'][number][] = [];
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const answer = (await session.ask('POST', step, 'messages/expunge', {
      body,
    })) as ExpungeMessagesAnswer;
    gone.push(...answer.expunged);
    if (answer.complete) return gone;
  }
  throw new Error(`an expunge was not complete after ${TRIES_MAX} requests`);
}

/** Compares one member of `expect`, when it is given. */
export function expectMember(step: Step, name: string, got: unknown): void {
  const expected = step.expect?.[name];
  if (expected !== undefined) same(name, expected, got);
}
