/** Verbs about folders that go and come back. */
import type {
  DeleteMailboxAnswer,
  UndeleteMailboxAnswer,
} from '../../functions/contract/folder-api.ts';
import { sameNames } from './compare.ts';
import { CodeError } from './failures.ts';
import { expectMember } from './message-verbs.ts';
import { usersOf } from './query-verbs.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

/** Answers of one deletion, at most. */
const ROUNDS_MAX = 100;

const OPTIONS = ['recursive', 'requireEmpty', 'unsubscribe', 'bypassExpungeStorage'] as const;

export const FOLDER_VERBS: Readonly<Record<string, Verb>> = {
  deleteMailbox: async (session, step) => {
    const options = OPTIONS.filter((name) => step[name] === true).map((name) => [name, true]);
    const body = { mailbox: step['mailbox'], ...Object.fromEntries(options) };
    const { deletionId } = (await deleteAll(session, step, body)).at(-1) ?? {};
    if (step['deletion'] === undefined) return;
    if (deletionId === undefined) throw new Error('nothing was set aside: there is no deletion');
    session.deletions.set(String(step['deletion']), deletionId);
  },
  deleteAccount: async (session, step) => {
    const answers = await deleteAll(session, step, { all: true });
    const made = answers.flatMap(({ deletions = [] }) => deletions);
    for (const [path, label] of Object.entries(step['deletions'] as Record<string, string>)) {
      const deletion = made.find((one) => one.path === path);
      if (deletion === undefined) throw new Error(`${path} was not set aside`);
      session.deletions.set(label, deletion.deletionId);
    }
  },
  restoreMailbox: async (session, step) => {
    const { to, toUser, path, overQuota = true } = step;
    const body = {
      deletionId: session.deletion(step['deletion']),
      ...(to === undefined ? {} : { to }),
      ...(toUser === undefined ? {} : { toUser: session.addressOf(String(toUser)) }),
      ...(path === undefined ? {} : { path }),
      // The administrators of the original are never stopped by a quota.
      overQuota,
    };
    const answer = await session.ask('POST', step, 'mailboxes/undelete', { body });
    expectMember(step, 'to', (answer as UndeleteMailboxAnswer).to);
  },
  deleteDeleted: async (session, step) => {
    const deletionId = session.deletion(step['deletion']);
    const found = (await session.deleted(step)).some((one) => one.deletionId === deletionId);
    if (!found) throw new CodeError('mailboxNotFound', deletionId);
    const { accountId, address: user } = session.user(step);
    await session.target.purge(accountId, { user, deletionId });
  },
  purgeDeleted: async (session, step) => {
    const removed: string[] = [];
    for (const name of usersOf(session, step)) {
      const by = { ...step, user: name };
      const { accountId, address: user } = session.user(by);
      const before = await session.deleted(by);
      await session.target.purge(accountId, { user, ...ageOf(step) });
      const left = new Set((await session.deleted(by)).map(({ deletionId }) => deletionId));
      removed.push(...before.map((one) => one.deletionId).filter((id) => !left.has(id)));
    }
    const expected = step.expect?.['removed'] as string[] | undefined;
    if (expected === undefined) return;
    sameNames(
      'removed',
      expected.map((label) => session.deletion(label)),
      removed,
    );
  },
  setDeleteAfter: async (session, step) => {
    const mailboxes = { [String(step['mailbox'])]: { deletedRetentionDays: step['days'] } };
    const at = { ...step, as: 'admin' };
    await session.ask('PATCH', at, 'settings', { body: { set: { mailboxes } } });
  },
};

function ageOf(step: Step) {
  const { olderThanDays, olderThanSeconds, ignoreOwnRetention } = step as {
    olderThanDays?: number;
    olderThanSeconds?: number;
    ignoreOwnRetention?: boolean;
  };
  return {
    ...(olderThanDays === undefined ? {} : { olderThanDays }),
    ...(olderThanSeconds === undefined ? {} : { olderThanSeconds }),
    ...(ignoreOwnRetention === true ? { ignoreOwnRetention } : {}),
  };
}

async function deleteAll(session: Session, step: Step, body: object) {
  const answers: DeleteMailboxAnswer[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const answer = await session.ask('POST', step, 'mailboxes/delete', { body });
    answers.push(answer as DeleteMailboxAnswer);
    if (answers.at(-1)?.complete === true) return answers;
  }
  throw new Error(`a deletion was not complete after ${ROUNDS_MAX} requests`);
}
