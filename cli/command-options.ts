/** What commands have in common: how they run, and options that several of them have. */
import { type Command, InvalidArgumentError, Option, type OptionValues } from 'commander';
import type { Context } from './context.ts';

export type Action<O> = (context: Context, args: readonly string[], options: O) => Promise<number>;
export type Act = <O extends OptionValues>(
  action: Action<O>,
) => (...given: unknown[]) => Promise<void>;

/** The one operand that a command may have; commander has made sure of it. */
export const operand = ([first = '']: readonly string[]): string => first;

export const userOption = (): Option =>
  new Option('-u, --user <user>', 'address of the user').makeOptionMandatory();

/** Without it a command acts as an administrator. */
export const asOption = (): Option =>
  new Option('--as <user>', 'act as this user, with the rights that the user has there');

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** Twice yes is yes; of two values one would win. */
export const mayRepeat = ({ parseArg, required, optional }: Option): boolean =>
  parseArg === collect || !(required || optional);

/** @throws InvalidArgumentError */
export function positiveInteger(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Allowed are whole numbers from 1.');
}

/** A day: as long as an execution may last. */
const WAIT_TIMEOUT_SECONDS = 86_400;

/** Both spellings, so that a script can say what it relies on. */
export function withWaiting(command: Command): Command {
  const said = new Set<string>();
  for (const option of ['wait', 'no-wait']) command.on(`option:${option}`, () => said.add(option));
  return command
    .option('--wait', 'wait for the end and show the progress (default)')
    .option('--no-wait', 'return as soon as it has started')
    .addOption(timeoutOption())
    .hook('preAction', () => {
      if (said.size > 1) command.error('error: --wait and --no-wait: allowed is one of them');
    });
}

export const timeoutOption = (): Option =>
  new Option('--timeout <seconds>', 'stop waiting after this time; the operation goes on')
    .argParser(positiveInteger)
    .default(WAIT_TIMEOUT_SECONDS);
