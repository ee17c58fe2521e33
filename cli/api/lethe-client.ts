/** The `/v1` API, one method per endpoint. */

import type {
  AccountAnswer,
  CertificateKeyAnswer,
  DeliverAnswer,
  DoctorAnswer,
  EstimateAnswer,
  MailboxAnswer,
  MessageAnswer,
  OperationAnswer,
  SignedCertificate,
  SubscriptionAnswer,
  UploadAnswer,
} from '../../functions/contract/api.ts';
import type { BackupsAnswer, RecordBackupAnswer } from '../../functions/contract/backups.ts';
import type { HoldsAnswer } from '../../functions/contract/holds.ts';
import type { PurgeableFolder, PurgeRequest } from '../../functions/contract/purge.ts';
import type {
  CreateAccountRequest,
  PlaceHoldRequest,
  RecordBackupRequest,
  ReleaseHoldRequest,
} from '../../functions/contract/requests/accounts.ts';
import type { StartUploadRequest } from '../../functions/contract/requests/deliveries.ts';
import type { DryRunnable } from '../../functions/contract/requests/form.ts';
import type {
  ChangeMailboxRequest,
  CreateMailboxRequest,
  SubscribeRequest,
} from '../../functions/contract/requests/mailboxes.ts';
import { AccountDoor, DomainDoor } from './account-door.ts';
import { AddressDoor } from './address-door.ts';
import { ApiRequests, type ClientPorts, splitDryRun } from './requests.ts';
import type { SignedTransport } from './transport.ts';

export interface DeleteOptions {
  /** The account that is meant: refused when the address is another's by now. */
  readonly accountId?: string;
  readonly allowUnknownUser?: boolean;
}

interface DeliverOptions {
  readonly signal?: AbortSignal;
  /** By the door of administrators. */
  readonly asAdmin?: boolean;
}

export class LetheClient {
  readonly #requests: ApiRequests;

  constructor(transport: SignedTransport, ports: ClientPorts) {
    this.#requests = new ApiRequests(transport, ports);
  }

  /** What is in an account: as an administrator, or as this user. */
  door(user: string, as?: string): AccountDoor {
    return new AccountDoor(this.#requests, user, as);
  }

  /** Names of accounts. */
  addresses(): AddressDoor {
    return new AddressDoor(this.#requests);
  }

  /** Settings of a domain. */
  domain(domain: string): DomainDoor {
    return new DomainDoor(this.#requests, domain);
  }

  async createAccount(request: CreateAccountRequest): Promise<AccountAnswer> {
    const body = JSON.stringify(request);
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'accounts'], body },
      // Not tried again: a second try would report the account made by the first as taken.
      { idempotent: false },
    );
  }

  async account(user: string): Promise<AccountAnswer> {
    return this.#requests.get(['v1', 'accounts', user]);
  }

