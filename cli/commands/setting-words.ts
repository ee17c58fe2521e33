/**
 * Settings as words of a command line: `lazyExpunge=.EXPUNGED`, `quotaBytes=2G`,
 * `mailboxes.Trash.autoexpunge=30d`. Only their form is read here; what is allowed, the API says.
 */
import { sizeInBytes } from '../../functions/contract/seed-mail-settings.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** Settings that are lists: given several times, each time one more. */
const LISTS = new Set(['lazyExpungeExclude', 'quotaExempt', 'quota_rule', 'acl']);

/** The setting of that name, of all folders or of one. */
const DAYS = 'deletedRetentionDays';

const IN_MAILBOX = /^mailboxes\.(.+)\.([A-Za-z_]+)$/;

type Document = Record<string, unknown>;

/** @throws CliError for a word that is no setting with a value */
export function readSettingWords(words: readonly string[]): Document {
  const document: Document = {};
  const mailboxes = new Map<string, Document>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw noSetting(word);
    const [name, text] = [word.slice(0, at), word.slice(at + 1)];
    const [, mailbox, member] = IN_MAILBOX.exec(name) ?? [];
    if (mailbox !== undefined && member !== undefined) {
      mailboxes.set(mailbox, { ...mailboxes.get(mailbox), [member]: inMailbox(member, text) });
    } else if (LISTS.has(name)) {
      const before = document[name];
      // "lazyExpungeExclude=" alone is an empty list: nothing is excluded.
      document[name] = [...(Array.isArray(before) ? before : []), ...(text === '' ? [] : [text])];
    } else if (name in document) {
      throw new CliError(EXIT.usage, `${name} is given twice`);
    } else {
      document[name] = atTop(name, text);
    }
  }
  return mailboxes.size === 0
    ? document
    : { ...document, mailboxes: Object.fromEntries(mailboxes) };
}

function atTop(name: string, text: string): unknown {
  if (name === 'quotaBytes') return text === 'none' ? null : (sizeInBytes(text, 'B') ?? text);
  if (name === DAYS) return days(text);
  if (name !== 'lazyExpungeOnlyLastInstance') return text;
  if (text === 'yes' || text === 'true') return true;
  return text === 'no' || text === 'false' ? false : text;
}

function inMailbox(member: string, text: string): unknown {
  if (member === DAYS) return days(text);
  return member === 'autoexpunge' && text === 'off' ? null : text;
}

/** A number is one in the API; `never`, and whatever is wrong, stays a text. */
const days = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

function noSetting(word: string): CliError {
  return new CliError(
    EXIT.usage,
    `got ${JSON.stringify(word)}, allowed are name=value and mailboxes.<mailbox>.<setting>=value`,
  );
}
