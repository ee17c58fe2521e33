/** `lethe settings get | set` */

import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import type { ChangeSettingsRequest } from '../../functions/contract/requests/settings.ts';
import { MAIL_SETTINGS_DEFAULTS } from '../../functions/contract/setting-descriptions.ts';
import type { ApplySettingsAnswer, SettingsAnswer } from '../../functions/contract/settings-api.ts';
import type { LetheClient } from '../api/lethe-client.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { shownSetting } from '../output/setting-value.ts';
import { counted, safe } from '../output/text.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { readSettingWords } from './setting-words.ts';
import { effectWords, endsMail } from './settings-effects.ts';

export interface SettingsOptions {
  readonly user?: string;
  readonly domain?: string;
}

export interface SetSettingsOptions extends SettingsOptions {
  readonly unset?: readonly string[];
  readonly unsetMailbox?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

interface Line {
  readonly setting: string;
  readonly value: string;
  /** The nearest level that says it. */
  readonly level: string;
}

const FIELDS: readonly Field<Line>[] = [
  { name: 'setting', value: ({ setting }) => setting },
  { name: 'value', value: ({ value }) => value },
  { name: 'level', value: ({ level }) => level },
];

export async function showSettings(context: Context, options: SettingsOptions): Promise<number> {
  const target = targetOf(await context.client(), options);
  await print(context, await target.settings());
  return EXIT.ok;
}

/** @param words `name=value`, or `mailboxes.<mailbox>.<setting>=value` */
export async function setSettings(
  context: Context,
  words: readonly string[],
  options: SetSettingsOptions,
): Promise<number> {
  const { unset = [], unsetMailbox: unsetMailboxes = [] } = options;
  const request: ChangeSettingsRequest = {
    ...(words.length === 0 ? {} : { set: readSettingWords(words) as MailSettings }),
    ...(unset.length === 0 ? {} : { unset }),
    ...(unsetMailboxes.length === 0 ? {} : { unsetMailboxes }),
  };
  refuseContradictions(request);
  if (Object.keys(request).length === 0) {
    throw new CliError(
      EXIT.usage,
      'nothing to set: allowed are name=value, --unset, --unset-mailbox',
    );
  }
  const client = await context.client();
  const target = targetOf(client, options);
  if (options.user !== undefined) {
    const foreseen = await client.door(options.user).changeSettings({ ...request, dryRun: true });
    await tell(context, foreseen);
    if (options.dryRun) return await shown(context, foreseen);
    if (!options.yes) await confirm(context, foreseen, options.user);
  } else if (options.dryRun) {
    throw new CliError(EXIT.usage, '--dry-run is for the settings of one user');
  }
  await print(context, await target.changeSettings(request));
  if (options.domain !== undefined) await applyToAll(context, client, options.domain);
  return EXIT.ok;
}

/** @throws CliError 64 where something is set and unset at once */
function refuseContradictions({
  set = {},
  unset = [],
  unsetMailboxes = [],
}: ChangeSettingsRequest): void {
  const both = unset.find((name) => Object.hasOwn(set, name));
  if (both !== undefined) {
    throw new CliError(EXIT.usage, `${both} is set and unset: allowed is one of them`);
  }
  const mailbox = unsetMailboxes.find((name) => Object.hasOwn(set.mailboxes ?? {}, name));
  if (mailbox !== undefined) {
    throw new CliError(EXIT.usage, `mailboxes.${safe(mailbox)} is set and unset: allowed is one`);
  }
}

async function tell({ io }: Context, { effects = [] }: SettingsAnswer): Promise<void> {
  for (const effect of effects) await writeLine(io.stderr, `effect: ${effectWords(effect)}`);
}

async function shown(context: Context, answer: SettingsAnswer): Promise<number> {
  await print(context, answer);
  await writeLine(context.io.stderr, 'nothing was changed');
  return EXIT.ok;
}

/** Only where mail that there is would end. */
async function confirm(
  { io }: Context,
  { effects = [] }: SettingsAnswer,
  user: string,
): Promise<void> {
  const ending = effects.filter(endsMail);
  if (ending.length === 0) return;
  if (!canAsk(io)) {
    throw new CliError(EXIT.usage, 'mail would end, and there is no terminal to ask', {
      hint: 'To change the settings without being asked, give --yes; to see the effect, --dry-run.',
    });
  }
  const statement = `${ending.map(effectWords).join('. ')}.`;
  if (await confirmByTyping(io, statement, user)) return;
  throw new CliError(EXIT.usage, 'not confirmed: nothing was changed');
}

function targetOf(client: LetheClient, { user, domain }: SettingsOptions) {
  if (user !== undefined && domain === undefined) return client.door(user);
  if (user === undefined && domain !== undefined) return client.domain(domain);
  throw new CliError(EXIT.usage, 'allowed is one of --user and --domain');
}

/** Settings of a domain reach the mailboxes that there are some accounts at a time. */
async function applyToAll({ io }: Context, client: LetheClient, domain: string): Promise<void> {
  let [accounts, mailboxes] = [0, 0];
  let cursor: string | undefined;
  do {
    const answer: ApplySettingsAnswer = await client.domain(domain).applySettings(cursor);
    accounts += answer.accounts;
    mailboxes += answer.mailboxes;
    if (answer.next !== undefined && answer.next === cursor) {
      throw new CliError(EXIT.fault, 'the list of accounts does not come to an end');
    }
    cursor = answer.next;
  } while (cursor !== undefined);
  const changed = counted(mailboxes, 'mailbox has', 'mailboxes have');
  await writeLine(io.stderr, `${counted(accounts, 'account')}: ${changed} another policy now`);
}

async function print({ io, format }: Context, answer: SettingsAnswer): Promise<void> {
  if (format === 'json') return writeLine(io.stdout, JSON.stringify(answer, undefined, 2));
  await printList(io, format, once(linesOf(answer)), FIELDS);
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}

/** One line for each setting, those that nobody has set too; those of mailboxes one by one. */
function linesOf({ effective, ...levels }: SettingsAnswer): Line[] {
  const nearest = ['account', 'domain', 'deployment'] as const;
  const { mailboxes = {}, ...rest } = effective;
  const levelOf = (says: (settings: MailSettings) => unknown) =>
    nearest.find((level) => says(levels[level]) !== undefined) ?? '';
  const top = Object.entries(rest).map(([setting, value]) => ({
    setting,
    value: shownSetting(value),
    level: levelOf((settings) => settings[setting as keyof MailSettings]),
  }));
  const inside = Object.entries(mailboxes).flatMap(([name, settings]) =>
    Object.entries(settings).map(([member, value]) => ({
      setting: `mailboxes.${name}.${member}`,
      value: member === 'autoexpunge' && value === null ? 'off' : shownSetting(value),
      level: levelOf(({ mailboxes: said = {} }) => said[name]?.[member as keyof typeof settings]),
    })),
  );
  const unsaid = Object.entries(MAIL_SETTINGS_DEFAULTS)
    .filter(([setting]) => !(setting in rest))
    .map(([setting, value]) => ({ setting, value: shownSetting(value), level: 'default' }));
  return [...top, ...unsaid, ...inside];
}
