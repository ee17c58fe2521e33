/**
 * The whole of Lethe in one run: starts the embedded AWS, deploys the app, imports a mailbox, brings
 * a folder back, erases the user, checks the certificate, and stops what it started.
 *
 *   npm run demo                      a mailbox made for the purpose
 *   npm run demo -- path/to/Maildir   a mailbox of yours (it is only read)
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CliError, machineError } from '../cli/errors.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { counted } from '../cli/output/text.ts';
import { type Instance, resetInstance, startInstance } from '../local/instance.ts';
import { LocalEnvironmentError } from '../local/local-environment-error.ts';
import { machineNow } from '../local/machine-clock.ts';
import { LETHE_DIRECTORY } from '../local/project-paths.ts';
import { DEMO_HELP, readArguments, readMailbox } from './arguments.ts';
import { DemoError, LetheRunner, say } from './lethe-runner.ts';
import { DEFAULT_MESSAGES, makeMailbox } from './make-mailbox.ts';
import { fitLine } from './screen.ts';
import { heading, tellStory } from './story.ts';

const FEW_MESSAGES = 20;

const NEXT = `
Try next:
  npm run demo -- DIR                          the same with a mailbox of yours, which is only read
  npm run local -- start                       an embedded AWS that stays
  npm run --silent lethe -- --local --help     and what to do with it
  README.md                                    how to deploy to an account of yours`;

/** Stops what runs, however often it is asked to. */
class Cleanup {
  readonly #directory: string;
  readonly #workDirectory: string;
  instance: Instance | undefined;
  #done: Promise<void> | undefined;

  constructor(directory: string, workDirectory: string) {
    this.#directory = directory;
    this.#workDirectory = workDirectory;
  }

  get begun(): boolean {
    return this.#done !== undefined;
  }

  run(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  async #run(): Promise<void> {
    await this.instance?.stop();
    await resetInstance(this.#directory);
    await rm(this.#workDirectory, { recursive: true, force: true });
  }
}

/** @param given path of a mailbox; one is made when missing */
async function run(given: string | undefined): Promise<void> {
  const started = machineNow();
  const directory = join(LETHE_DIRECTORY, 'demo');
  const workDirectory = await mkdtemp(join(tmpdir(), 'lethe-demo-'));
  const cleanup = new Cleanup(directory, workDirectory);
  // The instance's guard ends it also when this process is killed; this is the tidy way.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say('Interrupted: stopping the embedded AWS ...');
      void cleanup.run().finally(() => process.exit(EXIT.interrupted));
    });
  }
  try {
    heading('An AWS of its own, on this machine alone');
    await resetInstance(directory);
    const log = (line: string) => {
      // What the deployment makes up for is for `npm run local`.
      if (!line.startsWith('Applied ')) say(line);
    };
    const instance = await startInstance({ directory, owner: process.pid, log });
    cleanup.instance = instance;
    if (given === undefined) {
      const maildir = join(workDirectory, 'Maildir');
      await makeMailbox({ directory: maildir, messages: DEFAULT_MESSAGES });
    }
    await makeMailbox({ directory: join(workDirectory, 'few'), messages: FEW_MESSAGES, seed: 7 });
    const lethe = new LetheRunner(instance, workDirectory);
    const made = `${counted(DEFAULT_MESSAGES, 'message')} made for the purpose`;
    const about = given === undefined ? made : 'the mail of yours';
    const mailboxes = { shown: given ?? 'Maildir', few: 'few', about };
    await tellStory({ instance, lethe, workDirectory }, mailboxes);
  } catch (error) {
    // Ctrl-C ends the commands too: that is no failure of theirs.
    if (!cleanup.begun) throw error;
  } finally {
    await cleanup.run();
  }
  say(`\nDone in ${Math.round((machineNow() - started) / 1000)} s; the embedded AWS is gone.`);
  for (const line of NEXT.split('\n')) say(line);
}

async function main(words: readonly string[]): Promise<number> {
  const asked = readArguments(words);
  if (asked.kind === 'help') {
    process.stdout.write(`${DEMO_HELP}\n`);
    return EXIT.ok;
  }
  if (asked.kind === 'wrong') {
    process.stderr.write(`demo: ${asked.reason}\n\n${DEMO_HELP}\n`);
    return EXIT.usage;
  }
  try {
    const given = asked.path === undefined ? undefined : resolve(asked.path);
    if (given !== undefined) {
      const { messages, leftOut } = await readMailbox(given);
      const left = leftOut === 0 ? '' : `; ${counted(leftOut, 'file')} will be left out`;
      say(`${given} holds ${counted(messages, 'message')}${left}.`);
    }
    await run(given);
    return EXIT.ok;
  } catch (thrown) {
    const error = machineError(thrown) ?? thrown;
    if (error instanceof CliError) return tell(error.message, error.exitCode);
    const isKnown = error instanceof DemoError || error instanceof LocalEnvironmentError;
    if (isKnown) return tell(error.message, 1);
    throw error;
  }
}

function tell(message: string, exitCode: number): number {
  for (const line of `demo: ${message}`.split('\n').flatMap(fitLine)) {
    process.stderr.write(`${line}\n`);
  }
  return exitCode;
}

process.exitCode = await main(process.argv.slice(2));
