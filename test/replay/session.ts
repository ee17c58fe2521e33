/** One replay: its accounts, what its labels stand for, and requests on behalf of somebody. */
import type { MailboxAnswer, MessageAnswer } from '../../functions/contract/api.ts';
import type { DeletedItem } from '../../functions/contract/folder-api.ts';
import type { MailboxListItem } from '../../functions/contract/mail-api.ts';
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import type { ExpungedItem } from '../../functions/contract/unexpunge-api.ts';
import { codeOf, MismatchError } from './failures.ts';
import type { ScenarioSettings, Step } from './scenario.ts';
import type { Ask, Target } from './target.ts';

/** Pages of one list, at most: a scenario has a few hundred messages. */
const PAGES_MAX = 1000;
const DAY_SECONDS = 86_400;
const RETENTION_CLASS = 'r365';
const NO_DELETION = '00000000-000000000000';

export interface ReplayUser {
  readonly name: string;
  readonly address: string;
  readonly accountId: string;
}

export class Session {
  readonly target: Target;
  readonly settings: ScenarioSettings;
  readonly users = new Map<string, ReplayUser>();
  /** GUIDs by their labels. */
  readonly guids = new Map<string, string>();
  readonly uidValidities = new Map<string, number>();
  /** Ids of deletions by their labels. */
  readonly deletions = new Map<string, string>();
  #domain = '';
  #slackSeconds = 0;

  constructor(target: Target, settings: ScenarioSettings) {
    this.target = target;
    this.settings = settings;
  }

  /** Makes the accounts of the scenario, with its settings. @param suffix makes addresses new */
  async open(suffix: string): Promise<void> {
    this.#domain = `${suffix}.example.org`;
    await this.target.begin();
    await this.target.hold();
    for (const name of this.settings.users ?? ['u1']) {
      const address = `${name}@${this.#domain}`;
      await this.#addUser(name, address);
      const at = { user: name, as: 'admin' };
      await this.ask('PUT', at, 'settings', { body: lethesSettings(this.settings) });
      for (const path of this.settings.autocreate ?? []) {
        await this.ask('POST', at, 'mailboxes', { body: { path } });
      }
    }
  }

  async #addUser(name: string, address: string): Promise<void> {
    // The longest that is deployed: nothing expires by itself.
    const body = { user: address, retentionClass: RETENTION_CLASS };
    const made = await this.must({ method: 'POST', path: ['v1', 'accounts'], body });
    const { accountId } = made as { accountId: string };
    this.users.set(name, { name, address, accountId });
  }

  /** One that the scenario does not have gets an address that nobody has. */
  user({ user = 'u1' }: Pick<Step, 'user'>): ReplayUser {
    return this.users.get(user) ?? { name: user, address: this.addressOf(user), accountId: '' };
  }

  /** Seconds by which times can be off: as long as the longest step took, where time passes. */
  get slackSeconds(): number {
    return this.target.name === 'memory' ? 0 : this.#slackSeconds;
  }

  /** Does a step, at the time of the scenario. */
  async step(act: () => Promise<void>): Promise<void> {
    await this.target.hold();
    const begun = performance.now();
    await act();
    this.#slackSeconds = Math.max(this.#slackSeconds, (performance.now() - begun) / 1000);
  }

  /** Address of a user, whether or not the scenario has an account for him. */
  addressOf(name: string): string {
    return name === 'anyone' || name.includes('@') ? name : `${name}@${this.#domain}`;
  }

  /** Who an identifier of an ACL is: `owner` is the owner of the account. */
  identifierOf(step: Pick<Step, 'user'>, identifier: string): string {
    return identifier === 'owner' ? this.user(step).address : this.addressOf(identifier);
  }

  /** Rights are given to accounts: a user whom a recording has by name alone gets one. */
  async ensureUser(name: string): Promise<void> {
    const isUser = name !== 'owner' && this.addressOf(name) !== name;
    if (isUser && !this.users.has(name)) await this.#addUser(name, this.addressOf(name));
  }

  /** A request below an account, by who acts. @throws CodeError */
  async ask(
    method: Ask['method'],
    step: Pick<Step, 'user' | 'as'>,
    path: string,
    given: { readonly body?: unknown; readonly query?: Readonly<Record<string, string>> } = {},
  ): Promise<unknown> {
    const { address } = this.user(step);
    const { as = 'owner' } = step;
    const base = as === 'admin' ? ['v1', 'admin', 'accounts'] : ['v1', 'accounts'];
    const other = as === 'admin' || as === 'owner' ? {} : { as: this.addressOf(as) };
    return await this.must({
      method,
      path: [...base, address, ...path.split('/')],
      ...given,
      query: { ...given.query, ...other },
    });
  }

  async must(request: Ask): Promise<unknown> {
    const reply = await this.target.ask(request);
    if (reply.status >= 400) throw codeOf(reply);
    return reply.json ?? reply.text;
  }

  /** Every item of a list, page by page. */
  async all<T>(
    step: Pick<Step, 'user' | 'as'>,
    path: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const asked = cursor === undefined ? query : { ...query, cursor };
      const found = (await this.ask('GET', step, path, { query: asked })) as {
        items: T[];
        next?: string;
      };
      items.push(...found.items);
      cursor = found.next;
      if (cursor === undefined) return items;
    }
    throw new MismatchError(`pages of ${path}`, `at most ${PAGES_MAX}`, 'more');
  }

  async messages(step: Pick<Step, 'user' | 'as'>, mailbox: string): Promise<MessageAnswer[]> {
    return await this.all<MessageAnswer>(step, 'messages', { mailbox });
  }

  /** In a deleted folder, as an administrator sees them. */
  async messagesIn(
    step: Pick<Step, 'user'>,
    deletion: string,
    mailbox: string,
  ): Promise<MessageAnswer[]> {
    const query = { deletion, mailbox };
    return await this.all<MessageAnswer>({ ...step, as: 'admin' }, 'messages', query);
  }

  /** What a label of the scenario stands for; an id that there cannot be when it was never given. */
  deletion(label: unknown): string {
    return this.deletions.get(String(label)) ?? NO_DELETION;
  }

  /** The query of a reading: a mailbox, or a deleted one. */
  placeOf({ mailbox, deletion }: Step): Readonly<Record<string, string>> {
    if (deletion !== undefined) return { deletion: this.deletion(deletion) };
    return { mailbox: String(mailbox) };
  }

  async deleted(step: Pick<Step, 'user'>): Promise<DeletedItem[]> {
    return await this.all<DeletedItem>({ ...step, as: 'admin' }, 'mailboxes/deleted');
  }

  /** What was expunged in place. */
  async expunged(step: Pick<Step, 'user' | 'as'>, mailbox: string): Promise<ExpungedItem[]> {
    return await this.all<ExpungedItem>(step, 'messages/expunged', { mailbox });
  }

  async mailboxes(step: Pick<Step, 'user' | 'as'>): Promise<MailboxAnswer[]> {
    return await this.all<MailboxAnswer>(step, 'mailboxes');
  }

  /** Names that patterns show, each once. */
  async list(step: Pick<Step, 'user' | 'as'>, patterns: readonly string[]) {
    const found = new Map<string, boolean>();
    for (const pattern of patterns) {
      for (const { path, placeholder } of await this.all<MailboxListItem>(step, 'mailboxes', {
        pattern,
      })) {
        found.set(path, placeholder === true);
      }
    }
    const names = (wanted: boolean) =>
      [...found].filter(([, is]) => is === wanted).map(([path]) => path);
    return { mailboxes: names(false), placeholders: names(true) };
  }
}

