/** The commands of `lethe`. Modules behind a command are loaded when it runs: help is instant. */
import { readFileSync } from 'node:fs';
import { Argument, Command, Option, type OptionValues } from 'commander';
import { addBackupCommands } from './backup-commands.ts';
import {
  type Act,
  type Action,
  mayRepeat,
  operand,
  timeoutOption,
  withWaiting,
} from './command-options.ts';
import type { ShowCertificateOptions, VerifyCertificateOptions } from './commands/certificate.ts';
import type { WaitOptions } from './commands/operation.ts';
import { createContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { EPILOGUE } from './help.ts';
import { addHoldCommands } from './hold-commands.ts';
import { type Io, write } from './io.ts';
import { addMailCommands } from './mail-commands.ts';
import { FORMATS } from './settings.ts';
import { SHELLS, type Shell } from './shell/completion.ts';
import { addUserCommands } from './user-commands.ts';

/** Makes the program; `end` is told the exit code of the command that ran. */
export function buildProgram(io: Io, end: (exitCode: number) => void): Command {
  const program = new Command('lethe')
    .description('Keeps, forgets and brings back mail stored on Amazon S3.')
    .option('--url <url>', 'address of the API (LETHE_URL)')
    .option('--ca-file <file>', 'certificates to trust, in PEM (LETHE_CA_FILE)')
    .option('--region <region>', 'AWS region (AWS_REGION)')
    .option(
      '--local [dir]',
      'use the embedded AWS of this directory (LETHE_LOCAL, LETHE_LOCAL_DIRECTORY, or .lethe/local)',
    )
    .addOption(
      new Option('-f, --format <format>', 'table on a terminal, flow elsewhere').choices(FORMATS),
    )
    .version(version(), '--version', 'print the version')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EPILOGUE)
    .showHelpAfterError('(--help shows what is allowed)');
  const act: Act =
    <O extends OptionValues>(action: Action<O>) =>
    async (...given: unknown[]) => {
      const command = given.at(-1) as Command;
      const context = createContext(command.optsWithGlobals(), io);
      try {
        end(await action(context, command.args, command.opts<O>()));
      } finally {
        context.close();
      }
    };
  addUserCommands(program, act);
  addOperationCommands(program, act);
  addCertificateCommands(program, act);
  addMailCommands(program, act);
  addHoldCommands(program, act);
  addBackupCommands(program, act);
  addDoctorCommand(program, act);
  addShellCommands(program, act);
  strict(program, io);
  return program;
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

function addOperationCommands(program: Command, act: Act): void {
  const operation = program.command('operation').description('what takes longer than a request');
  operation
    .command('show <id>')
    .description('show where an operation is')
    .action(
      act(async (context, args) =>
        (await import('./commands/operation.ts')).showOperation(context, operand(args)),
      ),
    );
  operation
    .command('wait <id>')
    .description('watch an operation until it ends: 0 when it succeeded, 75 when it failed')
    .addOption(timeoutOption())
    .action(
      act<WaitOptions>(async (context, args, options) =>
        (await import('./commands/operation.ts')).waitForOperation(context, operand(args), options),
      ),
    );
  withWaiting(
    operation.command('resume <id>').description('start the next attempt of a failed operation'),
  ).action(
    act<WaitOptions>(async (context, args, options) =>
      (await import('./commands/operation.ts')).resumeOperation(context, operand(args), options),
    ),
  );
}

function addCertificateCommands(program: Command, act: Act): void {
  const certificate = program.command('certificate').description('proof that nothing is left');
  certificate
    .command('show <operationId>')
    .description('show the certificate of an erasure')
    .option('--out <file>', 'also write it to a file, as it was signed')
    .option('--raw', 'print it as it was signed (JWS in JSON)')
    .action(
      act<ShowCertificateOptions>(async (context, args, options) =>
        (await import('./commands/certificate.ts')).showCertificate(
          context,
          operand(args),
          options,
        ),
      ),
    );
  certificate
    .command('key')
    .description('print the public key that certificates are verified with, in PEM')
    .action(
      act(async (context) =>
        (await import('./commands/certificate.ts')).showCertificateKey(context),
      ),
    );
  certificate
    .command('verify <file>')
    .description('check a certificate offline: 0 when it is valid, 65 with the reason when not')
    .requiredOption('--key <file>', 'public key in PEM, got from "lethe certificate key"')
    .action(
      act<VerifyCertificateOptions>(async (context, args, options) =>
        (await import('./commands/certificate.ts')).verifyCertificateFile(
          context,
          operand(args),
          options,
        ),
      ),
    );
}

function addDoctorCommand(program: Command, act: Act): void {
  program
    .command('doctor')
    .description('check mail servers and tables from inside: 0 when all is well, 78 when not')
    .action(act(async (context) => (await import('./commands/doctor.ts')).runDoctor(context)));
}

/** What is made from the definitions of all the others. */
function addShellCommands(program: Command, act: Act): void {
  program
    .command('completion')
    .description('print completion for a shell: source <(lethe completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action(
      act(async ({ io }, args) => {
        const { completionFor } = await import('./shell/completion.ts');
        const { definitionsOf } = await import('./shell/definitions.ts');
        await write(io.stdout, completionFor(operand(args) as Shell, definitionsOf(program)));
        return EXIT.ok;
      }),
    );
  program
    .command('man')
    .description('print the manual page: lethe man | man -l -')
    .action(
      act(async ({ io }) => {
        const { manPage } = await import('./shell/man-page.ts');
        const { definitionsOf } = await import('./shell/definitions.ts');
        await write(io.stdout, manPage(definitionsOf(program), version()));
        return EXIT.ok;
      }),
    );
}

/**
 * An option that means one thing may be given once: of two, the last would win, and what all have to
 * hold (`--subject a --subject b`) would mean more than was asked (O2).
 */
function refuseRepeated(command: Command): void {
  for (const option of command.options.filter((one) => !mayRepeat(one))) {
    let times = 0;
    command.on(`option:${option.name()}`, () => {
      times += 1;
      if (times > 1)
        command.error(`error: ${option.long ?? option.flags} is given twice: allowed is once`);
    });
  }
}

/** Errors come back as exceptions and text goes to the streams given, in every command. */
function strict(command: Command, io: Io): void {
  command.exitOverride();
  refuseRepeated(command);
  command.configureOutput({
    writeOut: (text) => void io.stdout.write(text, () => {}),
    writeErr: (text) => void io.stderr.write(text, () => {}),
    outputError: (text, writeError) => writeError(text.replace(/^error: /, 'lethe: ')),
    getOutHelpWidth: () => io.stdout.columns ?? 80,
    getErrHelpWidth: () => io.stderr.columns ?? 80,
  });
  for (const child of command.commands) strict(child, io);
}

/** Exit code of what commander throws: 0 for help and versions asked for. */
export const usageExitCode = (exitCode: number): number => (exitCode === 0 ? EXIT.ok : EXIT.usage);
