/**
 * Settings as words of a command line: `lazyExpunge=.EXPUNGED`, `quotaBytes=2G`,
 * `mailboxes.Trash.autoexpunge=30d`. Only their form is read here; what is allowed, the API says.
 */
import { sizeInBytes } from '../../functions/contract/seed-mail-settings.ts';
import {
  MAILBOX_SETTING_DESCRIPTIONS,
  SETTING_DESCRIPTIONS,
  type SettingForm,
} from '../../functions/contract/setting-descriptions.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** Lists under the names that Dovecot has. */
const SEED_LISTS: readonly string[] = ['quota_rule', 'acl', 'lazy_expunge_exclude'];

const FORMS: ReadonlyMap<string, SettingForm> = formsOf(SETTING_DESCRIPTIONS);
const MAILBOX_FORMS: ReadonlyMap<string, SettingForm> = formsOf(MAILBOX_SETTING_DESCRIPTIONS);

function formsOf(descriptions: object): ReadonlyMap<string, SettingForm> {
  const all = Object.entries(descriptions as Record<string, { readonly form: SettingForm }>);
  return new Map(all.map(([name, { form }]) => [name, form]));
}

/** Lists are given several times, each time one more. */
const isList = (name: string): boolean => FORMS.get(name) === 'list' || SEED_LISTS.includes(name);

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
      mailboxes.set(mailbox, {
        ...mailboxes.get(mailbox),
        [member]: settingValue(MAILBOX_FORMS.get(member), text),
      });
    } else if (isList(name)) {
      const before = document[name];
      // "lazyExpungeExclude=" alone is an empty list: nothing is excluded.
      document[name] = [...(Array.isArray(before) ? before : []), ...(text === '' ? [] : [text])];
    } else if (name in document) {
      throw new CliError(EXIT.usage, `${name} is given twice`);
    } else {
      document[name] = settingValue(FORMS.get(name), text);
    }
  }
  return mailboxes.size === 0
    ? document
    : { ...document, mailboxes: Object.fromEntries(mailboxes) };
}

/** What is wrong stays a text: the API says what is allowed. */
function settingValue(form: SettingForm | undefined, text: string): unknown {
  switch (form) {
    case 'bytes':
      return text === 'none' ? null : (sizeInBytes(text, 'B') ?? text);
    case 'days':
      return /^\d+$/.test(text) ? Number(text) : text;
    case 'duration':
      return text === 'off' ? null : text;
    case 'yesNo':
      if (text === 'yes' || text === 'true') return true;
      return text === 'no' || text === 'false' ? false : text;
    default:
      return text;
  }
}

function noSetting(word: string): CliError {
  return new CliError(
    EXIT.usage,
    `got ${JSON.stringify(word)}, allowed are name=value and mailboxes.<mailbox>.<setting>=value`,
  );
}