/** Settings of a scenario in the words of Lethe. */
function lethesSettings(settings: ScenarioSettings): MailSettings {
  const { lazyExpunge, quota, acl = [], autoexpunge = {}, specialUse = {} } = settings;
  const mailboxes = new Map<string, NonNullable<MailSettings['mailboxes']>[string]>();
  const add = (name: string, given: object) =>
    mailboxes.set(name, { ...mailboxes.get(name), ...given });
  for (const { mailbox, rights } of acl) add(mailbox, { ownerRights: rights });
  for (const [name, use] of Object.entries(specialUse)) add(name, { specialUse: use });
  for (const [name, { afterSeconds, afterDays, maxMails }] of Object.entries(autoexpunge)) {
    const age = afterSeconds ?? (afterDays === undefined ? undefined : afterDays * DAY_SECONDS);
    add(name, {
      autoexpunge: {
        ...(age === undefined ? {} : { afterSeconds: age }),
        ...(maxMails === undefined ? {} : { maxMails }),
      },
    });
  }
  return {
    ...lazySettings(lazyExpunge, settings.expungeMode),
    ...(quota?.bytes === undefined ? {} : { quotaBytes: quota.bytes }),
    ...(quota?.exempt === undefined ? {} : { quotaExempt: quota.exempt }),
    ...(settings.deleteMode === undefined ? {} : { deleteMode: settings.deleteMode }),
    ...(settings.deletedPrefix === undefined ? {} : { deletedPrefix: settings.deletedPrefix }),
    ...(mailboxes.size === 0 ? {} : { mailboxes: Object.fromEntries(mailboxes) }),
  };
}

function lazySettings(
  lazy: ScenarioSettings['lazyExpunge'] = { mode: 'off' },
  expungeMode: ScenarioSettings['expungeMode'] = 'immediate',
): MailSettings {
  const { mode, name = '.EXPUNGED' } = lazy;
  if (mode === 'off' && expungeMode === 'immediate') return { lazyExpunge: 'off' };
  const names = { off: 'in-place', mailbox: name, namespace: `${name}/` } as const;
  return {
    lazyExpunge: names[mode],
    lazyExpungeOnlyLastInstance: lazy.onlyLastInstance ?? false,
    lazyExpungeOwnerAccess: 'listed',
    ...(lazy.exclude === undefined ? {} : { lazyExpungeExclude: lazy.exclude }),
  };
}
