import { beforeEach, describe, expect, test } from 'vitest';
import { createAccount } from '../../../functions/core/accounts/create-account.ts';
import { serverRefused } from '../../../functions/core/ports/mail-server-errors.ts';
import { makeAddressApi } from '../../../functions/handlers/address-api.ts';
import { CRASH_POINTS, Crashes } from '../../models/faulty.ts';
import { CLASSES, World } from '../../simulation/world.ts';
import { captureLog } from '../runtime/log-lines.ts';
import { answerOf, Doors, expectProblem } from './doors.ts';

const JOHN = 'john@x.org';
const RENAME = `POST /v1/accounts/${JOHN}/rename`;
const ALIASES = `/v1/accounts/${JOHN}/aliases`;
const SERVERS = [
  { url: 'https://proxy.example.org', role: 'proxy' },
  { url: 'https://backend.example.org', role: 'backend' },
] as const;

let doors: Doors;
let accountId: string;
beforeEach(async () => {
  doors = new Doors();
  accountId = await doors.addAccount(JOHN);
});

describe('POST /v1/accounts/{user}/rename', () => {
  test('R1: answers what became of both names, and the same again', async () => {
    const answer = {
      ...{ accountId, user: 'j@y.org', userdb: 'renamed', domainChanged: true },
      formerAddress: {
        ...{ address: JOHN, state: 'reserved' },
        reservedUntil: expect.stringMatching(/^2027-05-21T/),
      },
      formerSessions: { state: 'noServers', sessions: 0, serversFailed: [] },
    };
    const first = await doors.ask(RENAME, { body: { to: 'j@y.org' } });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ outcome: 'renamed', ...answer });
    const again = await doors.ask(RENAME, { body: { to: 'j@y.org' } });
    expect(again.body).toEqual({ outcome: 'already', ...answer });
    expectProblem(await doors.ask(`GET /v1/accounts/${JOHN}`), 404, 'urn:lethe:unknown-user');
    const shown = await doors.ask('GET /v1/accounts/j@y.org');
    expect(shown.body).toMatchObject({ accountId, user: 'j@y.org', aliases: [] });
  });

  test('U4: a reserved address has a problem of its own that says until when', async () => {
    await doors.addAccount('b@x.org');
    await doors.ask(RENAME, { body: { to: 'j@x.org' } });
    const body = { to: JOHN };
    const answer = await doors.ask('POST /v1/accounts/b@x.org/rename', { body });
    const { detail } = expectProblem(answer, 409, 'urn:lethe:address-reserved');
    expect(detail).toContain('reserved until 2027-05-21T');
    const created = await doors.ask('POST /v1/accounts', { body: { user: JOHN } });
    expectProblem(created, 409, 'urn:lethe:address-reserved');
  });

  test('R1: entries of ACLs mean the same person afterwards', async () => {
    await doors.addAccount('bob@x.org');
    const acl = { mailbox: 'INBOX', identifier: JOHN, rights: 'lr' };
    const bobs = '/v1/accounts/bob@x.org/mailboxes/acl';
    await doors.ask(`PUT ${bobs}`, { body: acl });
    await doors.ask(RENAME, { body: { to: 'j@x.org', oldAddress: 'free' } });
    await doors.addAccount(JOHN);
    const { body } = await doors.ask(`GET ${bobs}?mailbox=INBOX`);
    expect(body['entries']).toMatchObject({ 'j@x.org': 'lr' });
    const look = (as: string) =>
      doors.ask(`GET /v1/accounts/bob@x.org/messages?mailbox=INBOX&as=${as}`);
    expect((await look('j@x.org')).status).toBe(200);
    expect((await look(JOHN)).status).not.toBe(200);
  });

  test('O1: a dry run changes nothing; O2: what may become of the old address is named', async () => {
    const before = doors.world.rows.rows();
    const dry = await doors.ask(`${RENAME}?dryRun=true`, { body: { to: 'j@x.org' } });
    expect(dry.body).toMatchObject({
      ...{ dryRun: true, outcome: 'renamed' },
      formerSessions: { state: 'notAsked' },
    });
    const wrong = await doors.ask(RENAME, { body: { to: 'j@x.org', oldAddress: 'keep' } });
    expectProblem(wrong, 400, 'urn:lethe:invalid-input', ['oldAddress']);
    const other = 'a'.repeat(24);
    const stray = await doors.ask(`${RENAME}?accountId=${other}`, { body: { to: 'j@x.org' } });
    expectProblem(stray, 409, 'urn:lethe:account-mismatch');
    expect(doors.world.rows.rows()).toEqual(before);
  });
});

