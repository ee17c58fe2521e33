/** Asking before something that cannot be undone. */
import { createInterface } from 'node:readline';
import type { Io } from '../io.ts';
import { safe } from '../output/text.ts';

/** Somebody is there to ask and to answer. */
export const canAsk = ({ stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>): boolean =>
  stdin.isTTY === true && stderr.isTTY === true;

/**
 * Asks on standard error for a word to be typed.
 * @param expected what must be typed, for instance the address of the user
 * @returns whether it was; false also for Ctrl-C and the end of input
 */
export async function confirmByTyping(
  { stdin, stderr }: Pick<Io, 'stdin' | 'stderr'>,
  statement: string,
  expected: string,
): Promise<boolean> {
  const reader = createInterface({
    input: stdin,
    output: stderr as NodeJS.WriteStream,
    terminal: true,
  });
  try {
    return await new Promise<boolean>((resolve) => {
      reader.once('SIGINT', () => resolve(false));
      reader.once('close', () => resolve(false));
      reader.question(`${safe(statement)}\nType ${safe(expected)} to go on: `, (answer) => {
        resolve(answer.trim() === expected);
      });
    });
  } finally {
    reader.close();
  }
}
