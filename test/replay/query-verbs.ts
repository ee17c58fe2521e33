/** Verbs that say by a query which messages are meant. */
import type { CopyByQueryAnswer, SearchAnswer } from '../../functions/contract/mail-api.ts';
import { expectMember, expungeAll } from './message-verbs.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

/** What nobody is called: the doors refuse it as they refuse a request without a user. */
const NOBODY = ' ';

export const QUERY_VERBS: Readonly<Record<string, Verb>> = {
  search: async (session, step) => {
    const body = { query: step['query'] };
    const answer = (await session.ask('POST', step, 'messages/search', { body })) as SearchAnswer;
    expectMember(step, 'count', answer.count);
    expectMember(
      step,
      'messages',
      answer.items.map(({ subject }) => subject),
    );
  },
  expungeByQuery: async (session, step) => {
    const body = {
      query: step['query'],
      ...(step['bypassExpungeStorage'] === true ? { bypassExpungeStorage: true } : {}),
      ...(step['deleteEmptied'] === true ? { deleteEmptied: true } : {}),
    };
    for (const user of usersOf(session, step)) {
      await expungeAll(session, { ...step, user, as: 'admin' }, body);
    }
  },
  copyByQuery: (session, step) => byQuery(session, step, 'copy-by-query'),
  moveByQuery: (session, step) => byQuery(session, step, 'move-by-query'),
};

/** A pattern of user names means those of the scenario; the doors have one user in a request. */
export function usersOf(session: Session, { user = 'u1', users }: Step): readonly string[] {
  if (users === undefined) return [user];
  if (users === null) return [NOBODY];
  const parts = String(users)
    .split('*')
    .map((part) => part.replaceAll(/[.?+^$()[\]{}|\\]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('.*')}$`);
  return [...session.users.keys()].filter((name) => pattern.test(name));
}

async function byQuery(session: Session, step: Step, verb: string): Promise<void> {
  const body = {
    query: step['query'],
    to: step['to'],
    ...(step['createTarget'] === true ? { createTarget: true } : {}),
  };
  const by = { ...step, as: step.as ?? 'admin' };
  const answer = (await session.ask('POST', by, `messages/${verb}`, { body })) as CopyByQueryAnswer;
  if (!answer.complete) throw new Error(`${verb} ran out of time`);
  expectMember(
    step,
    'newUids',
    answer.done.map(({ newUid }) => newUid),
  );
}
