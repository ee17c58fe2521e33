/** Everything that a step can do, or read. */
import { SkipError } from './failures.ts';
import { MAILBOX_VERBS } from './mailbox-verbs.ts';
import { MESSAGE_VERBS } from './message-verbs.ts';
import { QUERY_VERBS } from './query-verbs.ts';
import { READINGS } from './readings.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';

/** Throws CodeError for an error of the doors, MismatchError when `expect` does not hold. */
export type Verb = (session: Session, step: Step) => Promise<void>;

/** Verbs of the format that Lethe does not have yet: folders that are deleted and come back. */
const MISSING = [
  'deleteMailbox',
  'restoreMailbox',
  'deleteDeleted',
  'deleteAccount',
  'purgeDeleted',
  'purgeExpunged',
  'unexpunge',
  'setDeleteAfter',
  'expungedMessages',
  'deletedName',
] as const;

/** Arguments that need one of those. */
const MISSING_ARGUMENTS = ['deletion', 'fromDeletion', 'deletions', 'deleteEmptied'] as const;

const VERBS: Readonly<Record<string, Verb>> = {
  ...MAILBOX_VERBS,
  ...MESSAGE_VERBS,
  ...QUERY_VERBS,
  ...READINGS,
};

/** @throws SkipError for what Lethe does not have yet, Error for what the format does not have */
export function verbOf(step: Step): Verb {
  if ((MISSING as readonly string[]).includes(step.do)) {
    throw new SkipError(`Lethe does not have ${step.do} yet`);
  }
  const argument = MISSING_ARGUMENTS.find((name) => step[name] !== undefined);
  if (argument !== undefined) throw new SkipError(`Lethe does not have ${argument} yet`);
  const verb = VERBS[step.do];
  if (verb === undefined) throw new Error(`the scenario format has no verb ${step.do}`);
  return verb;
}
