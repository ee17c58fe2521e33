import { beforeEach, expect, test } from 'vitest';
import type { RestoreMessagesRequest } from '../../../../functions/contract/requests/messages.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../../../functions/core/accounts/actor.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { StoreBusyError } from '../../../../functions/core/errors.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import { listMessages } from '../../../../functions/core/messages/read-messages.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { requestByQuery } from '../../../../functions/core/requests/copy-by-query.ts';
import { requestRestore } from '../../../../functions/core/requests/restore-request.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.com';
const STORAGE = '.EXPUNGED';
const SETTINGS = resolveSettings({ lazyExpunge: STORAGE });

/** More than a page of a walk. */
const MESSAGES = 600;

/** Transactions: some in the first page, some about as many as it takes. */
const BUSY_AFTER = [1, 5, 6, 7, 10, 11, 12, 13];
const IN_TIME_MS = 20_000;

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World({ pageEntries: 1000 });
  account = await createAccount(world.ports, CLASSES, { user: USER });
  await createMailbox(world.ports, account, 'Copies');
  for (let sent = 0; sent < MESSAGES; sent += 50) {
    const messages = Array.from({ length: 50 }, () => ({ raw: mail('x') }));
    await deliverMessages(world.ports, { user: USER, messages }, Number.POSITIVE_INFINITY);
  }
}, 60_000);

async function expungeAll(): Promise<void> {
  const uids = Array.from({ length: MESSAGES }, (_, index) => index + 1);
  const inbox = await requireMailbox(world.rows, account, 'INBOX');
  const never = Number.POSITIVE_INFINITY;
  await expungeMessages(
    { ports: world.ports, context: access(), deadline: never },
    inbox,
    uids,
    {},
  );
}

const access = () => ({ account, actor: ADMIN, settings: SETTINGS, retentionDays: { r30: 30 } });

/** A request whose transactions are as `transact` has them. */
function requestWith(transact: RowStore['transact']) {
  const rows = new Proxy<RowStore>(world.rows, {
    get: (target, name) =>
      name === 'transact' ? transact : Reflect.get(target, name).bind(target),
  });
  const deadline = world.clock.now() + IN_TIME_MS;
  return { ports: { ...world.ports, rows }, access: access(), deadline };
}

/** So slow that a request writes a few transactions only. */
const slow: RowStore['transact'] = async (writes) => {
  world.clock.advance(6000);
  return await world.rows.transact(writes);
};

async function uidsOf(path: string): Promise<number[]> {
  const mailbox = await requireMailbox(world.rows, account, path);
  const uids: number[] = [];
  for (let afterUid: number | undefined = 0; afterUid !== undefined; ) {
    const page = await listMessages(world.ports, mailbox, { afterUid, limit: 500 });
    uids.push(...page.messages.map(({ uid }) => uid));
    afterUid = page.nextAfterUid;
  }
  return uids;
}

test.each([[true], [false]])(
  'L3, O3: a query of more than one request restores each message once (keep: %s)',
  async (keep) => {
    await expungeAll();
    const restored: number[] = [];
    let cursor: string | undefined;
    let requests = 0;
    do {
      const body: RestoreMessagesRequest = { query: { origin: 'INBOX' }, keep };
      const asked = cursor === undefined ? body : { ...body, cursor };
      const answer = await requestRestore(requestWith(slow), asked);
      restored.push(...answer.restored.map(({ uid }) => uid));
      cursor = answer.next;
      requests += 1;
      expect(answer.complete).toBe(cursor === undefined);
    } while (cursor !== undefined && requests < 100);
    expect(requests).toBeGreaterThan(2);
    expect(new Set(restored).size).toBe(MESSAGES);
    expect(restored).toHaveLength(MESSAGES);
    expect(await uidsOf('INBOX')).toHaveLength(MESSAGES);
    expect(await uidsOf(STORAGE)).toHaveLength(keep ? MESSAGES : 0);
  },
  60_000,
);

/** A store that answers for a while, and then is busy. */
function busyAfter(written: number): RowStore['transact'] {
  let left = written;
  return async (writes) => {
    if (left <= 0) throw new StoreBusyError('the store is busy');
    left -= 1;
    return await world.rows.transact(writes);
  };
}

test('L3, W2: what was restored is told, though the store was busy then', async () => {
  await expungeAll();
  for (const written of BUSY_AFTER) {
    const before = (await uidsOf('INBOX')).length;
    const body = { query: { origin: 'INBOX' }, keep: true };
    const answer = await requestRestore(requestWith(busyAfter(written)), body).catch(
      () => undefined,
    );
    const more = (await uidsOf('INBOX')).length - before;
    expect(answer?.restored.length ?? 0).toBe(more);
  }
}, 60_000);

test('W2: what was copied by query is told, though the store was busy then', async () => {
  for (const written of BUSY_AFTER) {
    const before = (await uidsOf('Copies')).length;
    const body = { query: { mailbox: 'INBOX', all: true }, to: 'Copies' } as const;
    const request = requestWith(busyAfter(written));
    const answer = await requestByQuery(request, 'copy', body).catch(() => undefined);
    expect(answer?.done.length ?? 0).toBe((await uidsOf('Copies')).length - before);
  }
}, 60_000);

test('O2: a cursor without a query is refused', async () => {
  const body = { mailbox: STORAGE, uids: [1], cursor: 'x' };
  await expungeAll();
  await expect(requestRestore(requestWith(slow), body)).rejects.toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringContaining('cursor'),
  });
});
