/** Verbs about folders that go and come back. */
import type {
  DeleteMailboxAnswer,
  UndeleteMailboxAnswer,
} from '../../functions/contract/folder-api.ts';
import { expectMember } from './message-verbs.ts';
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
  setDeleteAfter: async (session, step) => {
    const mailboxes = { [String(step['mailbox'])]: { deletedRetentionDays: step['days'] } };
    const at = { ...step, as: 'admin' };
    await session.ask('PATCH', at, 'settings', { body: { set: { mailboxes } } });
  },
};

async function deleteAll(session: Session, step: Step, body: object) {
  const answers: DeleteMailboxAnswer[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const answer = await session.ask('POST', step, 'mailboxes/delete', { body });
    answers.push(answer as DeleteMailboxAnswer);
    if (answers.at(-1)?.complete === true) return answers;
  }
  throw new Error(`a deletion was not complete after ${ROUNDS_MAX} requests`);
}
