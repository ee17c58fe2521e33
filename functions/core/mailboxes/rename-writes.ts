/** The writes that give mailboxes their new names, each name with one owner at every moment. */
import { dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { dueGuard } from '../policies/due.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import type { Mailbox } from './mailbox.ts';
import { isRemembered, leavingWrites, readNameMemories, UidValidities } from './name-memory.ts';
import { renamed } from './renamed.ts';

export interface Renaming {
  readonly account: Account;
  readonly settings: ResolvedSettings;
  readonly from: string;
  readonly to: string;
}

export const newPath = (from: string, to: string, { path }: Mailbox): string =>
  `${to}${path.slice(from.length)}`;

interface Moving {
  readonly mailbox: Mailbox;
  readonly target: string;
  /** Its own, unless another mailbox has shown that under the new name. */
  readonly uidValidity: number;
}

export interface Moved {
  /** What the account's row is to say. */
  readonly set: UidValidities['set'];
  readonly writes: readonly Write[];
  /** The mailbox itself under its new name, when it is among them. */
  readonly root?: Mailbox;
}

/** What gives these mailboxes their new names, guarded by the account as it was read. */
export async function renameWrites(
  rows: RowStore,
  rename: Renaming,
  mailboxes: readonly Mailbox[],
  now: number,
): Promise<Moved> {
  const { account, from, to } = rename;
  const { accountId } = account;
  const left = mailboxes.filter(isRemembered).map(({ path }) => path);
  const taken = mailboxes.map((mailbox) => newPath(from, to, mailbox));
  const names = [...left, ...taken];
  const memories = await readNameMemories(rows, accountId, names);
  const validities = new UidValidities(account, now);
  const moving = mailboxes.map((mailbox): Moving => {
    const target = newPath(from, to, mailbox);
    return { mailbox, target, uidValidity: validities.keptBy(mailbox, memories(target)) };
  });
  const writes = moving.flatMap((one) => [
    ...moveWrites(rename, one, now),
    ...leavingWrites(accountId, memories(one.mailbox.path), one.mailbox),
  ]);
  const { set } = validities;
  const root = moving.find(({ mailbox }) => mailbox.path === from);
  if (root === undefined) return { set, writes };
  const { mailbox, uidValidity } = root;
  return { set, writes, root: { ...mailbox, uidValidity, path: to, renamedAt: now } };
}

function moveWrites(
  { account, settings }: Renaming,
  { mailbox, target, uidValidity }: Moving,
  now: number,
): Write[] {
  const { mailboxId, path, uidNext } = mailbox;
  const schedule = dueGuard(mailbox);
  return [
    {
      kind: 'remove',
      key: dictmapKeys.path(account.accountId, path),
      guard: { row: 'present', equals: { mailboxId } },
    },
    {
      kind: 'put',
      key: dictmapKeys.path(account.accountId, target),
      guard: { row: 'absent' },
      attributes: { v: ROW_VERSION, type: 'path', mailboxId },
    },
    {
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: {
        row: 'present',
        equals: {
          state: 'active',
          path,
          uidNext,
          uidValidity: mailbox.uidValidity,
          ...schedule.equals,
        },
        without: schedule.without,
      },
      change: renamed({ ...mailbox, uidValidity }, target, settings, now),
    },
  ];
}
