/** What still follows from settings that somebody changes at the same time. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { requireActiveAccount } from '../../../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../../../functions/core/accounts/actor.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { sweepMailbox } from '../../../../functions/core/autoexpunge/sweep-mailbox.ts';
import { deleteTree } from '../../../../functions/core/folders/delete-tree.ts';
import { undeleteTree } from '../../../../functions/core/folders/undelete-tree.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { requestCreate } from '../../../../functions/core/requests/create-request.ts';
import { requestRename } from '../../../../functions/core/requests/rename-request.ts';
import {
  applyToDomain,
  replacing,
  requestAccountSettings,
} from '../../../../functions/core/requests/settings-requests.ts';
import {
  changeDomainSettings,
  readSettings,
} from '../../../../functions/core/settings/settings-store.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';
import { RETENTION_DAYS } from './swept-account.ts';

const USER = 'john@example.org';
const DOMAIN = 'example.org';
const KEPT: MailSettings = {};
const SWEPT: MailSettings = { mailboxes: { 'Bin*': { autoexpunge: { afterSeconds: 60 } } } };

let world: World;

beforeEach(async () => {
  world = new World();
  await createAccount(world.ports, CLASSES, { user: USER });
});

const deadline = () => world.clock.now() + 20_000;
const account = () => requireActiveAccount(world.rows, USER);

async function changeOwn(settings: MailSettings): Promise<void> {
  const request = { ports: world.ports, deployment: {}, deadline: deadline() };
  await requestAccountSettings(request, await account(), replacing(settings));
}

async function changeDomain(settings: MailSettings): Promise<void> {
  await changeDomainSettings(
    world.ports,
    { deployment: {}, domain: DOMAIN },
    () => settings,
    deadline(),
  );
}

/** As the call that brings settings of a domain to its accounts. */
const apply = () =>
  applyToDomain({ ports: world.ports, deployment: {}, deadline: deadline() }, DOMAIN, undefined);

async function request(rows: RowStore = world.rows) {
  const owner = await account();
  const settings = await readSettings(world.rows, {}, owner);
  const access = { account: owner, actor: ADMIN, settings, retentionDays: RETENTION_DAYS };
  return { ports: { ...world.ports, rows }, access, deadline: deadline() };
}

const box = async (path: string) => requireMailbox(world.rows, await account(), path);
const policyOf = async (path: string) => (await box(path)).autoexpungeAfterSeconds;
const live = () =>
  world.rows.rows('dictmap').filter(({ attributes }) => attributes['state'] === 'live').length;

async function fill(path: string): Promise<void> {
  await requestCreate(await request(), { path });
  const messages = [{ raw: Buffer.from('Subject: x\r\n\r\nx') }];
  await deliverMessages(world.ports, { user: USER, mailbox: path, messages }, deadline());
}

const CHANGES = [
  ['the account', changeOwn],
  [
    'its domain',
    async (settings: MailSettings) => {
      await changeDomain(settings);
      await apply();
    },
  ],
] as const;

describe.each(CHANGES)('a sweep that read older settings of %s', (_, change) => {
  test('X1: takes no newer policy off a mailbox', async () => {
    await change(KEPT);
    await fill('Bin');
    const { access } = await request();
    await change(SWEPT);
    expect(await policyOf('Bin')).toBe(60);
    world.clock.advance(120_000);
    const mailbox = await box('Bin');
    expect(await sweepMailbox(world.ports, access, mailbox, { until: deadline() })).toMatchObject({
      outcome: 'skipped',
    });
    expect(await policyOf('Bin')).toBe(60);
  });

  test('W1: expunges nothing under a policy that was withdrawn before it came', async () => {
    await change(SWEPT);
    await fill('Bin');
    const { access } = await request();
    world.clock.advance(120_000);
    await change(KEPT);
    const mailbox = await box('Bin');
    const swept = await sweepMailbox(world.ports, access, mailbox, { until: deadline() });
    expect(swept).toMatchObject({ outcome: 'skipped', messages: 0 });
    expect(live()).toBe(1);
  });

  test('W1: nor under one that is withdrawn while it expunges', async () => {
    await change(SWEPT);
    await fill('Bin');
    world.clock.advance(120_000);
    const mailbox = await box('Bin');
    const rows = interrupted(world.rows, () => change(KEPT));
    const { access, ports } = await request(rows);
    expect(await sweepMailbox(ports, access, mailbox, { until: deadline() })).toMatchObject({
      outcome: 'skipped',
      messages: 0,
    });
    expect(live()).toBe(1);
    expect(await policyOf('Bin')).toBeUndefined();
  });

  test('A1: the same sweep with the settings of now does what they say', async () => {
    await change(SWEPT);
    await fill('Bin');
    world.clock.advance(120_000);
    const { access } = await request();
    const swept = await sweepMailbox(world.ports, access, await box('Bin'), { until: deadline() });
    expect(swept).toMatchObject({ outcome: 'done', messages: 1 });
  });
});

describe('a name that a mailbox gets while settings of the domain are brought to it', () => {
  const later = (happens: () => Promise<unknown>) => interrupted(world.rows, happens);
  const changed = async () => {
    await changeDomain(SWEPT);
    await apply();
  };
  const busy = { name: 'StoreBusyError' };

  test('A1: by being made: the request is refused, and the next one has the policy', async () => {
    await expect(
      requestCreate(await request(later(changed)), { path: 'Bin' }),
    ).rejects.toMatchObject(busy);
    await requestCreate(await request(), { path: 'Bin' });
    expect(await policyOf('Bin')).toBe(60);
  });

  test('A1, A2: by a rename', async () => {
    await fill('Work');
    const late = await request(later(changed));
    await expect(requestRename(late, { from: 'Work', to: 'Bin' })).rejects.toMatchObject(busy);
    await requestRename(await request(), { from: 'Work', to: 'Bin' });
    expect(await policyOf('Bin')).toBe(60);
  });

  test('A1, F4: by coming back', async () => {
    await fill('Bin');
    const { access, ports } = await request();
    const deletion = { ...access, path: 'Bin', scope: 'tree', requestedBy: 'test' } as const;
    const { deletionId } = await deleteTree(
      ports,
      { ...deletion, keepInbox: false, check: () => {} },
      deadline(),
    );
    const late = await request(later(changed));
    const undelete = ({ ports: on, access: by }: Awaited<ReturnType<typeof request>>) =>
      undeleteTree(on, { account: by.account, settings: by.settings, deletionId }, deadline());
    await expect(undelete(late)).rejects.toMatchObject(busy);
    await undelete(await request());
    expect(await policyOf('Bin')).toBe(60);
  });

  test('A1: with its account', async () => {
    const policy: MailSettings = { mailboxes: { INBOX: { autoexpunge: { afterSeconds: 60 } } } };
    const rows = later(() => changeDomain(policy));
    await createAccount({ ...world.ports, rows }, CLASSES, { user: `anna@${DOMAIN}` });
    const anna = await requireActiveAccount(world.rows, `anna@${DOMAIN}`);
    const inbox = await requireMailbox(world.rows, anna, 'INBOX');
    expect(inbox.autoexpungeAfterSeconds).toBe(60);
  });

  test('A1: one that was there before they are brought gets it then', async () => {
    await requestCreate(await request(), { path: 'Bin' });
    await changeDomain(SWEPT);
    expect(await policyOf('Bin')).toBeUndefined();
    expect(await apply()).toMatchObject({ mailboxes: 1 });
    expect(await policyOf('Bin')).toBe(60);
  });
});
