/** Asking before something that cannot be undone. */
import { createInterface } from 'node:readline';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type Io, writeLine } from '../io.ts';
import { safe } from '../output/text.ts';

/** Somebody is there to ask and to answer. */
export const canAsk = ({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>): boolean =>
  stdin.isTTY === true && stderr.isTTY === true;

/**
 * Asks on standard error for a word to be typed.
 * @param expected what must be typed, for instance the address of the user
 * @returns whether it was; false also for the end of input
 * @throws CliError 130 for Ctrl-C
 */
export async function confirmByTyping(
  { stdin, stderr, interruption }: Pick<Io, 'stdin' | 'stderr' | 'interruption'>,
  statement: string,
  expected: string,
): Promise<boolean> {
  // Pressed while it was counted what there is to ask about.
  if (interruption().aborted) throw interrupted();
  const reader = createInterface({
    input: stdin,
    output: stderr as NodeJS.WriteStream,
    terminal: true,
  });
  try {
    const answered = await new Promise<boolean | 'interrupted'>((resolve) => {
      reader.once('SIGINT', () => resolve('interrupted'));
      reader.once('close', () => resolve(false));
      reader.question(`${safe(statement)}\nType ${safe(expected)} to go on: `, (answer) => {
        resolve(answer.trim() === expected);
      });
    });
    if (answered !== 'interrupted') return answered;
    // The cursor is behind the question.
    await writeLine(stderr, '');
    throw interrupted();
  } finally {
    reader.close();
  }
}

const interrupted = (): CliError =>
  new CliError(EXIT.interrupted, 'interrupted: nothing was changed');
