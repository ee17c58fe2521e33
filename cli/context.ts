/** What every command gets: the process, the chosen format, and the API once it is needed. */
import type { LetheClient } from './api/lethe-client.ts';
import { AWAY_SECONDS_MAX } from './api/retry.ts';
import type { CliError } from './errors.ts';
import { type Io, writeLine } from './io.ts';
import type { Format, GlobalOptions } from './settings.ts';

export interface Context {
  readonly io: Io;
  readonly format: Format;
  /** Opens the API on first use, so that what needs no API needs no settings either. */
  client(): Promise<LetheClient>;
  close(): void;
}

export function createContext(options: GlobalOptions, io: Io): Context {
  let opened: Promise<LetheClient> | undefined;
  let ready: LetheClient | undefined;
  const open = async (): Promise<LetheClient> => {
    const [{ resolveEndpoint }, { SignedTransport }, { LetheClient }] = await Promise.all([
      import('./settings.ts'),
      import('./api/transport.ts'),
      import('./api/lethe-client.ts'),
    ]);
    const transport = new SignedTransport(await resolveEndpoint(options, io));
    ready = new LetheClient(transport, {
      now: () => io.now(),
      sleep: (ms, signal) => io.sleep(ms, signal),
      random: Math.random,
      onAway: tellingOnce(io),
    });
    return ready;
  };
  return {
    io,
    format: options.format ?? (io.stdout.isTTY ? 'table' : 'flow'),
    client: () => {
      opened ??= open();
      return opened;
    },
    close: () => ready?.close(),
  };
}

/** Once is enough: nobody listens for every second of it. */
function tellingOnce(io: Io): (error: CliError) => AbortSignal {
  let isTold = false;
  return ({ message }) => {
    const line = `${message}; waiting up to ${AWAY_SECONDS_MAX} seconds for it`;
    if (!isTold) void writeLine(io.stderr, line).catch(() => {});
    isTold = true;
    return io.interruption();
  };
}