describe('sessions of the old name', () => {
  const [PROXY, BACKEND] = SERVERS;
  const makeWorld = async () => {
    const world = new World({ servers: SERVERS });
    await createAccount(world.ports, CLASSES, { user: JOHN });
    for (const { url } of SERVERS) {
      world.mailServers.connect(url, JOHN);
      world.mailServers.connect(url, 'other@x.org');
    }
    return world;
  };
  const rename = async (world: World, to = 'j@x.org', ports = world.ports) => {
    const door = makeAddressApi(() => ({ ports, reservation: { reservationDays: 0 } }));
    const init = { method: 'POST', body: JSON.stringify({ to }) };
    return (await answerOf(await door.request(`/v1/accounts/${JOHN}/rename`, init))).body;
  };

  test('R1: end on all servers, once the name has changed, and nobody else’s', async () => {
    const world = await makeWorld();
    world.mailServers.connect(PROXY.url, JOHN, 'comes back');
    const { formerSessions } = await rename(world);
    expect(formerSessions).toEqual({ state: 'ended', sessions: 0, serversFailed: [] });
    expect(world.mailServers.connected()).toEqual(['other@x.org', 'other@x.org']);
  });

  test('R1: are left and counted where they do not end in time; the same again ends them', async () => {
    const world = await makeWorld();
    world.mailServers.connect(BACKEND.url, JOHN, 'stays');
    const began = world.clock.now();
    expect((await rename(world))['formerSessions']).toMatchObject({ state: 'left', sessions: 1 });
    expect(world.clock.now() - began).toBeLessThan(29_000);
    world.mailServers.endAll(JOHN);
    const again = await rename(world);
    expect(again).toMatchObject({ outcome: 'already', formerSessions: { state: 'ended' } });
  });

  test('R1: a server that fails does not undo the rename; it is named', async () => {
    const world = await makeWorld();
    world.mailServers.fail(serverRefused(PROXY, 'it is ill'), PROXY.url);
    expect(await rename(world)).toMatchObject({
      outcome: 'renamed',
      formerSessions: { state: 'left', sessions: 0, serversFailed: [PROXY.url] },
    });
  });

  test('W7: of whoever has got the name since are left alone', async () => {
    const world = await makeWorld();
    await rename(world);
    await createAccount(world.ports, CLASSES, { user: JOHN });
    world.mailServers.connect(PROXY.url, JOHN);
    const { kicks } = world.mailServers;
    expect((await rename(world))['formerSessions']).toMatchObject({ state: 'notAsked' });
    expect(world.mailServers.kicks).toBe(kicks);
  });

  test('U5: a crash anywhere is made good by the same request', async () => {
    const log = captureLog();
    let crashed = 0;
    for (let call = 1; ; call += 1) {
      const outcomes: unknown[] = [];
      for (const point of CRASH_POINTS) {
        const world = await makeWorld();
        const process = new Crashes({ call, point });
        await rename(world, 'j@x.org', process.wrapAll({ ...world.ports }));
        if (!process.crashed) continue;
        crashed += 1;
        const again = await rename(world);
        outcomes.push(again['outcome']);
        expect({ call, point, again }).toMatchObject({
          ...{ call, point, again: { user: 'j@x.org', formerSessions: { state: 'ended' } } },
        });
        expect(world.mailServers.connected()).toEqual(['other@x.org', 'other@x.org']);
      }
      if (outcomes.length === 0) break;
    }
    log.release();
    expect(crashed).toBeGreaterThan(6);
  });
});

describe('aliases and addresses', () => {
  test('U4: an alias comes, goes, and is reserved until an administrator ends that', async () => {
    const address = 'sales@x.org';
    const added = await doors.ask(`POST ${ALIASES}`, { body: { address } });
    expect(added.body).toEqual({ outcome: 'added', accountId, address });
    const owned = await doors.ask(`GET /v1/addresses/${address}`);
    expect(owned.body).toMatchObject({ state: 'owned', accountId, user: JOHN });
    const removed = await doors.ask(`DELETE ${ALIASES}?address=${address}`);
    expect(removed.body).toMatchObject({
      ...{ outcome: 'removed', accountId, formerAddress: { address, state: 'reserved' } },
    });
    const back = await doors.ask(`POST ${ALIASES}`, { body: { address } });
    expectProblem(back, 409, 'urn:lethe:address-reserved');
    const end = `DELETE /v1/addresses/${address}/reservation`;
    const dry = await doors.ask(`${end}?dryRun=true`);
    expect(dry.body).toMatchObject({ dryRun: true, state: 'reserved', reservedBy: 'remove-alias' });
    expect((await doors.ask(end)).body).toEqual({ address, state: 'free' });
    expect((await doors.ask(`POST ${ALIASES}`, { body: { address } })).status).toBe(200);
    expectProblem(await doors.ask(end), 409, 'urn:lethe:address-taken');
  });

  test('O2: an alias to be removed must be named, and what becomes of it is one of two', async () => {
    const missing = await doors.ask(`DELETE ${ALIASES}`);
    expectProblem(missing, 400, 'urn:lethe:invalid-input', ['address']);
    const wrong = await doors.ask(`DELETE ${ALIASES}?address=a@x.org&oldAddress=alias`);
    expectProblem(wrong, 400, 'urn:lethe:invalid-input', ['oldAddress']);
  });
});
