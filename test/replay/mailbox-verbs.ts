/** Verbs that change mailboxes, their rights, and quotas. */
import { accountPartition, dictmapKeys, ROW_VERSION } from '../../functions/contract/row-layout.ts';
import { text } from '../../functions/core/rows/attributes.ts';
import type { Step } from './scenario.ts';
import type { Session } from './session.ts';
import type { Verb } from './verbs.ts';

export const MAILBOX_VERBS: Readonly<Record<string, Verb>> = {
  create: async (session, step) => {
    await session.ask('POST', step, 'mailboxes', { body: { path: step['mailbox'] } });
  },
  renameMailbox: async (session, step) => {
    const body = { from: step['from'], to: step['to'] };
    await session.ask('POST', step, 'mailboxes/rename', { body });
  },
  subscribe: async (session, step) => {
    await session.ask('POST', step, 'subscriptions', { body: { path: step['mailbox'] } });
  },
  setAcl: async (session, step) => {
    const identifier = String(step['identifier']);
    await session.ensureUser(identifier);
    const body = {
      mailbox: step['mailbox'],
      identifier: session.identifierOf(step, identifier),
      rights: step['rights'],
    };
    await session.ask('PUT', step, 'mailboxes/acl', { body });
  },
  setQuota: async (session, step) => {
    await session.ask('PUT', { ...step, as: 'admin' }, 'quota', {
      body: { limitBytes: step['bytes'] },
    });
  },
  recountQuota: async (session, step) => {
    await session.ask('POST', { ...step, as: 'admin' }, 'quota/recount');
  },
  breakExpungeStorage: (session, step) => setStorages(session, step, 'broken'),
  repairExpungeStorage: (session, step) => setStorages(session, step, 'active'),
};

/** A mailbox that the doors know nothing of, made only to be broken. */
const BROKEN_ID = 'ffffffffffffffff';

/**
 * Puts the storages of an account into a state in which they take no mail, by their rows: no
 * request can do that.
 */
async function setStorages(session: Session, step: Step, state: string): Promise<void> {
  const { rows } = session.target;
  const { accountId } = session.user(step);
  for (const path of await storagePaths(session, step)) {
    const pathKey = dictmapKeys.path(accountId, path);
    const there = await rows.get(pathKey);
    const mailboxId = there === undefined ? `${accountId}.${BROKEN_ID}` : text(there, 'mailboxId');
    const key = dictmapKeys.mailbox(mailboxId);
    if (there !== undefined) {
      if (mailboxId.endsWith(BROKEN_ID) && state === 'active') {
        await rows.transact([
          { kind: 'remove', key },
          { kind: 'remove', key: pathKey },
        ]);
        continue;
      }
      await rows.write({
        kind: 'update',
        key,
        guard: { row: 'present' },
        change: { set: { state } },
      });
      continue;
    }
    if (state === 'active') continue;
    const mailbox = { mailboxId, path, state, role: 'storage', uidValidity: 1, uidNext: 1 };
    await rows.transact([
      {
        kind: 'put',
        key,
        attributes: { v: ROW_VERSION, type: 'mailbox', ...mailbox, messages: 0, bytes: 0 },
      },
      { kind: 'put', key: pathKey, attributes: { v: ROW_VERSION, type: 'path', mailboxId } },
    ]);
  }
}

async function storagePaths(session: Session, step: Step): Promise<string[]> {
  const { mode = 'off', name = '.EXPUNGED' } = session.settings.lazyExpunge ?? {};
  if (mode === 'off') return [];
  if (mode === 'mailbox') return [name];
  const { accountId } = session.user(step);
  const { rows } = await session.target.rows.query({
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'path#' },
    limit: 1000,
  });
  const paths = rows.map(({ key }) => key.sk.slice('path#'.length));
  return paths.filter((path) => !path.startsWith(`${name}/`)).map((path) => `${name}/${path}`);
}
