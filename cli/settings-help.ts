/** `lethe settings set --help`, written from the descriptions of the settings. */
import {
  MAILBOX_SETTING_DESCRIPTIONS,
  SETTING_DESCRIPTIONS,
} from '../functions/contract/setting-descriptions.ts';
import { shownSetting } from './output/setting-value.ts';
import { wrapWords } from './output/text.ts';

const WIDTH = 100;
const INDENT = '    ';

interface Described {
  readonly means: string;
  readonly examples: readonly string[];
  readonly default?: unknown;
  readonly alsoCalled?: string;
}

/** A name on a line of its own, what it means below it. */
function lines(name: string, { means, examples, alsoCalled, ...rest }: Described): string {
  const facts = [
    `for example ${examples.join(', ')}`,
    ...('default' in rest ? [`default ${shownSetting(rest.default)}`] : []),
    ...(alsoCalled === undefined ? [] : [`also ${alsoCalled}`]),
  ];
  return `${name}\n${wrapped(`${means} (${facts.join('; ')})`)}`;
}

const wrapped = (text: string): string =>
  wrapWords(text, WIDTH - INDENT.length)
    .map((line) => `${INDENT}${line}`)
    .join('\n');

const all = (descriptions: object, prefix: string): string =>
  Object.entries(descriptions as Record<string, Described>)
    .map(([name, described]) => lines(`${prefix}${name}`, described))
    .join('\n');

export const SETTINGS_HELP = `
Settings of a user win over those of the domain, and those over the deployment's.

${all(SETTING_DESCRIPTIONS, '')}

Of one mailbox, or of those that a pattern matches:

${all(MAILBOX_SETTING_DESCRIPTIONS, 'mailboxes.NAME.')}

A list is set by naming it several times, and emptied by "name=". The names that Dovecot and Cyrus
have are taken too. Settings of a domain are brought to the mailboxes that there are; those of a
user reach them at once. What a change makes of mail is said first, of a domain for its first 200
accounts; it asks where mail would end, or where nobody has looked.

Examples:
  lethe settings set -d example.com lazyExpunge=.EXPUNGED lazyExpungeOwnerAccess=hidden
  lethe settings set -u john@example.com mailboxes.Trash.autoexpunge=30d quotaBytes=2G
  lethe settings set -u john@example.com --unset quotaBytes --unset-mailbox Trash`;
