/** Verbs that end deleted folders for good: the door opens an operation, the machine does it. */
import type { ListAnswer, OperationAnswer } from '../../functions/contract/api.ts';
import type { DeletedItem } from '../../functions/contract/folder-api.ts';
import type { PurgeRequest } from '../../functions/contract/purge.ts';
import { sameNames } from './compare.ts';
import { usersOf } from './query-verbs.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

const DAY_SECONDS = 86_400;

export const PURGE_VERBS: Readonly<Record<string, Verb>> = {
  purgeDeleted: async (session, step) => {
    const {
      olderThanDays: days,
      olderThanSeconds,
      ignoreOwnRetention,
    } = step as PurgeRequest & Step;
    const seconds = olderThanSeconds ?? (days === undefined ? undefined : days * DAY_SECONDS);
    const age = {
      ...(seconds === undefined ? {} : { olderThanSeconds: seconds }),
      ...(ignoreOwnRetention === undefined ? {} : { ignoreOwnRetention }),
    };
    const removed: string[] = [];
    // User by user: other scenarios have accounts in the same deployment.
    for (const name of usersOf(session, step)) {
      removed.push(...(await purge(session, { ...step, user: name }, age)));
    }
    const expected = step.expect?.['removed'];
    if (expected !== undefined) sameNames('removed', expected as string[], removed);
  },
  deleteDeleted: async (session, step) => {
    const deletion = session.deletion(step['deletion']);
    // Only administrators have a door to it; everybody else is told what a look at it tells.
    if (step.as !== 'admin') {
      await session.ask('GET', step, 'mailboxes/deleted', { query: { deletion } });
    }
    await purge(session, step, { deletionId: deletion });
  },
};

/** @returns labels of the deletions that went */
async function purge(session: Session, step: Step, asked: PurgeRequest): Promise<string[]> {
  const before = await deletionsOf(session, step);
  const body = { user: session.user(step).address, ...asked };
  const path = ['v1', 'mailboxes', 'purge'];
  const started = (await session.must({ method: 'POST', path, body })) as OperationAnswer;
  await session.target.purge(started.operationId);
  const after = await deletionsOf(session, step);
  const gone = new Set([...before].filter((deletionId) => !after.has(deletionId)));
  return [...session.deletions].flatMap(([label, id]) => (gone.has(id) ? [label] : []));
}

async function deletionsOf(session: Session, step: Step): Promise<ReadonlySet<string>> {
  const admin = { ...step, as: 'admin' };
  const items = await session.all<ListAnswer<DeletedItem>['items'][number]>(
    admin,
    'mailboxes/deleted',
  );
  return new Set(items.map(({ deletionId }) => deletionId));
}
