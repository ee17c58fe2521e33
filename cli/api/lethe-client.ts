/** The `/v1` API, one method per endpoint. */
import type {
  AccountAnswer,
  CertificateKeyAnswer,
  ChangeMailboxRequest,
  CreateAccountRequest,
  CreateMailboxRequest,
  DeliverAnswer,
  DoctorAnswer,
  EstimateAnswer,
  ListAnswer,
  MailboxAnswer,
  MessageAnswer,
  OperationAnswer,
  SignedCertificate,
  StartUploadRequest,
  SubscribeRequest,
  SubscriptionAnswer,
  UploadAnswer,
} from '../../functions/contract/api.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { describeFailure, type Failure, readFailure } from './failures.ts';
import { parseRetryAfter, type RetryPorts, withRetries } from './retry.ts';
import type { ApiRequest, ApiResponse, SignedTransport } from './transport.ts';

/** The largest page that the API gives: fewer requests for long lists. */
const PAGE_ENTRIES = 500;

/** Five million entries; beyond that something is wrong. */
const PAGES_MAX = 10_000;

export interface DeleteOptions {
  readonly allowUnknownUser?: boolean;
}

export interface ClientPorts extends RetryPorts {
  now(): number;
}

interface CallOptions {
  /** Whether sending the request twice does no more than sending it once. */
  readonly idempotent: boolean;
  readonly signal?: AbortSignal;
}

export class LetheClient {
  readonly #transport: SignedTransport;
  readonly #ports: ClientPorts;

  constructor(transport: SignedTransport, ports: ClientPorts) {
    this.#transport = transport;
    this.#ports = ports;
  }

