/** `lethe settings get | set` */

import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import type { ChangeSettingsRequest } from '../../functions/contract/requests/settings.ts';
import { MAIL_SETTINGS_DEFAULTS } from '../../functions/contract/setting-descriptions.ts';
import {
  type ApplySettingsAnswer,
  type DomainSettingsAnswer,
  type SettingsAnswer,
  sumDomainEffects,
} from '../../functions/contract/settings-api.ts';
import type { AccountDoor, DomainDoor } from '../api/account-door.ts';
import type { LetheClient } from '../api/lethe-client.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { withProgress } from '../output/long-work.ts';
import { type Field, printList } from '../output/records.ts';
import { shownSetting } from '../output/setting-value.ts';
import { counted, safe } from '../output/text.ts';
import { canAsk, confirmByTyping } from './confirm.ts';
import { readSettingWords } from './setting-words.ts';
import { domainEffectWords, effectWords, endsMail, lookedAtWords } from './settings-effects.ts';

/** Of 50 accounts at most, and of half a minute each. */
const LOOKS_MAX = 4;

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
  const { user, domain } = options;
  const foreseen =
    user === undefined
      ? await foreseeDomain(context, client.domain(domain ?? ''), request)
      : await foreseeUser(client.door(user), request);
  for (const words of foreseen.words) await writeLine(context.io.stderr, `effect: ${words}`);
  if (options.dryRun) return await shown(context, foreseen.answer);
  if (!options.yes) await confirm(context, foreseen, user ?? domain ?? '');
  await print(context, await target.changeSettings(request));
  if (domain !== undefined) await applyToAll(context, client, domain);
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

interface Foreseen {
  readonly answer: SettingsAnswer | DomainSettingsAnswer;
  /** Each effect. */
  readonly words: readonly string[];
  /** Of those by which mail that there is ends, or may. */
  readonly ending: readonly string[];
}

async function foreseeUser(door: AccountDoor, request: ChangeSettingsRequest): Promise<Foreseen> {
  const answer = await door.changeSettings({ ...request, dryRun: true });
  const { effects = [] } = answer;
  const ending = effects.filter(endsMail).map(effectWords);
  return { answer, words: effects.map(effectWords), ending };
}

/** Some accounts; of the others nothing is known, which is said. */
async function foreseeDomain(
  { io }: Context,
  door: DomainDoor,
  request: ChangeSettingsRequest,
): Promise<Foreseen> {
  let answer = await door.foreseeSettings(request, undefined);
  let { effects = [], lookedAt = 0 } = answer;
  for (let looks = 1; answer.next !== undefined && looks < LOOKS_MAX; looks++) {
    await writeLine(io.stderr, `${counted(lookedAt, 'account')} looked at so far, going on`);
    const before = answer.next;
    answer = await door.foreseeSettings(request, before);
    if (answer.next === before) {
      throw new CliError(EXIT.fault, 'the list of accounts does not come to an end');
    }
    effects = sumDomainEffects([...effects, ...(answer.effects ?? [])]);
    lookedAt += answer.lookedAt ?? 0;
  }
  const more = answer.next !== undefined;
  const looked = lookedAtWords(lookedAt, more);
  const ending = effects.filter(endsMail).map(domainEffectWords);
  return {
    answer: { ...answer, effects, lookedAt },
    words: [...effects.map(domainEffectWords), looked],
    ending: more ? [...ending, looked] : ending,
  };
}

async function shown(context: Context, answer: Foreseen['answer']): Promise<number> {
  await print(context, answer);
  await writeLine(context.io.stderr, 'nothing was changed');
  return EXIT.ok;
}

/** Only where mail that there is would end, or nobody knows whether it does. */
async function confirm({ io }: Context, { ending }: Foreseen, whose: string): Promise<void> {
  if (ending.length === 0) return;
  if (!canAsk(io)) {
    throw new CliError(EXIT.usage, 'mail would end, or may, and there is no terminal to ask', {
      hint: 'To change the settings without being asked, give --yes; to see the effect, --dry-run.',
    });
  }
  if (await confirmByTyping(io, `${ending.join('. ')}.`, whose)) return;
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
  const all = async (): Promise<void> => {
    for (let cursor: string | undefined; ; ) {
      const answer: ApplySettingsAnswer = await client.domain(domain).applySettings(cursor);
      accounts += answer.accounts;
      mailboxes += answer.mailboxes;
      if (answer.next === undefined) return;
      if (answer.next === cursor) {
        throw new CliError(EXIT.fault, 'the list of accounts does not come to an end');
      }
      if (io.interruption().aborted) throw appliedInPart(accounts);
      cursor = answer.next;
    }
  };
  await withProgress({ io, title: 'Bring the settings to mailboxes' }, all);
  const changed = counted(mailboxes, 'mailbox has', 'mailboxes have');
  await writeLine(io.stderr, `${counted(accounts, 'account')}: ${changed} another policy now`);
}

const appliedInPart = (accounts: number): CliError =>
  new CliError(
    EXIT.interrupted,
    `interrupted: the settings hold, and ${counted(accounts, 'account')} got them`,
    { hint: 'Give the same command again for the mailboxes of the others.' },
  );

async function print({ io, format }: Context, answer: Foreseen['answer']): Promise<void> {
  if (format === 'json') return writeLine(io.stdout, JSON.stringify(answer, undefined, 2));
  await printList(io, format, once(linesOf(answer)), FIELDS);
}

async function* once<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}

/** One line for each setting, those that nobody has set too; those of mailboxes one by one. */
function linesOf({ effective, ...levels }: Foreseen['answer']): Line[] {
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
