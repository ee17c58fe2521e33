/** The part of the `/v1` API that is about mailboxes, messages, quota and settings. */

import type {
  MailboxAnswer,
  MessageAnswer,
  SubscriptionAnswer,
} from '../../functions/contract/api.ts';
import type {
  DeletedItem,
  DeletedMember,
  DeleteMailboxAnswer,
  UndeleteMailboxAnswer,
} from '../../functions/contract/folder-api.ts';
import type {
  ChangeFlagsAnswer,
  CopyMessagesAnswer,
  ExpungeMessagesAnswer,
  MailboxListItem,
  QuotaAnswer,
  RestoreMessagesAnswer,
  SearchAnswer,
  WouldMoveAnswer,
} from '../../functions/contract/mail-api.ts';
import type {
  DeleteMailboxRequest,
  UndeleteMailboxRequest,
} from '../../functions/contract/requests/folders.ts';
import type { DryRunnable } from '../../functions/contract/requests/form.ts';
import type {
  CreateMailboxRequest,
  RenameMailboxRequest,
} from '../../functions/contract/requests/mailboxes.ts';
import type {
  ChangeFlagsRequest,
  CopyDeletedRequest,
  CopyMessagesRequest,
  ExpungeMessagesRequest,
  RestoreMessagesRequest,
  SearchRequest,
} from '../../functions/contract/requests/messages.ts';
import type {
  ChangeSettingsRequest,
  SetQuotaRequest,
} from '../../functions/contract/requests/settings.ts';
import type {
  PurgeExpungedRequest,
  UnexpungeRequest,
} from '../../functions/contract/requests/unexpunge.ts';
import type {
  ApplySettingsAnswer,
  DomainSettingsAnswer,
  SettingsAnswer,
} from '../../functions/contract/settings-api.ts';
import type {
  ExpungedItem,
  PurgeExpungedAnswer,
  UnexpungeAnswer,
} from '../../functions/contract/unexpunge-api.ts';
import { type ApiRequests, splitDryRun } from './requests.ts';

type Method = 'POST' | 'PUT' | 'PATCH';

/** A mailbox, or one in a deleted folder. */
type Place =
  | { readonly mailbox: string }
  /** Without a mailbox, the folder that was deleted itself. */
  | { readonly deletion: string; readonly mailbox?: string };

/** One account, seen as an administrator, or as the user that `as` names. */
export class AccountDoor {
  readonly #requests: ApiRequests;
  readonly #path: readonly string[];
  readonly #query: Readonly<Record<string, string>>;

  constructor(requests: ApiRequests, user: string, as?: string) {
    this.#requests = requests;
    this.#path = as === undefined ? ['v1', 'admin', 'accounts', user] : ['v1', 'accounts', user];
    this.#query = as === undefined ? {} : { as };
  }

  /** With what each holds. */
  mailboxes(): AsyncGenerator<readonly MailboxAnswer[]> {
    return this.#requests.pages([...this.#path, 'mailboxes'], this.#query);
  }

  /** Names alone, and those that only have children. */
  names(pattern: string): AsyncGenerator<readonly MailboxListItem[]> {
    return this.#requests.pages([...this.#path, 'mailboxes'], { ...this.#query, pattern });
  }

  subscriptions(): AsyncGenerator<readonly SubscriptionAnswer[]> {
    return this.#requests.pages([...this.#path, 'subscriptions'], this.#query);
  }

  async createMailbox(request: CreateMailboxRequest): Promise<MailboxAnswer> {
    return this.#send('POST', ['mailboxes'], request, false);
  }

  /** Not tried again: a second try would not find what the first has renamed. */
  async renameMailbox(request: RenameMailboxRequest): Promise<MailboxAnswer> {
    return this.#send('POST', ['mailboxes', 'rename'], request, false);
  }

  /** Not tried again: a second try would not find what the first has deleted. */
  async deleteMailbox(request: DeleteMailboxRequest): Promise<DeleteMailboxAnswer> {
    return this.#send('POST', ['mailboxes', 'delete'], request, request.dryRun === true);
  }

  /** By name it is not tried again: a second try would bring back the deletion before. */
  async undeleteMailbox(request: UndeleteMailboxRequest): Promise<UndeleteMailboxAnswer> {
    const idempotent = request.deletionId !== undefined || request.dryRun === true;
    return this.#send('POST', ['mailboxes', 'undelete'], request, idempotent);
  }

  deleted(): AsyncGenerator<readonly DeletedItem[]> {
    return this.#requests.pages([...this.#path, 'mailboxes', 'deleted'], this.#query);
  }

