/** Verbs about mail that was expunged in place. */
import type {
  ExpungedItem,
  PurgeExpungedAnswer,
  UnexpungeAnswer,
} from '../../functions/contract/unexpunge-api.ts';
import { expectMember } from './message-verbs.ts';
import { usersOf } from './query-verbs.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

/**
 * Rules count whole seconds. What was expunged in a step, or by a sweep, went a little after its
 * begin: what is of an age to the second is to be that old by now.
 */
const PURGE_LATE_SECONDS = 1.5;

/** Answers of one operation, at most. */
const ROUNDS_MAX = 100;

export const UNEXPUNGE_VERBS: Readonly<Record<string, Verb>> = {
  unexpunge: async (session, step) => {
    const { mailbox, uids, all, expungedWithinSeconds, addKeyword, clearDeleted = false } = step;
    const given = { mailbox, uids, all, expungedWithinSeconds, addKeyword };
    // The original leaves `\Deleted` unless it is told otherwise.
    const body = { ...given, clearDeleted };
    const answers = await untilComplete<UnexpungeAnswer>(session, step, 'unexpunge', body);
    const restored = answers.flatMap((answer) => answer.restored);
    expectMember(step, 'restored', restored);
    expectMember(step, 'count', restored.length);
  },
  expungedMessages: async (session, step) => {
    const place = session.placeOf(step);
    const found = await session.all<ExpungedItem>(step, 'messages/expunged', place);
    expectMember(
      step,
      'uids',
      found.map(({ uid }) => uid),
    );
    expectMember(step, 'count', found.length);
  },
  purgeExpunged: async (session, step) => {
    const body = { olderThanDays: step['olderThanDays'] };
    let removed = 0;
    for (const user of usersOf(session, step)) {
      const by = { ...step, user };
      const answers = await session.target.earlier(-PURGE_LATE_SECONDS, () =>
        untilComplete<PurgeExpungedAnswer>(session, by, 'purge-expunged', body),
      );
      for (const answer of answers) removed += answer.removed;
    }
    expectMember(step, 'removed', removed);
  },
};

async function untilComplete<A extends { readonly complete: boolean; readonly next?: string }>(
  session: Session,
  step: Step,
  verb: string,
  body: object,
): Promise<A[]> {
  const answers: A[] = [];
  let next: string | undefined;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const asked = next === undefined ? body : { ...body, cursor: next };
    const answer = (await session.ask('POST', step, `messages/${verb}`, { body: asked })) as A;
    answers.push(answer);
    if (answer.complete) return answers;
    next = answer.next;
  }
  throw new Error(`${verb} does not come to an end`);
}
