import { describe, expect, test } from 'vitest';
import { shownSetting } from '../../cli/output/setting-value.ts';
import {
  MAILBOX_SETTING_DESCRIPTIONS,
  SETTING_DESCRIPTIONS,
} from '../../functions/contract/setting-descriptions.ts';

interface Described {
  readonly means: string;
  readonly examples: readonly string[];
  readonly default?: unknown;
  readonly alsoCalled?: string;
}

const row = (name: string, { means, examples, alsoCalled = '', ...rest }: Described): string => {
  const usual = 'default' in rest ? `\`${shownSetting(rest.default)}\`` : '';
  const shown = examples.map((example) => `\`${example}\``).join(', ');
  return `| \`${name}\` | ${means} | ${shown} | ${usual} | ${alsoCalled} |`;
};

const table = (descriptions: object, prefix: string): string[] => [
  '| setting | means | for example | default | Dovecot, Cyrus |',
  '|---|---|---|---|---|',
  ...Object.entries(descriptions as Record<string, Described>).map(([name, described]) =>
    row(`${prefix}${name}`, described),
  ),
];

const PAGE = `# Settings of mail

The same document stands at each level: \`mailSettings\` of a stage, a domain, an account. The nearer level wins. This page is
written from \`functions/contract/setting-descriptions.ts\`, as \`lethe settings set --help\` is; \`npx vitest run -u
test/style/settings-docs.test.ts\` writes it anew.

${table(SETTING_DESCRIPTIONS, '').join('\n')}

## Of a mailbox, or of those that a pattern matches

${table(MAILBOX_SETTING_DESCRIPTIONS, 'mailboxes.NAME.').join('\n')}
`;

describe('the page of settings', () => {
  test('says what their descriptions say', async () => {
    await expect(PAGE).toMatchFileSnapshot('../../docs/settings.md');
  });
});
