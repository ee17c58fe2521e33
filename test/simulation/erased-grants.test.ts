/** Rights between accounts, one of which is erased. */
import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deleteNow } from '../../functions/core/folders/delete-now.ts';
import { changeAcl, parseAclChange } from '../../functions/core/mailboxes/access-list.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { readMailbox, requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import type { Write } from '../../functions/core/ports/row-store.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { makeDoomed, NEIGHBOUR, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import { CLASSES, type World } from './world.ts';

const THIRD = 'c@x.co';

let world: World;
let doomed: Account;
let neighbour: Account;

const until = () => world.clock.now() + 20_000;

beforeEach(async () => {
  ({ world, account: doomed, neighbour } = await makeDoomed());
  await createAccount(world.ports, CLASSES, { user: THIRD });
});

const accountOf = (user: string) => requireActiveAccount(world.rows, user);

async function share(owner: string, path: string, identifier: string, rights = 'lr') {
  const account = await accountOf(owner);
  const mailbox = await requireMailbox(world.rows, account, path);
  const change = await parseAclChange(world.rows, account, identifier, rights);
  await changeAcl(world.ports, account, { mailbox, change }, until());
  return mailbox.mailboxId;
}

const aclOf = async (mailboxId: string) => (await readMailbox(world.rows, mailboxId))?.acl;

/** Every row that names the account, besides its own and those of operations. */
function namedElsewhere({ accountId }: Account): string[] {
  return world.rows.rows().flatMap(({ key, attributes }) => {
    const isOwn = key.pk.includes(accountId) || /^(operation|address)#/.test(key.pk);
    const names = key.sk.includes(accountId) || JSON.stringify(attributes).includes(accountId);
    return !isOwn && names ? [`${key.pk} / ${key.sk}`] : [];
  });
}

describe('an erased account', () => {
  test('X3: is in no ACL of others, and no account says that it has rights in its mailboxes', async () => {
    const theirs = await share(NEIGHBOUR, 'INBOX', USER);
    await share(NEIGHBOUR, 'INBOX', THIRD);
    await share(USER, 'INBOX', NEIGHBOUR);
    expect(namedElsewhere(doomed)).toHaveLength(2);
    expect(await world.run({ user: USER })).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(world, doomed.accountId)).toEqual([]);
    expect(namedElsewhere(doomed)).toEqual([]);
    const { accountId } = await accountOf(THIRD);
    expect(await aclOf(theirs)).toEqual({ [accountId]: 'lr' });
  });

  test.each(CRASH_POINTS)(
    'X3, U5: nor when any step dies %s a change, and is tried again',
    async (point) => {
      const [first, second] = await Promise.all([
        share(NEIGHBOUR, 'INBOX', USER),
        share(THIRD, 'INBOX', USER),
      ]);
      await share(USER, 'INBOX', NEIGHBOUR);
      await share(USER, 'INBOX', THIRD);
      const rows = world.rows.rows();
      for (let call = 1; ; call += 1) {
        await world.rows.removeAll(world.rows.rows().map(({ key }) => key));
        for (const row of rows) await world.rows.write({ kind: 'put', ...row });
        const options = { execution: `run-${call}`, crash: { call, point } };
        const run = await world.run({ user: USER }, options);
        expect(run.status).toBe('SUCCEEDED');
        expect(namedElsewhere(doomed)).toEqual([]);
        expect(await aclOf(first)).toEqual({});
        expect(await aclOf(second)).toEqual({});
        if (call > world.changes) break;
      }
    },
    60_000,
  );

  test('X3: nobody gives it rights behind its fence', async () => {
    const owner = await accountOf(NEIGHBOUR);
    const change = await parseAclChange(world.rows, owner, USER, 'lr');
    const inbox = await requireMailbox(world.rows, owner, 'INBOX');
    const late: Promise<unknown>[] = [];
    const onState = (name: string) => {
      if (name !== 'Erase account rows' || late.length > 0) return;
      const wish = { mailbox: inbox, change };
      late.push(changeAcl(world.ports, owner, wish, until()).catch((error) => error));
    };
    expect(await world.run({ user: USER }, { onState })).toMatchObject({ status: 'SUCCEEDED' });
    expect(await Promise.all(late)).toMatchObject([{ name: 'AccountNotActiveError' }]);
    expect(namedElsewhere(doomed)).toEqual([]);
  });

  test('X3: a mailbox that was shared and is deleted still tells of it until its shell goes', async () => {
    await createMailbox(world.ports, neighbour, 'Shared');
    const owner = await accountOf(NEIGHBOUR);
    const mailboxId = await share(NEIGHBOUR, 'Shared', USER);
    const mailbox = await requireMailbox(world.rows, owner, 'Shared');
    const context = { account: owner, settings: resolveSettings({}), retentionDays: {} };
    await deleteNow(world.ports, context, { mailbox }, until());
    expect(await readMailbox(world.rows, mailboxId)).toMatchObject({ state: 'shell' });
    expect(await world.run({ user: NEIGHBOUR })).toMatchObject({ status: 'SUCCEEDED' });
    const told = dictmapKeys.granted(doomed.accountId, mailboxId);
    expect(await world.rows.get(told)).toBeUndefined();
  });

  test('X3: an ACL that cannot be changed fails the step, rather than keep a name unseen', async () => {
    await share(NEIGHBOUR, 'INBOX', USER);
    const { rows } = world;
    const refusing = new Proxy(rows, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          const write = args[0] as Write | undefined;
          const isAcl =
            name === 'write' && write?.kind === 'update' && 'acl' in (write.change.set ?? {});
          return isAcl ? { outcome: 'refused', refusals: [] } : await member.apply(target, args);
        };
      },
    });
    const outage = {
      wrapAll: (_: string, ports: World['ports']) => ({ ...ports, rows: refusing }),
    };
    const run = await world.run({ user: USER }, { outage: outage as never });
    expect(run.status).toBe('FAILED');
  });
});
