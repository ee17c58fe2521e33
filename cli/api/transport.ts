/** Signed requests (AWS Signature Version 4) to an API behind IAM authorization. */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { PRESIGNED_URL_SECONDS_MAX, UPLOAD_BYTES_MAX } from '../../functions/contract/limits.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** API Gateway gives an integration 30 seconds; a little more tells its timeout from ours. */
const REQUEST_TIMEOUT_MS = 35_000;
/** A presigned URL is good for so long. */
const UPLOAD_TIMEOUT_MS = PRESIGNED_URL_SECONDS_MAX * 1000;
const CONNECTION_TIMEOUT_MS = 5_000;

/** Lambda answers at most 6 MiB; four times that is not an answer of this API. */
const ANSWER_BYTES_MAX = 24 * 1024 * 1024;

/** More requests than this are never in flight at once. */
const SOCKETS_MAX = 8;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Endpoint {
  /** Where `/v1` is found. */
  readonly url: URL;
  readonly region: string;
  /** Certificates to trust instead of those that come with Node. */
  readonly ca?: string;
  /** Asked before each request, so that expiring ones are renewed. */
  readonly credentials: () => Promise<Credentials>;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Unescaped segments below the endpoint. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface PresignedRequest {
  readonly method: 'GET' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export class SignedTransport {
  readonly #endpoint: Endpoint;
  readonly #signer: SignatureV4;
  readonly #handler: NodeHttpHandler;
  readonly #uploader: NodeHttpHandler;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#signer = new SignatureV4({
      service: 'execute-api',
      region: endpoint.region,
      credentials: endpoint.credentials,
      sha256: Sha256,
    });
    const agentOptions = { keepAlive: true, maxSockets: SOCKETS_MAX };
    const ca = endpoint.ca === undefined ? {} : { ca: endpoint.ca };
    const makeHandler = (requestTimeout: number) =>
      new NodeHttpHandler({
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        requestTimeout,
        throwOnRequestTimeout: true,
        httpAgent: new HttpAgent(agentOptions),
        httpsAgent: new HttpsAgent({ ...agentOptions, ...ca }),
      });
    this.#handler = makeHandler(REQUEST_TIMEOUT_MS);
    this.#uploader = makeHandler(UPLOAD_TIMEOUT_MS);
  }

  /** Sends once. Rejects with what the socket reports. */
  async send(request: ApiRequest): Promise<ApiResponse> {
    const { url } = this.#endpoint;
    const body = request.body ?? '';
    const signed = await this.#signer.sign({
      method: request.method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: `${url.pathname.replace(/\/+$/, '')}/${request.path.map(encodeSegment).join('/')}`,
      query: { ...request.query },
      headers: {
        host: url.host,
        accept: 'application/json, application/problem+json, message/rfc822',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        'content-length': String(Buffer.byteLength(body)),
        // The signer would hash bodies of 5 MB in JavaScript: 100 ms against 4 ms here.
        'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
        ...request.headers,
      },
      body,
    });
    const { response } = await this.#handler.handle(
      // The signer answers an instance of the class that the handler asks for; its type says less.
      signed as Parameters<NodeHttpHandler['handle']>[0],
    );
    return {
      status: response.statusCode,
      headers: response.headers,
      body: await collect(response.body, ANSWER_BYTES_MAX),
    };
  }

  /** Sends bytes to a presigned URL, which carries its own signature. */
  async put(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<ApiResponse> {
    return await this.#presigned({ method: 'PUT', url, headers, body }, ANSWER_BYTES_MAX);
  }

  /** Fetches a message from a presigned URL. */
  async get(url: URL): Promise<ApiResponse> {
    return await this.#presigned({ method: 'GET', url, headers: {} }, UPLOAD_BYTES_MAX);
  }

  async #presigned(
    { method, url, headers, body }: PresignedRequest,
    bytesMax: number,
  ): Promise<ApiResponse> {
    const { response } = await this.#uploader.handle({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body === undefined ? {} : { body }),
    } as unknown as Parameters<NodeHttpHandler['handle']>[0]);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: await collect(response.body, bytesMax),
    };
  }

  /** Closes idle connections, which would keep the process from ending. */
  close(): void {
    this.#handler.destroy();
    this.#uploader.destroy();
  }
}

/**
 * Escapes one path segment, also the `!'()*` that encodeURIComponent leaves alone: signer and
 * server must agree byte for byte.
 * @throws CliError for what would name another path: nothing, `.` and `..`
 */
export function encodeSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed()) {
    throw new CliError(EXIT.usage, `${JSON.stringify(segment)} cannot name a user or an operation`);
  }
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function collect(body: AsyncIterable<Buffer>, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new CliError(EXIT.unavailable, `the answer is longer than ${bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
