/** Steps that change nothing: what is there, beside what was there. */
import type { SubscriptionAnswer } from '../../functions/contract/api.ts';
import type { DeletedItem, DeletedMember } from '../../functions/contract/folder-api.ts';
import type {
  AclAnswer,
  MailboxStatusAnswer,
  QuotaAnswer,
  RightsAnswer,
} from '../../functions/contract/mail-api.ts';
import {
  type ExpectedMessage,
  type MessageRules,
  same,
  sameMessages,
  sameNames,
} from './compare.ts';
import { CodeError, MismatchError } from './failures.ts';
import { expectMember } from './message-verbs.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import { storedBodies } from './stored-bodies.ts';
import type { Verb } from './verbs.ts';

export const READINGS: Readonly<Record<string, Verb>> = {
  snapshot,
  messages: async (session, step) => {
    const mailbox = String(step['mailbox']);
    const { messages } = (step.expect ?? {}) as { messages?: ExpectedMessage[] };
    const found = await session.messages(step, mailbox);
    if (messages !== undefined) {
      sameMessages(session, mailbox, messages, found, rulesOf(session, step));
    }
  },
  list: async (session, step) => {
    const found = await session.list(step, step['patterns'] as string[]);
    const expected = (step.expect ?? {}) as { mailboxes?: string[]; placeholders?: string[] };
    if (expected.mailboxes === undefined) return;
    sameNames('mailboxes', expected.mailboxes, found.mailboxes);
    sameNames('placeholders', expected.placeholders ?? [], found.placeholders);
  },
  subscriptions: async (session, step) => {
    const found = await session.all<SubscriptionAnswer>(step, 'subscriptions');
    const expected = step.expect?.['mailboxes'] as string[] | undefined;
    if (expected === undefined) return;
    sameNames(
      'subscriptions',
      expected,
      found.map(({ path }) => path),
    );
  },
  deletedName: async (session, step) => {
    const deletionId = session.deletion(step['deletion']);
    const found = (await session.deleted(step)).find((one) => one.deletionId === deletionId);
    if (found === undefined) throw new CodeError('mailboxNotFound', deletionId);
    const { prefix, path, suffix } = partsOf(found);
    expectMember(step, 'prefix', prefix);
    expectMember(step, 'path', path);
    const seconds = Math.floor(Date.parse(found.deletedAt) / 1000);
    expectMember(step, 'suffixIsDeletionTime', suffix === hexOf(seconds));
  },
  status: async (session, step) => {
    const answer = (await read(session, step, 'mailboxes/status')) as MailboxStatusAnswer;
    expectMember(step, 'messages', answer.messages);
    expectMember(step, 'unseen', answer.unseen);
    expectMember(step, 'uidNext', answer.uidNext);
  },
  open: async (session, step) => {
    const answer = (await read(session, step, 'mailboxes/rights')) as RightsAnswer;
    // RFC 4314, 4: SELECT needs `r`, whatever other rights there are.
    if (!answer.rights.includes('r')) await session.all(step, 'messages', session.placeOf(step));
    expectMember(step, 'access', answer.access);
  },
  rights: async (session, step) => {
    const answer = (await read(session, step, 'mailboxes/rights')) as RightsAnswer;
    const expected = step.expect?.['rights'];
    if (typeof expected === 'string') sameNames('rights', [...expected], [...answer.rights]);
  },
  acl: async (session, step) => {
    const { entries } = (await read(session, step, 'mailboxes/acl')) as AclAnswer;
    const expected = (step.expect?.['entries'] ?? {}) as Record<string, string>;
    const sorted = (rights: string) => [...rights].sort().join('');
    const wanted = Object.entries(expected).map(([name, rights]) => [
      session.identifierOf(step, name),
      sorted(rights),
    ]);
    const got = Object.entries(entries).map(([name, rights]) => [name, sorted(rights)]);
    same('entries', Object.fromEntries(wanted), Object.fromEntries(got));
  },
  quota: async (session, step) => {
    const limited = await sameQuota(session, step, step.expect ?? {});
    // The original answers no use without a limit; Lethe does, so only that error is asked for.
    if (step.expect?.error === 'noQuota' && !limited) throw new CodeError('noQuota', 'no limit');
  },
  uidValidity: async (session, step) => {
    const { uidValidity } = (await read(
      session,
      { ...step, as: step.as ?? 'admin' },
      'mailboxes/status',
    )) as MailboxStatusAnswer;
    const { remember, sameAs, differsFrom } = step as unknown as Record<string, string | undefined>;
    if (remember !== undefined) session.uidValidities.set(remember, uidValidity);
    if (sameAs !== undefined) {
      same(`UIDVALIDITY as ${sameAs}`, session.uidValidities.get(sameAs), uidValidity);
    }
    if (differsFrom !== undefined && session.uidValidities.get(differsFrom) === uidValidity) {
      throw new MismatchError('UIDVALIDITY', `another than ${differsFrom}`, uidValidity);
    }
  },
  storedCopies: async (session, step) => {
    const bodies = await storedBodies(session.target, session.user(step).accountId);
    const head = `Subject: ${String(step['message'])}\r\n`;
    const count = bodies.filter((body) => Buffer.from(body).toString().startsWith(head)).length;
    expectMember(step, 'count', count);
  },
};

