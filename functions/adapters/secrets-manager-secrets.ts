import {
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import type { Meter } from '../core/meter/meter.ts';
import type { Clock } from '../core/ports/clock.ts';
import { secretUnreadable } from '../core/ports/mail-server-errors.ts';
import type { Secrets } from '../core/ports/secrets.ts';
import { meterSecretsManager } from './sdk-metering.ts';

/** A secret is asked for again after this long, so that a rotation arrives without a deployment. */
const REMEMBERED_MS = 300_000;

/**
 * A VPC without a way to Secrets Manager shows as a connection that never comes about. Two tries
 * of two seconds: a step has 120, and its retries are the machine's.
 */
const TIMEOUT_MS = 2_000;
const TRIES = 2;

/** `arn:<partition>:secretsmanager:<region>:<account>:secret:<name>` */
const SECRET_ARN = /^arn:[^:]+:secretsmanager:([^:]+):/;

export interface SecretsManagerOptions {
  readonly secretArn: string;
  readonly clock: Clock;
  /** Counts the requests that are billed. */
  readonly meter?: Meter;
  /** Of the client, besides region and time: nothing where the SDK's own ways are right. */
  readonly config?: SecretsManagerClientConfig;
}

/** One call of Secrets Manager, `GetSecretValue`, for one secret, in the region of its ARN. */
export class SecretsManagerSecrets implements Secrets {
  readonly #secretArn: string;
  readonly #clock: Clock;
  readonly #client: SecretsManagerClient;
  #remembered: { readonly text: string; readonly until: number } | undefined;

  constructor({ secretArn, clock, meter, config }: SecretsManagerOptions) {
    const region = SECRET_ARN.exec(secretArn)?.[1];
    if (region === undefined) throw new TypeError(`not the ARN of a secret: ${secretArn}`);
    this.#secretArn = secretArn;
    this.#clock = clock;
    this.#client = new SecretsManagerClient({
      region,
      maxAttempts: TRIES,
      requestHandler: {
        connectionTimeout: TIMEOUT_MS,
        requestTimeout: TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
      ...config,
    });
    if (meter !== undefined) meterSecretsManager(this.#client, meter);
  }

  async read({ fresh = false } = {}): Promise<string> {
    const now = this.#clock.now();
    if (!fresh && this.#remembered !== undefined && now < this.#remembered.until) {
      return this.#remembered.text;
    }
    const text = await this.#fetch();
    this.#remembered = { text, until: now + REMEMBERED_MS };
    return text;
  }

  async #fetch(): Promise<string> {
    const { SecretString: secret } = await this.#client
      .send(new GetSecretValueCommand({ SecretId: this.#secretArn }))
      .catch((error: unknown) => {
        throw secretUnreadable(reasonOf(error), error);
      });
    if (secret === undefined) throw secretUnreadable('it is binary, allowed is text');
    return secret;
  }
}

/** What AWS says, or that it says nothing; never its message, which names role and secret. */
function reasonOf(error: unknown): string {
  const { name, code, $metadata } = error as {
    readonly name?: string;
    readonly code?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  return status === undefined
    ? `no answer from Secrets Manager (${code ?? name})`
    : `Secrets Manager answers ${name} (HTTP status ${status})`;
}
