/** Sending requests of the `/v1` API: pages, retries, and what answers mean. */

import type { ListAnswer } from '../../functions/contract/api.ts';
import type { DryRunnable } from '../../functions/contract/requests/form.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { describeFailure, type Failure, readFailure } from './failures.ts';
import { parseRetryAfter, type RetryPorts, withRetries } from './retry.ts';
import type { ApiRequest, ApiResponse, SignedTransport } from './transport.ts';

/** The largest page that the API gives: fewer requests for long lists. */
const PAGE_ENTRIES = 500;

/** Five million entries; beyond that something is wrong. */
const PAGES_MAX = 10_000;

/** The status by which a message too large for an answer is sent elsewhere. */
const TEMPORARY_REDIRECT = 307;

export interface ClientPorts extends RetryPorts {
  now(): number;
}

export interface CallOptions {
  /** Whether sending the request twice does no more than sending it once. */
  readonly idempotent: boolean;
  readonly signal?: AbortSignal;
  /** Whether a server that is away is the caller's business. */
  readonly isImpatient?: boolean;
}

/** A dry run is said in the query; what is asked for, in the body. */
export function splitDryRun(request: DryRunnable): {
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const { dryRun, ...body } = request;
  return { query: dryRun === true ? { dryRun: 'true' } : {}, body: JSON.stringify(body) };
}

export class ApiRequests {
  readonly #transport: SignedTransport;
  readonly #ports: ClientPorts;
  /** Somebody has answered there. */
  #isKnown = false;

  constructor(transport: SignedTransport, ports: ClientPorts) {
    this.#transport = transport;
    this.#ports = ports;
  }

  close(): void {
    this.#transport.close();
  }

  /** Sends bytes to a presigned URL. */
  async put(
    url: URL,
    headers: Readonly<Record<string, string>>,
    raw: Uint8Array,
    options: CallOptions,
  ): Promise<void> {
    await this.#retried(() => this.#transport.put(url, headers, raw), options);
  }

  /** Bytes, which the answer has or leads to by a presigned URL: a new one for each try. */
  async download(request: ApiRequest): Promise<Buffer> {
    const follow = async (): Promise<ApiResponse> => {
      const answer = await this.#transport.send(request);
      const { location } = answer.headers;
      if (answer.status !== TEMPORARY_REDIRECT || location === undefined) return answer;
      return await this.#transport.get(new URL(location));
    };
    return (await this.#retried(follow, { idempotent: true })).body;
  }

  async get<T>(
    path: readonly string[],
    query: Readonly<Record<string, string>> = {},
    options: Pick<CallOptions, 'isImpatient'> = {},
  ): Promise<T> {
    return this.json({ method: 'GET', path, query }, { ...options, idempotent: true });
  }

  /** Every page of a list. */
  async *pages<T>(
    path: readonly string[],
    query: Readonly<Record<string, string>>,
  ): AsyncGenerator<readonly T[]> {
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer: ListAnswer<T> = await this.json(
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

  async json<T>(request: ApiRequest, options: CallOptions): Promise<T> {
    const { body } = await this.send(request, options);
    try {
      return JSON.parse(body.toString('utf8')) as T;
    } catch (cause) {
      throw new CliError(EXIT.config, 'the answer is not JSON', {
        hint: 'Does --url point to the API of Lethe?',
        cause,
      });
    }
  }

  /** @throws CliError, ProblemError */
  async send(request: ApiRequest, options: CallOptions): Promise<ApiResponse> {
    return this.#retried(() => this.#transport.send(request), options);
  }

  async #retried(send: () => Promise<ApiResponse>, options: CallOptions): Promise<ApiResponse> {
    return withRetries(
      this.#ports,
      async () => {
        const outcome = await tryOnce(send);
        if ('status' in outcome) {
          this.#isKnown = true;
          return { kind: 'answer', answer: outcome };
        }
        const { error, transient, retryAfter, isAway } = outcome;
        if (isAway && this.#isKnown && !options.isImpatient) return { kind: 'away', error };
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