const read = (session: Session, step: Step, path: string) =>
  session.ask('GET', step, path, { query: session.placeOf(step) });

/** What stands around the path in the name of a deleted folder. */
function partsOf({ name, path }: DeletedItem) {
  const levels = name.split('/');
  const depth = path.split('/').length;
  return {
    prefix: levels.slice(0, -1 - depth).join('/'),
    path: levels.slice(-1 - depth, -1).join('/'),
    suffix: levels.at(-1),
  };
}

const hexOf = (seconds: number): string => seconds.toString(16).toUpperCase().padStart(8, '0');

interface ExpectedDeletion {
  readonly mailbox: string;
  readonly deletion?: string;
  readonly messages?: readonly ExpectedMessage[];
}

interface Snapshot {
  readonly mailboxes?: Readonly<Record<string, readonly ExpectedMessage[]>>;
  readonly deleted?: readonly ExpectedDeletion[];
  readonly uidNext?: Readonly<Record<string, number>>;
  readonly quota?: object;
}

/** The whole account as an administrator sees it. */
async function snapshot(session: Session, step: Step): Promise<void> {
  const admin = { ...step, as: 'admin' };
  const expected = (step.expect ?? {}) as Snapshot;
  const rules = rulesOf(session, step);
  const mailboxes = await session.mailboxes(admin);
  const wanted = expected.mailboxes;
  for (const path of Object.keys(wanted ?? {})) {
    if (mailboxes.every((mailbox) => mailbox.path !== path)) {
      throw new MismatchError(
        'mailboxes',
        path,
        mailboxes.map((mailbox) => mailbox.path),
      );
    }
  }
  for (const { path } of wanted === undefined ? [] : mailboxes) {
    sameMessages(session, path, wanted?.[path] ?? [], await session.messages(admin, path), rules);
  }
  for (const [path, uidNext] of Object.entries(expected.uidNext ?? {})) {
    same(`UIDNEXT of ${path}`, uidNext, mailboxes.find((one) => one.path === path)?.uidNext);
  }
  if (expected.deleted !== undefined) await sameDeleted(session, step, expected.deleted, rules);
  if (expected.quota !== undefined) await sameQuota(session, admin, expected.quota);
}

/** Exactly these deleted folders: each mailbox of a tree is one. */
async function sameDeleted(
  session: Session,
  step: Step,
  expected: readonly ExpectedDeletion[],
  rules: MessageRules,
): Promise<void> {
  const found: { path: string; deletionId: string }[] = [];
  for (const { deletionId } of await session.deleted(step)) {
    const admin = { ...step, as: 'admin' };
    const query = { deletion: deletionId };
    for (const { path } of await session.all<DeletedMember>(admin, 'mailboxes/deleted', query)) {
      found.push({ path, deletionId });
    }
  }
  const nameOf = (path: string, deletionId: string | undefined) =>
    deletionId === undefined ? path : `${path} (${deletionId})`;
  const left = [...found];
  // Those with a label first: the others are told by their names and what is in them alone.
  const labelled = expected.toSorted(
    (one, other) => Number(one.deletion === undefined) - Number(other.deletion === undefined),
  );
  for (const { mailbox, deletion, messages } of labelled) {
    const id = deletion === undefined ? undefined : session.deletion(deletion);
    const at = left.findIndex(
      ({ path, deletionId }) => path === mailbox && (id === undefined || id === deletionId),
    );
    const [match] = at < 0 ? [] : left.splice(at, 1);
    if (match === undefined) {
      const got = left.map(({ path, deletionId }) => nameOf(path, deletionId));
      throw new MismatchError('deleted', nameOf(mailbox, id), got);
    }
    if (messages === undefined) continue;
    const { path, deletionId } = match;
    const there = await session.messagesIn(step, deletionId, path);
    sameMessages(session, nameOf(path, deletionId), messages, there, rules);
  }
  same('deleted, and not expected', [], left);
}

function rulesOf(session: Session, step: Step): MessageRules {
  const ignoreFlags = step['ignoreFlags'] as string[] | undefined;
  return {
    now: session.target.now(),
    slackSeconds: session.slackSeconds,
    ...(ignoreFlags === undefined ? {} : { ignoreFlags }),
  };
}

/** @returns whether there is a limit */
async function sameQuota(session: Session, step: Step, expected: object): Promise<boolean> {
  const answer = (await session.ask('GET', step, 'quota')) as QuotaAnswer;
  const round = session.settings.quota?.rounding === 'down' ? Math.floor : Math.ceil;
  const got = {
    storageKiB: round(answer.bytes / 1024),
    messages: answer.messages,
    limitKiB: answer.limitBytes === undefined ? undefined : Math.floor(answer.limitBytes / 1024),
  };
  for (const name of ['storageKiB', 'messages', 'limitKiB'] as const) {
    const wanted = (expected as Record<string, unknown>)[name];
    if (wanted !== undefined) same(`quota: ${name}`, wanted, got[name]);
  }
  return answer.limitBytes !== undefined;
}