  async createAccount(request: CreateAccountRequest): Promise<AccountAnswer> {
    const body = JSON.stringify(request);
    return this.#json(
      { method: 'POST', path: ['v1', 'accounts'], body },
      // Not tried again: a second try would report the account made by the first as taken.
      { idempotent: false },
    );
  }

  async account(user: string): Promise<AccountAnswer> {
    return this.#get(['v1', 'accounts', user]);
  }

  /** Two requests for one account are one operation, so this may be tried again. */
  async deleteAccount(user: string, options: DeleteOptions = {}): Promise<OperationAnswer> {
    return this.#json(
      { method: 'DELETE', path: ['v1', 'accounts', user], query: deleteQuery(options) },
      { idempotent: true },
    );
  }

  async estimateDeletion(user: string, options: DeleteOptions = {}): Promise<EstimateAnswer> {
    const query = { ...deleteQuery(options), dryRun: 'true' };
    return this.#json(
      { method: 'DELETE', path: ['v1', 'accounts', user], query },
      { idempotent: true },
    );
  }

  mailboxes(user: string): AsyncGenerator<readonly MailboxAnswer[]> {
    return this.#pages(['v1', 'accounts', user, 'mailboxes'], {});
  }

  async createMailbox(user: string, request: CreateMailboxRequest): Promise<MailboxAnswer> {
    const body = JSON.stringify(request);
    return this.#json(
      { method: 'POST', path: ['v1', 'accounts', user, 'mailboxes'], body },
      { idempotent: false },
    );
  }

  /** Brings UIDVALIDITY or UIDNEXT along from another store. */
  async changeMailbox(user: string, request: ChangeMailboxRequest): Promise<MailboxAnswer> {
    const path = ['v1', 'accounts', user, 'mailboxes'];
    return this.#json(
      { method: 'PATCH', path, body: JSON.stringify(request) },
      { idempotent: true },
    );
  }

  subscriptions(user: string): AsyncGenerator<readonly SubscriptionAnswer[]> {
    return this.#pages(['v1', 'accounts', user, 'subscriptions'], {});
  }

  async subscribe(user: string, request: SubscribeRequest): Promise<void> {
    const path = ['v1', 'accounts', user, 'subscriptions'];
    await this.#json({ method: 'POST', path, body: JSON.stringify(request) }, { idempotent: true });
  }

  /**
   * Sends a message that is too large for a request.
   * @returns the id by which it can be delivered
   */
  async upload(user: string, raw: Uint8Array, signal?: AbortSignal): Promise<string> {
    const request: StartUploadRequest = { size: raw.length };
    const path = ['v1', 'accounts', user, 'uploads'];
    const options = { idempotent: true, ...(signal === undefined ? {} : { signal }) };
    const { uploadId, url, headers }: UploadAnswer = await this.#json(
      { method: 'POST', path, body: JSON.stringify(request) },
      options,
    );
    await this.#retried(() => this.#transport.put(new URL(url), headers, raw), options);
    return uploadId;
  }

  messages(user: string, mailbox: string): AsyncGenerator<readonly MessageAnswer[]> {
    return this.#pages(['v1', 'accounts', user, 'messages'], { mailbox });
  }

  /** The message, byte for byte. */
  async message(user: string, mailbox: string, uid: number): Promise<Buffer> {
    const path = ['v1', 'accounts', user, 'messages', String(uid)];
    const answer = await this.#send(
      { method: 'GET', path, query: { mailbox } },
      { idempotent: true },
    );
    return answer.body;
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
    signal?: AbortSignal,
  ): Promise<DeliverAnswer> {
    return this.#json(
      {
        method: 'POST',
        path: ['v1', 'accounts', user, 'messages'],
        headers: { 'idempotency-key': key },
        body,
      },
      { idempotent: true, ...(signal === undefined ? {} : { signal }) },
    );
  }

  async operation(operationId: string): Promise<OperationAnswer> {
    return this.#get(['v1', 'operations', operationId]);
  }

  /** Makes sure that an attempt is running: a second request finds the one of the first. */
  async resumeOperation(operationId: string): Promise<OperationAnswer> {
    return this.#json(
      { method: 'POST', path: ['v1', 'operations', operationId, 'resume'] },
      { idempotent: true },
    );
  }

  async certificate(operationId: string): Promise<SignedCertificate> {
    return this.#get(['v1', 'operations', operationId, 'certificate']);
  }

  async certificateKey(): Promise<CertificateKeyAnswer> {
    return this.#get(['v1', 'certificate-key']);
  }

  /** Looks at what Lethe needs from its surroundings; changes nothing. */
  async doctor(): Promise<DoctorAnswer> {
    return this.#json({ method: 'POST', path: ['v1', 'doctor'] }, { idempotent: true });
  }

  close(): void {
    this.#transport.close();
  }

  async #get<T>(path: readonly string[]): Promise<T> {
    return this.#json({ method: 'GET', path }, { idempotent: true });
  }

  async *#pages<T>(
    path: readonly string[],
    query: Readonly<Record<string, string>>,
  ): AsyncGenerator<readonly T[]> {
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer: ListAnswer<T> = await this.#json(
        {
          method: 'GET',
          path,
          query: {
            ...query,
            limit: String(PAGE_ENTRIES),
            ...(cursor === undefined ? {} : { cursor }),
          },
        },
        { idempotent: true },
      );
      yield answer.items;
      if (answer.next === undefined) return;
      if (answer.next === cursor) break;
      cursor = answer.next;
    }
    throw new CliError(EXIT.fault, `the list at /${path.join('/')} does not come to an end`);
  }

  async #json<T>(request: ApiRequest, options: CallOptions): Promise<T> {
    const { body } = await this.#send(request, options);
    try {
      return JSON.parse(body.toString('utf8')) as T;
    } catch (cause) {
      throw new CliError(EXIT.config, 'the answer is not JSON', {
        hint: 'Does --url point to the API of Lethe?',
        cause,
      });
    }
  }

  async #send(request: ApiRequest, options: CallOptions): Promise<ApiResponse> {
    return this.#retried(() => this.#transport.send(request), options);
  }

  async #retried(send: () => Promise<ApiResponse>, options: CallOptions): Promise<ApiResponse> {
    return withRetries(
      this.#ports,
      async () => {
        const outcome = await tryOnce(send);
        if ('status' in outcome) return { kind: 'answer', answer: outcome };
        const { error, transient, retryAfter } = outcome;
        if (!transient || !options.idempotent) throw error;
        const retryAfterMs = parseRetryAfter(retryAfter, this.#ports.now());
        return { kind: 'again', error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
      },
      options.signal,
    );
  }
}

async function tryOnce(send: () => Promise<ApiResponse>): Promise<ApiResponse | Failure> {
  let response: ApiResponse;
  try {
    response = await send();
  } catch (error) {
    return describeFailure(error);
  }
  return response.status >= 200 && response.status < 300 ? response : readFailure(response);
}

function deleteQuery({ allowUnknownUser }: DeleteOptions): Record<string, string> {
  return allowUnknownUser ? { allowUnknownUser: 'true' } : {};
}
