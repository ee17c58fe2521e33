import { beforeEach, describe, expect, test } from 'vitest';
import { BUCKET_UIDS } from '../../../../functions/contract/limits.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { changeUids } from '../../../../functions/core/mailboxes/mailbox-uids.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import { listMessages } from '../../../../functions/core/messages/read-messages.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.com';
const DEADLINE = Number.POSITIVE_INFINITY;

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World({ pageEntries: 1000 });
  account = await createAccount(world.ports, CLASSES, { user: USER });
});

const inbox = () => requireMailbox(world.rows, account, 'INBOX');

async function deliver(count: number, first?: number): Promise<number[]> {
  const given: number[] = [];
  for (let sent = 0; sent < count; sent += 98) {
    const messages = Array.from({ length: Math.min(98, count - sent) }, (_, index) => ({
      raw: mail('x'),
      ...(first === undefined ? {} : { uid: first + sent + index }),
    }));
    given.push(...(await deliverMessages(world.ports, { user: USER, messages }, DEADLINE)).uids);
  }
  return given;
}

async function expunge(uids: readonly number[]): Promise<void> {
  const settings = resolveSettings({ lazyExpunge: 'in-place' });
  const context = { account, settings, retentionDays: { r30: 30 } };
  await expungeMessages(
    { ports: world.ports, context, deadline: DEADLINE },
    await inbox(),
    uids,
    {},
  );
}

/** Lists all, in pages of 500; what it took. */
async function list() {
  const cost = { queries: 0, rows: 0 };
  const query: RowStore['query'] = async (asked) => {
    const page = await world.rows.query(asked);
    cost.queries += 1;
    cost.rows += page.rows.length;
    return page;
  };
  const rows = new Proxy<RowStore>(world.rows, {
    get: (target, name) => (name === 'query' ? query : Reflect.get(target, name).bind(target)),
  });
  const uids: number[] = [];
  for (let afterUid: number | undefined = 0; afterUid !== undefined; ) {
    const page = await listMessages({ rows, clock: world.clock }, await inbox(), {
      afterUid,
      limit: 500,
    });
    uids.push(...page.messages.map(({ uid }) => uid));
    afterUid = page.nextAfterUid;
  }
  return { uids, ...cost };
}

const directory = (kind: string) =>
  world.rows.rows('dictmap').filter(({ key }) => key.sk.startsWith(`${kind}#`)).length;

describe('O3: what a list costs follows what it shows', () => {
  test.each([[0], [980], [10_050]])(
    'O3: 50 messages behind %i that have ended, which are kept',
    async (ended) => {
      await expunge(await deliver(ended));
      const uids = await deliver(50);
      const listed = await list();
      expect(listed.uids).toEqual(uids);
      expect(listed.queries).toBeLessThanOrEqual(3);
      expect(listed.rows).toBeLessThanOrEqual(53);
    },
    60_000,
  );

  test('O3: messages among ended ones, wherever they lie', async () => {
    const given = await deliver(980);
    const stay = given.filter((uid) => uid % 98 === 0);
    await expunge(given.filter((uid) => uid % 98 !== 0));
    const listed = await list();
    expect(listed.uids).toEqual(stay);
    expect(listed.rows).toBeLessThan(30);
  });

  test('O3: a bucket in which nothing lives leaves the way of lists', async () => {
    await changeUids(world.ports, account, (await inbox()).mailboxId, { uidNext: 9_990 }, DEADLINE);
    const given = await deliver(20);
    expect([directory('bucket'), directory('spent')]).toEqual([2, 0]);
    await expunge(given.slice(0, 9));
    expect([directory('bucket'), directory('spent')]).toEqual([2, 0]);
    await expunge(given.slice(9, 10));
    expect([directory('bucket'), directory('spent')]).toEqual([1, 1]);
    expect((await list()).uids).toEqual(given.slice(10));
  });

  test('O3: UIDs that are passed over by an import are not asked for', async () => {
    await deliver(1, 3);
    await deliver(1, 3 * BUCKET_UIDS + 5);
    await deliver(1, 3 * BUCKET_UIDS + 9_000);
    await expunge([3, 3 * BUCKET_UIDS + 5]);
    expect([directory('bucket'), directory('spent')]).toEqual([1, 1]);
    const listed = await list();
    expect(listed.uids).toEqual([3 * BUCKET_UIDS + 9_000]);
    expect(listed.queries).toBeLessThanOrEqual(2);
  });
});
