/**
 * Mailbox rows carry the policy that follows from the settings, so that a delivery need not look
 * for it elsewhere. After a change of settings a walk brings them up to date; it may be repeated.
 */
import type { Account } from '../accounts/accounts.ts';
import { everyMailbox } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { type MailboxPorts, readMailbox } from '../mailboxes/mailboxes.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { applyPolicy, concernsSweeps } from './policy.ts';

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
  const concerned: Mailbox[] = [];
  for await (const mailbox of everyMailbox(ports.rows, account)) {
    if (concernsSweeps(settings, mailbox)) concerned.push(mailbox);
  }
  const changed = await inParallel(concerned, PARALLEL_WRITES, ({ mailboxId }) =>
    untilWon(ports, deadline, () => apply(ports, mailboxId, settings)),
  );
  return changed.filter((one) => one === 'changed').length;
}

async function apply(
  ports: MailboxPorts,
  mailboxId: string,
  settings: ResolvedSettings,
): Promise<'changed' | 'same' | 'lost'> {
  const mailbox = await readMailbox(ports.rows, mailboxId);
  if (mailbox?.state !== 'active') return 'same';
  const after = await applyPolicy(ports, settings, mailbox);
  if (after === 'lost') return 'lost';
  // A later walk, of whoever changed the settings, is on its way.
  if (after === 'outdated') return 'same';
  return after === mailbox ? 'same' : 'changed';
}
