/** Messages of which the rows do not say whether a query means them. */
import { type Io, writeLine } from '../io.ts';
import { counted } from '../output/text.ts';

interface Answered {
  readonly undecided?: number;
}

/** Of answers that go on where the one before stopped. */
export function undecidedIn(answers: readonly Answered[]): Answered {
  const undecided = answers.reduce((sum, answer) => sum + (answer.undecided ?? 0), 0);
  return undecided === 0 ? {} : { undecided };
}

/** Says on standard error that they are left alone. */
export async function warnOfUndecided(io: Io, { undecided = 0 }: Answered): Promise<void> {
  if (undecided === 0) return;
  await writeLine(
    io.stderr,
    `warning: ${counted(undecided, 'message')} left alone: the kept part of the headers does not say whether it is meant`,
  );
}
