/**
 * Mailbox rows carry the policy that follows from the settings, so that a delivery need not look
 * for it elsewhere. After a change of settings a walk brings them up to date; it may be repeated.
 */
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { everyMailbox } from '../mailboxes/every-mailbox.ts';
import { type Mailbox, type MailboxPorts, readMailbox } from '../mailboxes/mailboxes.ts';
import type { Change } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { dueEntry, scheduleGuard } from './due.ts';
import { policyAttributes } from './policy.ts';

const PARALLEL_WRITES = 8;

/**
 * Gives every mailbox the policy that the settings say.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @returns how many mailboxes had another
 * @throws StoreBusyError: the same call again does the rest
 */
export async function applyPolicies(
  ports: MailboxPorts,
  account: Account,
  settings: ResolvedSettings,
  deadline: number,
): Promise<number> {
  const stale: Mailbox[] = [];
  for await (const mailbox of everyMailbox(ports.rows, account.accountId)) {
    if (changeOf(mailbox, settings, 0) !== undefined) stale.push(mailbox);
  }
  await inParallel(stale, PARALLEL_WRITES, ({ mailboxId }) =>
    untilWon(ports, deadline, () => apply(ports, mailboxId, settings)),
  );
  return stale.length;
}

async function apply(
  ports: MailboxPorts,
  mailboxId: string,
  settings: ResolvedSettings,
): Promise<'done' | 'lost'> {
  const mailbox = await readMailbox(ports.rows, mailboxId);
  const change = mailbox && changeOf(mailbox, settings, ports.clock.now());
  if (mailbox?.state !== 'active' || change === undefined) return 'done';
  const { path, uidNext } = mailbox;
  const schedule = scheduleGuard(mailbox);
  const result = await ports.rows.write({
    kind: 'update',
    key: dictmapKeys.mailbox(mailboxId),
    guard: {
      row: 'present',
      equals: { state: 'active', path, uidNext, ...schedule.equals },
      without: schedule.without,
    },
    change,
  });
  return result.outcome === 'written' ? 'done' : 'lost';
}

/** What has to change, if anything. How old the mail is, only a sweep can tell: it looks at once. */
function changeOf(mailbox: Mailbox, settings: ResolvedSettings, now: number): Change | undefined {
  const policy = policyAttributes(settings.autoexpungeOf(mailbox.path) ?? {});
  const { autoexpungeAfterSeconds: afterSeconds, autoexpungeMaxMails: maxMails } = mailbox;
  if (policy.autoexpungeAfterSeconds === afterSeconds && policy.autoexpungeMaxMails === maxMails) {
    return undefined;
  }
  const wanted = Object.keys(policy).length > 0 && hasMail(mailbox);
  const due = wanted ? dueEntry(mailbox, now) : undefined;
  const gone = ['autoexpungeAfterSeconds', 'autoexpungeMaxMails'].filter(
    (name) => !Object.hasOwn(policy, name),
  );
  return {
    set: { ...policy, ...due },
    unset: [...gone, ...(wanted ? [] : ['duePk', 'dueSk'])],
  };
}

/** A storage shows what its own row does not count. */
const hasMail = ({ role, messages }: Mailbox): boolean => role === 'storage' || messages > 0;
