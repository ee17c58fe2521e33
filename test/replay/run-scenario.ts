/** Replaying one scenario: its steps in order, each beside what the original did. */
import { CodeError, MismatchError } from './failures.ts';
import { mailSettingsOf, type Scenario, type Step } from './scenario.ts';
import { Session } from './session.ts';
import type { Target } from './target.ts';
import { findVerb, type Verb } from './verbs.ts';

/** What the replayer can do besides: `breakExpungeStorage`. */
const ABILITIES = ['faultInjection'];

export type Outcome =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'skip'; readonly reason: string }
  | { readonly outcome: 'FAIL'; readonly step: string; readonly message: string };

/** @param suffix makes the addresses of this replay new */
export async function runScenario(
  scenario: Scenario,
  target: Target,
  suffix: string,
): Promise<Outcome> {
  if (scenario.deviates === true) {
    return { outcome: 'skip', reason: `Lethe departs on purpose (${scenario.deviation ?? ''})` };
  }
  const need = scenario.needs?.find((one) => !ABILITIES.includes(one));
  if (need !== undefined) return { outcome: 'skip', reason: `needs ${need}` };
  const steps = scenario.steps.filter(({ deviates }) => deviates !== true);
  let at = '';
  const nameOf = (step: Step) => `step ${scenario.steps.indexOf(step) + 1} (${step.do})`;
  try {
    // A scenario that cannot be carried out to its end is not begun.
    const verbs = steps.map((step) => {
      at = nameOf(step);
      return findVerb(step);
    });
    at = 'settings';
    const session = new Session(target, mailSettingsOf(scenario));
    await session.open(suffix);
    for (const [index, step] of steps.entries()) {
      at = nameOf(step);
      await session.step(() => runStep(session, step, verbs[index] as Verb));
    }
    return { outcome: 'ok' };
  } catch (error) {
    return { outcome: 'FAIL', step: at, message: describe(error) };
  }
}

async function runStep(session: Session, step: Step, verb: Verb): Promise<void> {
  const wanted = step.expect?.error;
  if (wanted === undefined) return await verb(session, step);
  const before = await viewOf(session);
  let got = 'success';
  try {
    await verb(session, step);
  } catch (error) {
    if (!(error instanceof CodeError)) throw error;
    got = error.code;
  }
  if (got !== wanted) throw new MismatchError('error', wanted, got);
  const after = await viewOf(session);
  if (before !== after) throw new MismatchError('nothing should have changed', before, after);
}

/** Everything that a failing step must leave as it is. */
async function viewOf(session: Session): Promise<string> {
  const views = [];
  for (const { name } of session.users.values()) {
    const admin = { user: name, as: 'admin' };
    for (const { deletionId, ...deletion } of await session.deleted(admin)) {
      views.push({ name, deletionId, deletion });
    }
    for (const mailbox of await session.mailboxes(admin)) {
      const { path } = mailbox;
      const [messages, expunged] = [
        await session.messages(admin, path),
        await session.expunged(admin, path),
      ];
      views.push({ name, mailbox, messages, expunged });
    }
  }
  return JSON.stringify(views);
}

function describe(error: unknown): string {
  if (error instanceof MismatchError) {
    const [expected, got] = [error.expected, error.got].map((value) => JSON.stringify(value));
    return `${error.message}: expected ${expected}, got ${got}`;
  }
  if (error instanceof CodeError) return `expected success, got ${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
