/** Whether mailboxes are still what a look has seen of them. */
import { problem, type SourceProblem } from '../import/mail-source.ts';
import type { ExportedMailbox } from './export-form.ts';
import type { MailboxLook } from './export-mailbox.ts';

/**
 * Mailboxes that got mail, came or went since, or that count other messages than they list.
 * @param before the mailboxes that the look began with
 * @param after the mailboxes as they are now
 */
export function changedMeanwhile(
  looks: readonly MailboxLook[],
  before: readonly ExportedMailbox[],
  after: readonly ExportedMailbox[],
): SourceProblem[] {
  const was = byPath(before);
  const now = byPath(after);
  const seen = looks
    .filter(({ isSkipped }) => !isSkipped)
    .flatMap((look) => {
      const reason = changeOf(look, was.get(look.mailbox), now.get(look.mailbox));
      return reason === undefined ? [] : [problem(`mailbox ${look.mailbox}`, reason)];
    });
  const looked = new Set(looks.map(({ mailbox }) => mailbox));
  const came = after
    .filter(({ path }) => !looked.has(path))
    .map(({ path }) => problem(`mailbox ${path}`, 'came meanwhile'));
  return [...seen, ...came];
}

const byPath = (mailboxes: readonly ExportedMailbox[]): ReadonlyMap<string, ExportedMailbox> =>
  new Map(mailboxes.map((mailbox) => [mailbox.path, mailbox]));

function changeOf(
  look: MailboxLook,
  was: ExportedMailbox | undefined,
  now: ExportedMailbox | undefined,
): string | undefined {
  if (now === undefined) return 'went meanwhile';
  if (now.uidNext !== was?.uidNext) return 'got mail meanwhile';
  if (now.messages === look.messages + look.expunged.messages) return undefined;
  return `counts ${now.messages} messages and lists ${look.messages}: if it goes on, see lethe quota recount`;
}
