import { describe, expect, test } from 'vitest';
import { withRetries } from '../../../cli/api/retry.ts';
import { CliError } from '../../../cli/errors.ts';
import type { SeenRequest } from './support/fake-api.ts';
import { runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ADMIN_MESSAGES = '/v1/admin/accounts/john%40example.com/messages';

const fake = useFakeApi();

describe('O3: a server that goes away', () => {
  const error = new CliError(69, 'nobody listens');
  const away = { kind: 'away', error } as const;

  function waiting(interruption = new AbortController()) {
    const waits: number[] = [];
    const told: string[] = [];
    const ports = {
      sleep: async (ms: number) => void waits.push(ms),
      random: () => 1,
      onAway: ({ message }: CliError) => {
        told.push(message);
        return interruption.signal;
      },
    };
    return { ports, waits, told };
  }

  test('is waited for, and the request is sent again', async () => {
    const { ports, waits, told } = waiting();
    const results = [away, away, { kind: 'answer', answer: 'yes' } as const];
    const attempt = async () => results.shift() ?? away;
    expect(await withRetries(ports, attempt)).toBe('yes');
    expect([waits.length, told.length]).toEqual([2, 2]);
  });

  test('is given up after two minutes', async () => {
    const { ports, waits } = waiting();
    await expect(withRetries(ports, async () => away)).rejects.toBe(error);
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(120_000);
  });

  test('is not waited for after Ctrl-C', async () => {
    const interruption = new AbortController();
    interruption.abort();
    const { ports, waits } = waiting(interruption);
    await expect(withRetries(ports, async () => away)).rejects.toMatchObject({ exitCode: 130 });
    expect(waits).toEqual([]);
  });

  test('a command that it had answered goes on when it is back', async () => {
    const path = `POST ${ADMIN_MESSAGES}/flags`;
    const changed = ({ body }: SeenRequest) => ({ body: { changed: JSON.parse(body).uids } });
    const lost = async () => {
      void fake.api.close();
      return { hangUp: true };
    };
    fake.api.on(path, changed, lost, changed);
    const argv = ['message', 'flag', '-u', USER, '--uid', '1-900', '--add', 'x'];
    const result = await runCli([...argv, '--local', fake.local], {
      onSleep: async (count) => void (count === 5 && (await fake.api.reopen())),
    });
    expect(result.exitCode).toBe(0);
    expect(result.stdout.trim().split('\n')).toHaveLength(900);
    expect(result.stderr.match(/cannot reach the server.*waiting up to 120 seconds/g)).toHaveLength(
      1,
    );
  });
});