  /** Two requests for one account are one operation, so this may be tried again. */
  async deleteAccount(
    user: string,
    options: DeleteOptions & { readonly accountId: string; readonly deleteAfter?: string },
  ): Promise<OperationAnswer> {
    const { deleteAfter } = options;
    const later = deleteAfter === undefined ? {} : { deleteAfter };
    const query = { ...deleteQuery(options), ...later };
    return this.#requests.json(
      { method: 'DELETE', path: ['v1', 'accounts', user], query },
      { idempotent: true },
    );
  }

  async undeleteAccount(user: string): Promise<AccountAnswer> {
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'admin', 'accounts', user, 'undelete-user'] },
      { idempotent: true },
    );
  }

  async setAccountEnabled(user: string, verb: 'disable' | 'enable'): Promise<AccountAnswer> {
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'admin', 'accounts', user, `${verb}-user`] },
      { idempotent: true },
    );
  }

  async estimateDeletion(user: string, options: DeleteOptions = {}): Promise<EstimateAnswer> {
    const query = { ...deleteQuery(options), dryRun: 'true' };
    return this.#requests.json(
      { method: 'DELETE', path: ['v1', 'accounts', user], query },
      { idempotent: true },
    );
  }

  /** Two requests for one case are one hold. */
  async placeHold(user: string, request: PlaceHoldRequest & DryRunnable): Promise<OperationAnswer> {
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'accounts', user, 'holds'], ...splitDryRun(request) },
      { idempotent: true },
    );
  }

  async holds(user: string): Promise<HoldsAnswer> {
    return this.#requests.get(['v1', 'accounts', user, 'holds']);
  }

  /** The last release of an account, asked for again, is the same one. */
  async releaseHold(
    user: string,
    request: ReleaseHoldRequest & DryRunnable,
  ): Promise<OperationAnswer> {
    const path = ['v1', 'accounts', user, 'holds', 'release'];
    return this.#requests.json(
      { method: 'POST', path, ...splitDryRun(request) },
      { idempotent: true },
    );
  }

  mailboxes(user: string): AsyncGenerator<readonly MailboxAnswer[]> {
    return this.#requests.pages(['v1', 'accounts', user, 'mailboxes'], {});
  }

  async createMailbox(user: string, request: CreateMailboxRequest): Promise<MailboxAnswer> {
    const body = JSON.stringify(request);
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'accounts', user, 'mailboxes'], body },
      { idempotent: false },
    );
  }

  /** Brings UIDVALIDITY or UIDNEXT along from another store. */
  async changeMailbox(user: string, request: ChangeMailboxRequest): Promise<MailboxAnswer> {
    const path = ['v1', 'accounts', user, 'mailboxes'];
    return this.#requests.json(
      { method: 'PATCH', path, body: JSON.stringify(request) },
      { idempotent: true },
    );
  }

  subscriptions(user: string): AsyncGenerator<readonly SubscriptionAnswer[]> {
    return this.#requests.pages(['v1', 'accounts', user, 'subscriptions'], {});
  }

  async subscribe(user: string, request: SubscribeRequest): Promise<void> {
    const path = ['v1', 'accounts', user, 'subscriptions'];
    await this.#requests.json(
      { method: 'POST', path, body: JSON.stringify(request) },
      { idempotent: true },
    );
  }

  /**
   * Sends a message that is too large for a request.
   * @returns the id by which it can be delivered
   */
  async upload(user: string, raw: Uint8Array, signal?: AbortSignal): Promise<string> {
    const request: StartUploadRequest = { size: raw.length };
    const path = ['v1', 'accounts', user, 'uploads'];
    const options = { idempotent: true, ...(signal === undefined ? {} : { signal }) };
    const { uploadId, url, headers }: UploadAnswer = await this.#requests.json(
      { method: 'POST', path, body: JSON.stringify(request) },
      options,
    );
    await this.#requests.put(new URL(url), headers, raw, options);
    return uploadId;
  }

  messages(user: string, mailbox: string): AsyncGenerator<readonly MessageAnswer[]> {
    return this.#requests.pages(['v1', 'accounts', user, 'messages'], { mailbox });
  }

  /**
   * Stores messages.
   * @param body a DeliverRequest in JSON: the key stands for exactly these bytes
   * @param key same key and same body: stored once, the first answer again
   */
  async deliver(
    user: string,
    body: string,
    key: string,
    { signal, asAdmin = false }: DeliverOptions = {},
  ): Promise<DeliverAnswer> {
    return this.#requests.json(
      {
        method: 'POST',
        path: ['v1', ...(asAdmin ? ['admin'] : []), 'accounts', user, 'messages'],
        headers: { 'idempotency-key': key },
        body,
      },
      { idempotent: true, ...(signal === undefined ? {} : { signal }) },
    );
  }

  /** Not tried again: it would begin another one beside the first. */
  async purgeMailboxes(request: PurgeRequest): Promise<OperationAnswer> {
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'mailboxes', 'purge'], ...splitDryRun(request) },
      { idempotent: false },
    );
  }

  /** What a dry run of a purge has found. */
  purgeableFolders(operationId: string): AsyncGenerator<readonly PurgeableFolder[]> {
    return this.#requests.pages(['v1', 'mailboxes', 'purge', operationId, 'folders'], {});
  }

  /** @param options impatient for those who watch it, and wait for the server themselves */
  async operation(
    operationId: string,
    options: { readonly isImpatient?: boolean } = {},
  ): Promise<OperationAnswer> {
    return this.#requests.get(['v1', 'operations', operationId], {}, options);
  }

  /** Makes sure that an attempt is running: a second request finds the one of the first. */
  async resumeOperation(operationId: string): Promise<OperationAnswer> {
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'operations', operationId, 'resume'] },
      { idempotent: true },
    );
  }

  async certificate(operationId: string): Promise<SignedCertificate> {
    return this.#requests.get(['v1', 'operations', operationId, 'certificate']);
  }

  async certificateKey(): Promise<CertificateKeyAnswer> {
    return this.#requests.get(['v1', 'certificate-key']);
  }

  /** The newest backups that are known. */
  async backups(): Promise<BackupsAnswer> {
    return this.#requests.get(['v1', 'backups']);
  }

  /** Tells of a completed backup; the same again changes nothing. */
  async recordBackup(request: RecordBackupRequest): Promise<RecordBackupAnswer> {
    const body = JSON.stringify(request);
    return this.#requests.json(
      { method: 'POST', path: ['v1', 'backups'], body },
      { idempotent: true },
    );
  }

  /** Looks at what Lethe needs from its surroundings; changes nothing. */
  async doctor(): Promise<DoctorAnswer> {
    return this.#requests.json({ method: 'POST', path: ['v1', 'doctor'] }, { idempotent: true });
  }

  close(): void {
    this.#requests.close();
  }
}

function deleteQuery({ accountId, allowUnknownUser }: DeleteOptions): Record<string, string> {
  return {
    ...(accountId === undefined ? {} : { accountId }),
    ...(allowUnknownUser ? { allowUnknownUser: 'true' } : {}),
  };
}
