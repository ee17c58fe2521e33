/**
 * The mail servers that the infrastructure tells of. A module of its own, so that only the
 * functions that talk to them carry what that takes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { DoveadmMailServers } from '../adapters/doveadm-mail-servers.ts';
import { SecretsManagerSecrets } from '../adapters/secrets-manager-secrets.ts';
import { ENV } from '../contract/env.ts';
import { MAIL_SERVERS_CA_FILE, type MailServerSettings } from '../contract/mail-servers.ts';
import type { MailServers } from '../core/ports/mail-servers.ts';
import type { Secrets } from '../core/ports/secrets.ts';
import { readEnvironment, readJson } from './environment.ts';
import { usageMeter, wireClock } from './wiring.ts';

const NONE: MailServerSettings = {
  servers: [],
  requestTimeoutSeconds: 1,
  sessionDeadlineSeconds: 1,
};

/** As configured; without servers where none are. */
export function wireMailServerSettings(): MailServerSettings {
  if (process.env[ENV.mailServers] === undefined) return NONE;
  return readJson(ENV.mailServers) as MailServerSettings;
}

export function wireMailServers(): MailServers {
  const settings = wireMailServerSettings();
  const caFile = new URL(MAIL_SERVERS_CA_FILE, import.meta.url);
  return new DoveadmMailServers({
    settings,
    secrets: settings.servers.length === 0 ? NO_SECRET : wireSecret(),
    ...(existsSync(caFile) ? { caBundle: readFileSync(caFile, 'utf8') } : {}),
  });
}

const NO_SECRET: Secrets = {
  read: async () => {
    throw new Error('without mail servers there is no secret');
  },
};

function wireSecret(): Secrets {
  const { [ENV.mailServersSecretArn]: secretArn } = readEnvironment([ENV.mailServersSecretArn]);
  return new SecretsManagerSecrets({ secretArn, clock: wireClock(), meter: usageMeter });
}
