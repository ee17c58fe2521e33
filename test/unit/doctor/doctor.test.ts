import { describe, expect, test } from 'vitest';
import type { DoctorAnswer } from '../../../functions/contract/api.ts';
import type { MailServer } from '../../../functions/contract/mail-servers.ts';
import { examine } from '../../../functions/core/doctor/examine.ts';
import { timedOut, wrongSecret } from '../../../functions/core/ports/mail-server-errors.ts';
import type { RowStore } from '../../../functions/core/ports/row-store.ts';
import { makeDoctorDoor } from '../../../functions/handlers/doctor.ts';
import { MemoryMailServers } from '../../models/memory-mail-servers.ts';
import { MemoryRowStore } from '../../models/memory-row-store.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';

const PROXY = { url: 'https://proxy.example.org:8080', role: 'proxy' } as const;
const BACKEND = { url: 'http://backend.example.org:8080', role: 'backend' } as const;

const portsOf = (servers: readonly MailServer[], rows: RowStore = new MemoryRowStore()) => ({
  rows,
  clock: new VirtualClock(),
  mailServers: new MemoryMailServers(servers),
});

describe('the doctor', () => {
  test('all is well: says what each server can do', async () => {
    const ports = portsOf([PROXY, BACKEND]);
    const answer = await examine(ports);
    expect(answer).toMatchObject({
      healthy: true,
      checks: [
        { what: 'registry table', kind: 'table', ok: true },
        { what: PROXY.url, kind: 'proxy', ok: true, detail: expect.stringContaining('API key') },
        { what: BACKEND.url, kind: 'backend', ok: true },
      ],
    });
    const { detail = '' } = answer.checks[2] ?? {};
    expect(detail).toContain('cannot remove caches');
    expect(detail).toContain('without TLS');
  });

  test('O2: each server that fails is told with its error and what to do', async () => {
    const ports = portsOf([PROXY, BACKEND]);
    ports.mailServers.fail(wrongSecret(PROXY), PROXY.url);
    ports.mailServers.fail(timedOut(BACKEND, 5), BACKEND.url);
    const { healthy, checks } = await examine(ports);
    expect(healthy).toBe(false);
    expect(checks).toMatchObject([
      { ok: true },
      { ok: false, error: 'MailServerAuthError', next: expect.stringMatching(/secret\.$/) },
      { ok: false, error: 'MailServerTimeoutError', detail: expect.stringContaining('5 seconds') },
    ]);
  });

  test('O2: a server that lacks a command is told', async () => {
    const ports = portsOf([PROXY]);
    ports.mailServers.commands = async () => ['who', 'mailboxList'];
    const { checks } = await examine(ports);
    expect(checks[1]).toMatchObject({ ok: false, detail: 'does not offer kick' });
  });

  test('O2: a table that does not answer, as from a VPC without a way out, is told in time', async () => {
    const rows = new MemoryRowStore();
    rows.get = () => new Promise(() => {});
    const { healthy, checks } = await examine(portsOf([], rows));
    expect(healthy).toBe(false);
    expect(checks).toMatchObject([
      { detail: 'no answer within 5 seconds', next: expect.stringContaining('gateway endpoint') },
    ]);
    rows.get = () => Promise.reject(Object.assign(new Error(''), { name: 'AccessDenied' }));
    expect((await examine(portsOf([], rows))).checks).toMatchObject([{ error: 'AccessDenied' }]);
  });

  test('answers over HTTP, on POST only', async () => {
    const door = makeDoctorDoor(() => portsOf([PROXY]));
    const answer = await door.request('/v1/doctor', { method: 'POST' });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as DoctorAnswer).checks).toHaveLength(2);
    expect((await door.request('/v1/doctor')).status).toBe(404);
  });
});
