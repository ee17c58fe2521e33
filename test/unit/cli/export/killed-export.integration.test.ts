import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exportedIn, filesIn, manifestOf } from '../support/exported.ts';
import { makeLocalDirectory } from '../support/local-directory.ts';
import { ACCOUNT_PATH, type MailServer, startMailServer } from '../support/mail-server.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

const PROGRAM = join(import.meta.dirname, '../../../../cli/lethe.ts');

let server: MailServer;
let local: string;
let out: string;

beforeEach(async () => {
  server = await startMailServer();
  local = await makeLocalDirectory(server.api.url);
  out = join(await temporaryDirectory(), 'out');
});

afterEach(() => server.api.close());

async function deliver(key: string, messages: readonly object[]): Promise<void> {
  const body = JSON.stringify({ messages });
  const target = `${ACCOUNT_PATH}/messages`;
  const headers = { 'idempotency-key': key };
  const request = { method: 'POST', target, headers, body, bytes: Buffer.from(body) };
  expect(await server.answer(request)).toMatchObject({ status: 201 });
}

describe('U5: an export that is killed', () => {
  const MESSAGES = 120;

  test.each(['maildir', 'mbox', 'eml'])('goes on, in the form %s', async (form) => {
    for (let at = 0; at < MESSAGES; at += 20) {
      const messages = Array.from({ length: 20 }, (_, number) => ({
        raw: Buffer.from(`Subject: ${at + number}\n\n${'text\n'.repeat(at * 5)}`).toString(
          'base64',
        ),
      }));
      await deliver(`batch-${at}`, messages);
    }
    const words = ['export', '-u', server.user, out, '--form', form];
    let fetched = 0;
    let child: ReturnType<typeof spawn> | undefined;
    server.api.otherwise(async (request) => {
      if (/\/messages\/\d+\?/.test(request.target)) fetched += 1;
      if (fetched % 40 === 39) child?.kill('SIGKILL');
      return await server.answer(request);
    });
    for (let kills = 0; kills < 2; kills += 1) {
      child = spawn(process.execPath, [PROGRAM, '--local', local, ...words], { stdio: 'ignore' });
      const [, signal] = (await once(child, 'close')) as [number | null, string | null];
      expect(signal).toBe('SIGKILL');
      await expect(manifestOf(out)).rejects.toThrow('ENOENT');
      fetched += 1;
    }
    child = undefined;
    server.api.otherwise(server.answer);
    const result = await runCli([...words, '-f', 'json', '--local', local]);
    expect({ code: result.exitCode, stderr: result.stderr }).toMatchObject({ code: 0 });
    const report = JSON.parse(result.stdout) as { complete: boolean; stored: number };
    expect(report.complete).toBe(true);
    // At most what was on its way is fetched again.
    expect(report.stored).toBeLessThan(MESSAGES - 40);
    const lines = (await manifestOf(out)).filter(({ kind }) => kind === 'message');
    expect(lines.map(({ uid }) => uid)).toEqual(
      Array.from({ length: MESSAGES }, (_, number) => number + 1),
    );
    for (const line of lines) {
      expect(await exportedIn(out, line)).toBe(line.sha256);
    }
    const files = await filesIn(out);
    expect(files.filter((file) => /lethe,|\.eml$|\.mbox$/.test(file))).toHaveLength(
      form === 'mbox' ? 1 : MESSAGES,
    );
    const own = await readdir(join(out, 'lethe-export.d'));
    expect(own.filter((name) => !name.endsWith('.jsonl'))).toEqual(['export.json']);
  });
});
