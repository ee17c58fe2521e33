/** Everything that a step can do, or read. */
import { FOLDER_VERBS } from './folder-verbs.ts';
import { MAILBOX_VERBS } from './mailbox-verbs.ts';
import { MESSAGE_VERBS } from './message-verbs.ts';
import { QUERY_VERBS } from './query-verbs.ts';
import { READINGS } from './readings.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import { checkStep } from './step-format.ts';
import { UNEXPUNGE_VERBS } from './unexpunge-verbs.ts';

/** Throws CodeError for an error of the doors, MismatchError when `expect` does not hold. */
export type Verb = (session: Session, step: Step) => Promise<void>;

/** Verbs of the format that Lethe does not have yet. */
const MISSING: readonly string[] = ['deleteDeleted', 'purgeDeleted'];

/** Arguments that it does not have yet. */
const MISSING_ARGUMENTS: readonly string[] = [];

const VERBS: Readonly<Record<string, Verb>> = {
  ...MAILBOX_VERBS,
  ...FOLDER_VERBS,
  ...MESSAGE_VERBS,
  ...QUERY_VERBS,
  ...READINGS,
  ...UNEXPUNGE_VERBS,
};

/**
 * What a step does, or the name of what Lethe does not have yet for it.
 * @throws Error for what the format does not have
 */
export function findVerb(step: Step): Verb | string {
  if (MISSING.includes(step.do)) return step.do;
  const argument = MISSING_ARGUMENTS.find((name) => step[name] !== undefined);
  if (argument !== undefined) return argument;
  checkStep(step);
  const verb = VERBS[step.do];
  if (verb === undefined) throw new Error(`this replayer lacks the verb ${step.do}`);
  return verb;
}
