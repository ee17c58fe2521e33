import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Meter } from '../core/meter/meter.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Secrets } from '../core/ports/secrets.ts';
import { secretUnreadable } from '../core/sessions/mail-server-errors.ts';

/** A secret is asked for again after this long, so that a rotation arrives without a deployment. */
const REMEMBERED_MS = 300_000;

/** A VPC without a way to Secrets Manager shows as a connection that never comes about. */
const TIMEOUT_MS = 3_000;

/** Secrets have at most 65,536 bytes; JSON may escape each. */
const ANSWER_BYTES_MAX = 1024 * 1024;

const SERVER_FAULT_STATUS = 500;

const SUFFIXES: Readonly<Record<string, string>> = { 'aws-cn': 'amazonaws.com.cn' };

export interface SecretsManagerOptions {
  /** `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>` */
  readonly secretArn: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly clock: Clock;
  /** Counts the requests that were answered, except by a server fault: those are billed. */
  readonly meter?: Meter;
  /** Another place than that of the ARN's region. */
  readonly endpoint?: string;
}

/** One call of Secrets Manager, `GetSecretValue`, for one secret. */
export class SecretsManagerSecrets implements Secrets {
  readonly #options: SecretsManagerOptions;
  readonly #url: URL;
  readonly #signer: SignatureV4;
  readonly #handler: NodeHttpHandler;
  #remembered: { readonly text: string; readonly until: number } | undefined;

  constructor(options: SecretsManagerOptions) {
    const [, partition = 'aws', service, region = ''] = options.secretArn.split(':');
    if (service !== 'secretsmanager' || region === '') {
      throw new TypeError(`not the ARN of a secret: ${options.secretArn}`);
    }
    this.#options = options;
    const host = `secretsmanager.${region}.${SUFFIXES[partition] ?? 'amazonaws.com'}`;
    this.#url = new URL(options.endpoint ?? `https://${host}`);
    this.#signer = new SignatureV4({
      service: 'secretsmanager',
      region,
      credentials: options.credentials,
      sha256: Sha256,
    });
    this.#handler = new NodeHttpHandler({
      connectionTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      throwOnRequestTimeout: true,
    });
  }

  async read({ fresh = false } = {}): Promise<string> {
    const now = this.#options.clock.now();
    if (!fresh && this.#remembered !== undefined && now < this.#remembered.until) {
      return this.#remembered.text;
    }
    const text = await this.#fetch();
    this.#remembered = { text, until: now + REMEMBERED_MS };
    return text;
  }

  async #fetch(): Promise<string> {
    const { status, body } = await this.#call('GetSecretValue', {
      SecretId: this.#options.secretArn,
    });
    if (status !== 200) throw secretUnreadable(`Secrets Manager answers ${faultOf(status, body)}`);
    const { SecretString: secret } = body;
    if (typeof secret !== 'string') throw secretUnreadable('it is binary, allowed is text');
    return secret;
  }

  async #call(action: string, input: object) {
    const text = JSON.stringify(input);
    const { protocol, hostname, port, host, pathname } = this.#url;
    const signed = await this.#signer.sign({
      method: 'POST',
      protocol,
      hostname,
      ...(port === '' ? {} : { port: Number(port) }),
      path: pathname,
      query: {},
      headers: {
        host,
        'content-type': 'application/x-amz-json-1.1',
        'content-length': String(Buffer.byteLength(text)),
        'x-amz-target': `secretsmanager.${action}`,
        'x-amz-content-sha256': createHash('sha256').update(text).digest('hex'),
      },
      body: text,
    });
    try {
      const { response } = await this.#handler.handle(
        // The signer answers an instance of the class that the handler asks for; its type says less.
        signed as Parameters<NodeHttpHandler['handle']>[0],
      );
      const { statusCode: status } = response;
      if (status < SERVER_FAULT_STATUS) this.#options.meter?.add('secretsManagerRequests');
      return { status, body: await readJson(response.body) };
    } catch (cause) {
      const { name = 'Error', code } = cause as { readonly name?: string; readonly code?: string };
      throw secretUnreadable(`no answer from ${hostname} (${code ?? name})`, cause);
    }
  }
}

async function readJson(body: AsyncIterable<Buffer>): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) throw new RangeError('the answer is too long');
  }
  const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}

/** `com.amazonaws.secretsmanager#ResourceNotFoundException` reads as its last part. */
function faultOf(status: number, { __type: type }: Readonly<Record<string, unknown>>): string {
  return typeof type === 'string' ? (type.split('#').at(-1) ?? type) : `HTTP status ${status}`;
}
