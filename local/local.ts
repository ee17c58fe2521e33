#!/usr/bin/env node
// The embedded AWS on the command line: npm run local -- <command>

import { Command, InvalidArgumentError, Option } from 'commander';
import { type AdvanceReport, advance } from './advance.ts';
import { instanceOutputs, instanceStatus, resetInstance, startInstance } from './instance.ts';
import { readClock } from './instance-clock.ts';
import { defaultInstanceDirectory } from './instance-files.ts';
import { LocalEnvironmentError } from './local-environment-error.ts';
import { stopInstance } from './stop-instance.ts';

/** What `status` exits with when nothing runs: the "program is not running" of init scripts. */
const EXIT_NOT_RUNNING = 3;
/** Wrong usage, in the words of sysexits.h. */
const EXIT_USAGE = 64;
const DAY_SECONDS = 86_400;
/** A century: clocks further off leave the range of what other programs take for a date. */
const ADVANCE_DAYS_MAX = 36_525;

const program = new Command('npm run local --')
  .description('An embedded AWS on this machine with the application deployed to it.')
  .addOption(
    new Option(
      '-d, --directory <path>',
      'where the instance lives (default: LETHE_LOCAL, LETHE_LOCAL_DIRECTORY, or .lethe/local)',
    ),
  )
  .showHelpAfterError()
  .addHelpText(
    'after',
    `
Several instances can run at once, each in its own directory. State survives stop and start.
Progress goes to standard error, results to standard output.`,
  );

program
  .command('start')
  .description('start it and deploy the application; does only what is not done yet')
  .option(
    '-p, --port <number>',
    'port of 127.0.0.1 (default: the one used before, or a free one)',
    parsePort,
  )
  .option(
    '--wait-scale <factor>',
    'scale the waits of state machines: 0 does not wait at all (default: 1)',
    parseFactor,
  )
  .option('--owner <pid>', 'end it when this process ends, however it ends', parseInteger)
  .action(async (options: { port?: number; waitScale?: number; owner?: number }) => {
    const instance = await startInstance({ directory: directory(), log: progress, ...options });
    progress(`The embedded AWS runs at ${instance.outputs.endpoint}; the API is at`);
    progress(`  ${instance.outputs.apiUrl}`);
    const meant = meantBy(' -d');
    progress(`  lethe --local${meantBy('')} uses it`);
    progress(
      `npm run local --${meant} outputs prints what is where; npm run local --${meant} stop ends it.`,
    );
  });

program
  .command('stop')
  .description('end it and everything it started; what it holds is kept')
  .action(async () => {
    const outcome = await stopInstance(directory());
    progress(
      outcome === 'killed'
        ? 'Killed: it had not ended cleanly, so its state is that of the last clean stop.'
        : `The embedded AWS ${outcome === 'stopped' ? 'has stopped' : 'was not running'}.`,
    );
  });

program
  .command('status')
  .description(`say whether it runs: exit code 0 if it does, ${EXIT_NOT_RUNNING} if not`)
  .action(() => {
    const run = instanceStatus(directory());
    if (run === undefined) {
      process.stdout.write('not running\n');
      process.exitCode = EXIT_NOT_RUNNING;
      return;
    }
    process.stdout.write(
      `running at ${run.endpoint}, process ${run.ministack.pid}, since ${run.since}\n`,
    );
  });

program
  .command('reset')
  .description('stop it and delete everything it holds')
  .action(async () => {
    await resetInstance(directory());
    progress('The embedded AWS has stopped, and everything it held is deleted.');
  });

program
  .command('outputs')
  .description('print where everything is, as one JSON object')
  .action(() => {
    const outputs = instanceOutputs(directory());
    if (outputs === undefined) {
      throw new LocalEnvironmentError(
        `Nothing was deployed in ${directory()} yet.`,
        'npm run local -- start',
      );
    }
    process.stdout.write(`${JSON.stringify(outputs, null, 2)}\n`);
  });

program
  .command('advance')
  .description('move its clock forward, for good, and do what AWS does by itself in that time')
  .argument('[days]', 'so many days; whole or not, for instance 30 or 0.5', parseDays)
  .option('--to <time>', 'to this time instead, in ISO 8601, for instance 2030-01-31', parseTime)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE))
  .addHelpText(
    'after',
    `
The clock is that of everything in it: functions, rows, objects, schedules, waits of state machines.
The lifecycle rules of buckets act only here: at each midnight UTC at which one finds something,
and at the end; 0 does what is due now. A schedule whose time has passed, even often, runs once.
Exit codes: 0 done, ${EXIT_USAGE} wrong usage, 1 anything else.`,
  )
  .action(async (days: number | undefined, { to }: { to?: number }, command: Command) => {
    if ((days === undefined) === (to === undefined)) {
      command.error('error: give either a number of days or --to.');
    }
    const seconds =
      to === undefined
        ? (days ?? 0) * DAY_SECONDS
        : (to - (await readClock(directory())).nowMs) / 1000;
    if (seconds < 0 || seconds > ADVANCE_DAYS_MAX * DAY_SECONDS) {
      command.error(
        `error: option '--to': the clock goes forward by at most ${ADVANCE_DAYS_MAX} days.`,
      );
    }
    report(await advance({ directory: directory(), seconds, log: progress }));
  });

function report({ nowMs, ...counts }: AdvanceReport): void {
  const lines = [
    `The embedded AWS has arrived at ${new Date(nowMs).toISOString()}.`,
    `objects expired   ${counts.objectsExpired}`,
    `versions removed  ${counts.versionsRemoved}`,
    `markers removed   ${counts.markersRemoved}`,
    `uploads aborted   ${counts.uploadsAborted}`,
    `rows expired      ${counts.rowsExpired}`,
    ...(counts.keptByLock > 0 ? [`kept by a lock    ${counts.keptByLock}`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function directory(): string {
  return program.opts<{ directory?: string }>().directory ?? defaultInstanceDirectory();
}

/** What has to be said besides, to mean this instance again. */
function meantBy(option: string): string {
  const { directory: named } = program.opts<{ directory?: string }>();
  return named === undefined ? '' : `${option} ${JSON.stringify(named)}`;
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function parseInteger(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError('It is not a whole number.');
  }
  return Number(text);
}

function parseDays(text: string): number {
  const days = /^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(days <= ADVANCE_DAYS_MAX)) {
    throw new InvalidArgumentError(`It is not a number from 0 to ${ADVANCE_DAYS_MAX}.`);
  }
  return days;
}

const ISO_TIME = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** Milliseconds since 1970. A time without a zone is UTC. */
function parseTime(text: string): number {
  const [iso, day, time, zone] = ISO_TIME.exec(text) ?? [];
  const timeMs = Date.parse(time === undefined || zone !== undefined ? text : `${text}Z`);
  // Date.parse takes 31 February for 3 March.
  if (iso === undefined || Number.isNaN(timeMs) || dayOf(Date.parse(`${day}T00:00Z`)) !== day) {
    throw new InvalidArgumentError('It is not a time in ISO 8601, for instance 2030-01-31T12:00Z.');
  }
  return timeMs;
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

function parsePort(text: string): number {
  const port = parseInteger(text);
  if (port < 1 || port > 65_535) {
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  }
  return port;
}

function parseFactor(text: string): number {
  const factor = Number(text);
  if (text.trim() === '' || !Number.isFinite(factor) || factor < 0 || factor > 1) {
    throw new InvalidArgumentError('It is not a number from 0 to 1.');
  }
  return factor;
}

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof LocalEnvironmentError;
  progress(known ? error.message : String((error as Error).stack ?? error));
  process.exitCode = 1;
}
