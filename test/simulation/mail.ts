/** Accounts with everything that an account can have, for simulations and end-to-end tests. */
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { type ClassChoice, createAccount } from '../../functions/core/accounts/create-account.ts';
import { recordCache } from '../../functions/core/caches/caches.ts';
import { setDict } from '../../functions/core/dicts/dicts.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { putObject } from '../../functions/core/objects/opaque-objects.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';

type StorePorts = Pick<Ports, 'rows' | 'objects' | 'clock' | 'ids'>;

const IN_TIME_MS = 20_000;

export const mail = (text: string): Uint8Array =>
  Buffer.from(`From: a@example.org\r\nTo: b@example.org\r\nSubject: ${text}\r\n\r\n${text}\r\n`);

/** An account with mail in two mailboxes, bundles (some replaced), dicts and caches. */
export async function furnish(
  ports: StorePorts,
  classes: ClassChoice,
  user: string,
  messages: number,
): Promise<Account> {
  const account = await createAccount(ports, classes, { user, aliases: [`alias-of-${user}`] });
  const deadline = () => ports.clock.now() + IN_TIME_MS;
  await createMailbox(ports, account, 'Archiv/Größe', { specialUse: '\\Archive' });
  for (const mailbox of ['INBOX', 'Archiv/Größe']) {
    for (let sent = 0; sent < messages; sent += 10) {
      const batch = Array.from({ length: Math.min(10, messages - sent) }, (_, index) => ({
        raw: mail(`${user} ${mailbox} ${sent + index}`),
        flags: index % 2 === 0 ? ['\\Seen'] : [],
        keywords: index % 3 === 0 ? ['$Forwarded'] : [],
      }));
      await deliverMessages(ports, { user, mailbox, messages: batch }, deadline());
    }
  }
  for (const kind of ['index', 'fts', 'sieve'] as const) {
    for (const name of ['bundle-1', 'bundle-2', 'bundle-1']) {
      await putObject(ports, account, { kind, name, body: mail(`${kind} ${name}`) }, deadline());
    }
  }
  for (const name of ['quota_clone', 'last_login', 'other/✓']) {
    await setDict(ports, account, { name, value: '42' }, deadline());
  }
  for (const host of ['backend-1.example.org', 'backend-2.example.org']) {
    await recordCache(ports, account, host, deadline());
  }
  return await requireActiveAccount(ports.rows, user);
}
