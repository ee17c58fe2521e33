/** Dry runs of deletions: what would go, what would come back until when, and what it would cost. */

import type { DeleteMailboxAnswer } from '../../contract/folder-api.ts';
import type { Aftermath } from '../../contract/mail-api.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import { keepsNothing } from '../folders/delete-now.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { isRemembered } from '../mailboxes/name-memory.ts';
import { foreseen, MailOutcomes } from '../messages/aftermath.ts';
import { deletionUsage, estimatedCost, expungeUsage } from '../meter/folder-usage.ts';
import { storedIn } from '../quota/quota.ts';
import type { Doomed } from './deletable.ts';
import type { MailRequest } from './mail-access.ts';
import { setAside } from './set-aside.ts';

interface Ending {
  /** What would end at once: all that goes, or the storages among it. */
  readonly mailboxes: readonly Mailbox[];
  readonly stored: ReadonlyMap<Mailbox, number>;
  /** Past the storage, whatever the settings keep. */
  readonly bypassStorage: boolean;
}

function foreseenOf({ ports, access }: MailRequest, ending: Ending): Aftermath {
  const { mailboxes, stored } = ending;
  const outcomes = new MailOutcomes();
  const now = ports.clock.now();
  for (const mailbox of mailboxes) {
    const bypassStorage = ending.bypassStorage || keepsNothing(access, mailbox);
    const outcome = foreseen(access, mailbox, access.account, { bypassStorage, now });
    outcomes.add(outcome, mailbox.messages);
    outcomes.add({ kept: 'gone' }, stored.get(mailbox) ?? 0);
  }
  return outcomes.answer();
}

interface HowDeleted {
  readonly atOnce: boolean;
  readonly bypassStorage: boolean;
}

export async function wouldDelete(
  request: MailRequest,
  { mailboxes, storages }: Doomed,
  { atOnce, bypassStorage }: HowDeleted,
): Promise<DeleteMailboxAnswer> {
  const { ports, access } = request;
  if (atOnce || storages.length > 0) requireUnheld(access.account);
  let [messages, bytes] = [0, 0];
  const storedOf = new Map<Mailbox, number>();
  for (const mailbox of mailboxes) {
    const stored = await storedIn(ports.rows, mailbox, ports.clock.now());
    storedOf.set(mailbox, stored.messages);
    messages += mailbox.messages + stored.messages;
    bytes += mailbox.bytes + stored.bytes;
  }
  const remembered = mailboxes.filter(isRemembered).length;
  const size = { mailboxes: mailboxes.length, messages, remembered };
  const isDelayed = !atOnce && storages.length < mailboxes.length;
  const aside = mailboxes.filter((mailbox) => !storages.includes(mailbox));
  const left = aside.reduce((sum, mailbox) => sum + mailbox.messages, 0);
  const paths = aside.map(({ path }) => path);
  return {
    dryRun: true,
    mode: isDelayed ? 'delayed' : 'immediate',
    mailboxes: mailboxes.length,
    messages,
    bytes,
    ...foreseenOf(request, {
      mailboxes: isDelayed ? storages : mailboxes,
      stored: storedOf,
      bypassStorage,
    }),
    ...(isDelayed ? setAside(access.settings, { messages: left, paths }, ports.clock.now()) : {}),
    complete: true,
    ...estimatedCost(isDelayed ? deletionUsage(size) : expungeUsage(size)),
  };
}
