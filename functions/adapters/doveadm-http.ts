/** One request to doveadm's HTTP interface (doveadm_http_api), and its faults by their names. */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { MailServer } from '../contract/mail-servers.ts';
import {
  MailServerError,
  serverRefused,
  timedOut,
  unreachable,
  wrongSecret,
} from '../core/ports/mail-server-errors.ts';

const DOVEADM_PATH = '/doveadm/v1';

/** 500,000 proxied connections of some 120 bytes each: more than a proxy holds. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface DoveadmHttpOptions {
  /** Of one request as a whole, from the name's resolution to the last byte. */
  readonly timeoutSeconds: number;
  /** PEM: trusted besides the public certificates. */
  readonly caBundle?: string;
}

/**
 * Asks which commands a server offers (no body) or sends it one command; answers the parsed JSON.
 * @throws MailServerError
 */
export async function askDoveadm(
  server: MailServer,
  apiKey: string,
  options: DoveadmHttpOptions,
  body?: unknown,
): Promise<unknown> {
  const signal = AbortSignal.timeout(options.timeoutSeconds * 1000);
  try {
    const answer = await send(server, apiKey, { ...options, signal }, body);
    return parseAnswer(server, answer.statusCode ?? 0, await readAll(server, answer));
  } catch (error) {
    if (error instanceof MailServerError) throw error;
    if (signal.aborted) throw timedOut(server, options.timeoutSeconds);
    throw unreachable(server, reasonOf(error), error);
  }
}

function send(
  server: MailServer,
  apiKey: string,
  { caBundle, signal }: DoveadmHttpOptions & { readonly signal: AbortSignal },
  body: unknown,
): Promise<IncomingMessage> {
  const url = new URL(DOVEADM_PATH, server.url);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options: RequestOptions = {
    method: text === undefined ? 'GET' : 'POST',
    // Dovecot closes the connection after each answer: there is nothing to keep.
    agent: false,
    signal,
    headers: {
      authorization: `X-Dovecot-API ${Buffer.from(apiKey).toString('base64')}`,
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    },
  };
  return new Promise((resolve, reject) => {
    const trusted = caBundle === undefined ? {} : { ca: [...rootCertificates, caBundle] };
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, ...trusted }, resolve)
        : httpRequest(url, options, resolve);
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}

async function readAll(server: MailServer, answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > ANSWER_BYTES_MAX) {
      answer.destroy();
      throw serverRefused(server, `its answer is longer than ${ANSWER_BYTES_MAX} bytes`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer(server: MailServer, status: number, text: string): unknown {
  if (status === 401 || status === 403) throw wrongSecret(server);
  if (status !== 200) {
    throw serverRefused(
      server,
      `HTTP status ${status} at ${DOVEADM_PATH}, where doveadm answers 200`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw serverRefused(server, `what answers at ${DOVEADM_PATH} is not doveadm`, cause);
  }
}

/** OpenSSL and the system name their faults by codes; those that operators meet, in words. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself, and not in the CA bundle',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by a CA that is not in the CA bundle',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is signed by a CA that is not in the CA bundle',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by a CA that is not in the CA bundle',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS there',
  ECONNREFUSED: 'nothing listens on that port',
  ECONNRESET: 'it closed the connection',
  ENOTFOUND: 'its name is unknown',
  EAI_AGAIN: 'no name server answers',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

function reasonOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== 'string') return error instanceof Error ? error.message : String(error);
  return `${REASONS[code] ?? 'the connection failed'} (${code})`;
}
