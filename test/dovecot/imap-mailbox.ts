/** A mailbox with everything that can be lost on a move, made and read over IMAP. */
import type { ImapClient } from './imap-client.ts';
import { sampleMail } from './sample-mail.ts';

const APPENDED_AT_ONCE = 100;
const FLAGS = [[], ['\\Seen'], ['\\Seen', '$Work', 'todo'], ['\\Flagged', '\\Answered', 'k3']];

/** Names in modified UTF-7 as IMAP has them, and as the API tells them; share of the messages. */
export const FOLDERS = [
  ['INBOX', 'INBOX', 0.6],
  ['Archiv/Gr&APYA3w-e', 'Archiv/Größe', 0.3],
  ['&ZeVnLIqe-', '日本語', 0.1],
  ['Empty/nothing', 'Empty/nothing', 0],
] as const;

/** A subscription outlives its mailbox. */
const GONE = 'Gone/away';

/** In UTF-8. */
export const SUBSCRIPTIONS: readonly string[] = [...FOLDERS.map(([, path]) => path), GONE].sort();

/** Folders with flags, keywords, gaps between UIDs and after the last. */
export async function fillMailbox(imap: ImapClient, messages: number): Promise<void> {
  let number = 0;
  for (const [name, , share] of FOLDERS) {
    if (name !== 'INBOX') await imap.create(name);
    await imap.subscribe(name);
    const count = Math.round(messages * share);
    for (let sent = 0; sent < count; sent += APPENDED_AT_ONCE) {
      const batch = Array.from({ length: Math.min(APPENDED_AT_ONCE, count - sent) }, () => {
        number += 1;
        const internalDate = new Date(Date.UTC(2020, 0, 1) + number * 60_000);
        return { raw: sampleMail(number), flags: FLAGS[number % FLAGS.length] ?? [], internalDate };
      });
      await imap.append(name, batch);
    }
    if (count === 0) continue;
    await imap.select(name);
    await imap.expunge(`2,5:9,${count}`);
  }
  await imap.create(GONE);
  await imap.subscribe(GONE);
  await imap.command(`DELETE "${GONE}"`);
}

/** Messages that `fillMailbox` leaves: 7 of each folder that has any are expunged. */
export const left = (messages: number): number => messages - 7 * 3;

/** A mailbox as a client sees it. */
export interface Seen {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: readonly string[];
}

/** A mailbox as IMAP shows it: UIDs with flags, keywords and dates. */
export async function seenByImap(imap: ImapClient, name: string): Promise<Seen> {
  const [status = ''] = await imap.command(`STATUS "${name}" (UIDVALIDITY UIDNEXT)`);
  await imap.command(`EXAMINE "${name}"`);
  const lines = await imap.command('UID FETCH 1:* (UID FLAGS INTERNALDATE)');
  const messages = lines.flatMap((line) => {
    const match = /UID (\d+) FLAGS \(([^)]*)\) INTERNALDATE "([^"]+)"/.exec(line);
    if (match === null) return [];
    const flags = (match[2] ?? '').split(' ').filter((flag) => flag !== '' && flag !== '\\Recent');
    return [shown(Number(match[1]), flags, new Date(match[3] ?? ''))];
  });
  return {
    uidValidity: Number(/UIDVALIDITY (\d+)/.exec(status)?.[1]),
    uidNext: Number(/UIDNEXT (\d+)/.exec(status)?.[1]),
    messages,
  };
}

/** A message in one line, the same whoever shows it. */
export const shown = (uid: number, flags: readonly string[], date: Date): string =>
  `${uid} ${[...flags].sort().join(' ')} ${date.toISOString()}`;
