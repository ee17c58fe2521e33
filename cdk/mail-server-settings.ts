/** The part of the settings that says where mail servers are and how to reach them. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { MailServerSettings } from '../functions/contract/mail-servers.ts';

export interface VpcPlace {
  /** Where the functions get their network interfaces; the VPC follows from them. */
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export interface MailServersInput {
  /** Where doveadm's HTTP interface is: `https://proxy-1.example.com:8080`. */
  readonly proxies: readonly string[];
  readonly backends: readonly string[];
  /** Secret with doveadm_api_key: as text, or as the member `apiKey` of a JSON object. */
  readonly secretArn: string;
  /** Key that the secret is encrypted with, when it is not the account's default one. */
  readonly secretKeyArn?: string | undefined;
  readonly requestTimeoutSeconds: number;
  /** How long a deletion waits, kicking, until nobody is connected. */
  readonly sessionDeadlineSeconds: number;
  /** Allows `http://`: the API key then crosses the network in the clear. */
  readonly plainHttp: boolean;
  /** Missing where the servers can be reached from anywhere. */
  readonly vpc?: VpcPlace | undefined;
  /** PEM file with certificates to trust besides the public ones. */
  readonly caBundle?: string | undefined;
}

/** All variables of a function together have at most 4 KB; the others take less than 1 KB. */
const SERVERS_BYTES_MAX = 3000;

/** Three tries of a step, or three requests of `lethe doctor`, must fit their function's time. */
const REQUEST_TIMEOUT_SECONDS_MAX = 10;

/** What each field takes, in words. */
const ALLOWED = {
  mailServers: 'an object with proxies or backends, and secretArn',
  proxies: 'a list of URLs such as "https://proxy-1.example.com:8080", each once, without a path',
  backends: 'a list of URLs such as "https://mail-1.example.com:8080", each once, without a path',
  secretArn: 'the complete ARN of a secret, with the six characters at its end',
  secretKeyArn: 'the ARN of a KMS key',
  requestTimeoutSeconds: `a whole number from 1 to ${REQUEST_TIMEOUT_SECONDS_MAX}`,
  sessionDeadlineSeconds: 'a whole number from 1 to 7200',
  plainHttp: 'true or false',
  vpc: 'an object with subnetIds (1 to 16) and securityGroupIds (1 to 5)',
  caBundle: 'the path of a PEM file with at least one certificate',
} as const;

const url = z.string().refine((text) => {
  const parsed = URL.parse(text);
  return (
    parsed !== null &&
    /^https?:$/.test(parsed.protocol) &&
    // Nothing but scheme, host and port: a path, query or password would be dropped or logged.
    parsed.origin === text.replace(/\/$/, '').toLowerCase()
  );
});

const urls = z
  .array(url)
  .refine((list) => new Set(list).size === list.length)
  .transform((list) => list.map((text) => new URL(text).origin))
  .default([]);

const arn = (service: string, rest: string) =>
  z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:[0-9]{12}:${rest}$`));

const SHAPE = z.strictObject({
  proxies: urls,
  backends: urls,
  secretArn: arn('secretsmanager', 'secret:.+-[A-Za-z0-9]{6}'),
  secretKeyArn: arn('kms', 'key/.+').optional(),
  requestTimeoutSeconds: z.int().min(1).max(REQUEST_TIMEOUT_SECONDS_MAX).default(5),
  sessionDeadlineSeconds: z.int().min(1).max(7200).default(600),
  plainHttp: z.boolean().default(false),
  vpc: z
    .strictObject({
      subnetIds: z
        .array(z.string().regex(/^subnet-[0-9a-f]{8,}$/))
        .min(1)
        .max(16),
      securityGroupIds: z
        .array(z.string().regex(/^sg-[0-9a-f]{8,}$/))
        .min(1)
        .max(5),
    })
    .optional(),
  caBundle: z.string().refine(holdsCertificate).optional(),
});

/** Checks the fields, then what holds between them; issues carry what would be right. */
export const mailServersSchema = SHAPE.superRefine((value, context) => {
  const problem = (field: string, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  const { proxies, backends } = value;
  if (proxies.length + backends.length === 0) problem('proxies', 'at least one proxy or backend');
  for (const field of ['proxies', 'backends'] as const) {
    if (!value.plainHttp && value[field].some((text) => text.startsWith('http:'))) {
      problem(field, 'https:// only, or plainHttp: true as well');
    }
  }
  if (backends.some((one) => proxies.includes(one))) {
    problem('backends', 'none that is also a proxy: a server that is both is a proxy');
  }
  const sizeBytes = Buffer.byteLength(JSON.stringify(toServerSettings(value)));
  if (sizeBytes > SERVERS_BYTES_MAX) {
    problem(
      'proxies',
      `fewer servers or shorter names: all settings take ${sizeBytes} bytes, at most ${SERVERS_BYTES_MAX}`,
    );
  }
});

/** What is allowed where an issue is, its path beginning below `mailServers`. */
export function mailServersAllowed(path: readonly PropertyKey[]): string {
  const [field = 'mailServers'] = path;
  return ALLOWED[field as keyof typeof ALLOWED] ?? Object.keys(SHAPE.shape).join(', ');
}

/** What the functions are told. */
export function toServerSettings(input: MailServersInput): MailServerSettings {
  return {
    servers: [
      ...input.proxies.map((one) => ({ url: one, role: 'proxy' as const })),
      ...input.backends.map((one) => ({ url: one, role: 'backend' as const })),
    ],
    requestTimeoutSeconds: input.requestTimeoutSeconds,
    sessionDeadlineSeconds: input.sessionDeadlineSeconds,
  };
}

function holdsCertificate(path: string): boolean {
  try {
    return new X509Certificate(readFileSync(path)).subject !== undefined;
  } catch {
    return false;
  }
}
