/** Everything that a step can do, or read. */
import { FOLDER_VERBS } from './folder-verbs.ts';
import { MAILBOX_VERBS } from './mailbox-verbs.ts';
import { MESSAGE_VERBS } from './message-verbs.ts';
import { PURGE_VERBS } from './purge-verbs.ts';
import { QUERY_VERBS } from './query-verbs.ts';
import { READINGS } from './readings.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import { checkStep } from './step-format.ts';
import { UNEXPUNGE_VERBS } from './unexpunge-verbs.ts';

/** Throws CodeError for an error of the doors, MismatchError when `expect` does not hold. */
export type Verb = (session: Session, step: Step) => Promise<void>;

const VERBS: Readonly<Record<string, Verb>> = {
  ...MAILBOX_VERBS,
  ...FOLDER_VERBS,
  ...MESSAGE_VERBS,
  ...PURGE_VERBS,
  ...QUERY_VERBS,
  ...READINGS,
  ...UNEXPUNGE_VERBS,
};

/** @throws Error for what the format does not have */
export function findVerb(step: Step): Verb {
  checkStep(step);
  const verb = VERBS[step.do];
  if (verb === undefined) throw new Error(`this replayer lacks the verb ${step.do}`);
  return verb;
}