  deletedMembers(deletion: string): AsyncGenerator<readonly DeletedMember[]> {
    const query = { ...this.#query, deletion };
    return this.#requests.pages([...this.#path, 'mailboxes', 'deleted'], query);
  }

  messages(place: Place): AsyncGenerator<readonly MessageAnswer[]> {
    return this.#requests.pages([...this.#path, 'messages'], { ...this.#query, ...place });
  }

  /** The message, byte for byte, however large. */
  async message(place: Place, uid: number): Promise<Buffer> {
    const path = [...this.#path, 'messages', String(uid)];
    const query = { ...this.#query, ...place };
    return await this.#requests.download({ method: 'GET', path, query });
  }

  async changeFlags(request: ChangeFlagsRequest): Promise<ChangeFlagsAnswer> {
    return this.#send('POST', ['messages', 'flags'], request, true);
  }

  /** Not tried again: a second try would copy once more. */
  async copyMessages(request: CopyDeletedRequest): Promise<CopyMessagesAnswer> {
    return this.#send('POST', ['messages', 'copy'], request, false);
  }

  /** UIDs are never given again: a second try finds only what the first has left. */
  async moveMessages(request: CopyMessagesRequest): Promise<CopyMessagesAnswer> {
    return this.#send('POST', ['messages', 'move'], request, true);
  }

  /** What a move would do; changes nothing. */
  async wouldMoveMessages(request: CopyMessagesRequest): Promise<WouldMoveAnswer> {
    return this.#send('POST', ['messages', 'move'], { ...request, dryRun: true }, true);
  }

  /**
   * By query it is not tried again: a pattern may also mean the expunge storage, and a second try
   * would destroy there what the first has brought.
   */
  async expungeMessages(request: ExpungeMessagesRequest): Promise<ExpungeMessagesAnswer> {
    const idempotent = request.query === undefined || request.dryRun === true;
    return this.#send('POST', ['messages', 'expunge'], request, idempotent);
  }

  /** Not tried again where the storage keeps its copies: they would be restored once more. */
  async restoreMessages(request: RestoreMessagesRequest): Promise<RestoreMessagesAnswer> {
    const idempotent = request.keep !== true || request.dryRun === true;
    return this.#send('POST', ['messages', 'restore'], request, idempotent);
  }

  /** What was expunged in place. */
  expunged(mailbox: string): AsyncGenerator<readonly ExpungedItem[]> {
    return this.#requests.pages([...this.#path, 'messages', 'expunged'], {
      ...this.#query,
      mailbox,
    });
  }

  /** A second try finds only what the first has left. */
  async unexpungeMessages(request: UnexpungeRequest): Promise<UnexpungeAnswer> {
    return this.#send('POST', ['messages', 'unexpunge'], request, true);
  }

  async purgeExpunged(request: PurgeExpungedRequest): Promise<PurgeExpungedAnswer> {
    return this.#send('POST', ['messages', 'purge-expunged'], request, true);
  }

  async searchMessages(request: SearchRequest): Promise<SearchAnswer> {
    return this.#send('POST', ['messages', 'search'], request, true);
  }

  async quota(): Promise<QuotaAnswer> {
    return this.#requests.get([...this.#path, 'quota'], this.#query);
  }

  async setQuota(request: SetQuotaRequest): Promise<QuotaAnswer> {
    return this.#send('PUT', ['quota'], request, true);
  }

  /** @param cursor of the answer before, where time ran out */
  async recountQuota(cursor: string | undefined): Promise<QuotaAnswer> {
    return this.#requests.json(
      {
        method: 'POST',
        path: [...this.#path, 'quota', 'recount'],
        query: { ...this.#query, ...(cursor === undefined ? {} : { cursor }) },
      },
      { idempotent: true },
    );
  }

  async settings(): Promise<SettingsAnswer> {
    return this.#requests.get([...this.#path, 'settings'], this.#query);
  }

  /** @param request with `dryRun`: only says the effect */
  async changeSettings(request: ChangeSettingsRequest & DryRunnable): Promise<SettingsAnswer> {
    return this.#send('PATCH', ['settings'], request, true);
  }

  async #send<T>(
    method: Method,
    below: readonly string[],
    body: object,
    idempotent: boolean,
  ): Promise<T> {
    const path = [...this.#path, ...below];
    const { query, ...rest } = splitDryRun(body);
    const request = { method, path, query: { ...this.#query, ...query }, ...rest };
    return this.#requests.json(request, { idempotent });
  }
}

/** Settings of a domain. */
export class DomainDoor {
  readonly #requests: ApiRequests;
  readonly #path: readonly string[];

  constructor(requests: ApiRequests, domain: string) {
    this.#requests = requests;
    this.#path = ['v1', 'admin', 'domains', domain, 'settings'];
  }

  async settings(): Promise<DomainSettingsAnswer> {
    return this.#requests.get(this.#path);
  }

  async changeSettings(request: ChangeSettingsRequest): Promise<DomainSettingsAnswer> {
    const body = JSON.stringify(request);
    return this.#requests.json({ method: 'PATCH', path: this.#path, body }, { idempotent: true });
  }

  /** Only says the effect, in some accounts. @param cursor of the answer before */
  async foreseeSettings(
    request: ChangeSettingsRequest,
    cursor: string | undefined,
  ): Promise<DomainSettingsAnswer> {
    const body = JSON.stringify(request);
    const query = { dryRun: 'true', ...(cursor === undefined ? {} : { cursor }) };
    const asked = { method: 'PATCH', path: this.#path, query, body } as const;
    return this.#requests.json(asked, { idempotent: true });
  }

  /** Brings them to the mailboxes that there are. @param cursor of the answer before */
  async applySettings(cursor: string | undefined): Promise<ApplySettingsAnswer> {
    const query = cursor === undefined ? {} : { cursor };
    const path = [...this.#path, 'apply'];
    return this.#requests.json({ method: 'POST', path, query }, { idempotent: true });
  }
}
