import { createServer } from 'node:net';

/**
 * Ports are drawn from below the range that systems hand out to outgoing connections (from 32,768
 * on Linux, from 49,152 elsewhere), so that a port remembered over a restart is not taken by one.
 */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
const TRIES = 50;

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/**
 * A port of 127.0.0.1 that is free now, drawn at random so that two callers at the same moment
 * hardly meet. Another process may still take it before it is used: callers try again then.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    if (await isPortFree(port)) {
      return port;
    }
  }
  throw new Error(
    `None of ${TRIES} ports drawn from ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} of 127.0.0.1 is free.`,
  );
}
