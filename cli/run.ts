/** Runs one command line and answers its exit code. */
import { CommanderError } from 'commander';
import { CliError, machineError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { type Io, writeLine } from './io.ts';
import { safe } from './output/text.ts';
import { buildProgram, usageExitCode } from './program.ts';

/**
 * @param argv arguments without the names of program and script
 * @returns the exit code; errors have been written to standard error
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(io, (code) => {
    exitCode = code;
  });
  try {
    const commands = program.commands.map((command) => command.name());
    await program.parseAsync(withLocalDirectory(argv, commands), { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, io);
  }
}

/**
 * `--local` may be followed by a directory, so in `lethe --local user show` the word `user` would
 * be taken for one. A word that is a command is left to be a command; `--local=user` is not.
 */
function withLocalDirectory(argv: readonly string[], commands: readonly string[]): string[] {
  return argv.map((word, at) =>
    word === '--local' && commands.includes(argv[at + 1] ?? '') ? '--local=' : word,
  );
}

async function report(thrown: unknown, io: Io): Promise<number> {
  const error = machineError(thrown) ?? thrown;
  // Commander has written its own message.
  if (error instanceof CommanderError) return usageExitCode(error.exitCode);
  // Whoever reads our output has seen enough, as `head` does.
  if (isBrokenPipe(error)) return EXIT.ok;
  if (error instanceof CliError) {
    const lines = error.message.split('\n').map(safe);
    await writeLine(io.stderr, `lethe: ${lines.join('\n')}`);
    if (error.hint !== undefined) await writeLine(io.stderr, `       ${safe(error.hint)}`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  await writeLine(io.stderr, `lethe: this is a fault of lethe itself: ${text}`);
  return EXIT.fault;
}

const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EPIPE';
