/** Lets a function talk to the mail servers: where they are, the secret, the network. */
import { readFileSync } from 'node:fs';
import { ENV } from '../functions/contract/env.ts';
import { MAIL_SERVERS_CA_FILE } from '../functions/contract/mail-servers.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import type { HandlerFiles } from './handler-bundles.ts';
import { toServerSettings } from './mail-server-settings.ts';
import type { Settings } from './settings.ts';

/** Files that go beside the handler of such a function. */
export function mailServerFiles({ mailServers }: Settings): HandlerFiles {
  return mailServers?.caBundle === undefined
    ? {}
    : { [MAIL_SERVERS_CA_FILE]: readFileSync(mailServers.caBundle, 'utf8') };
}

/** Nothing where no mail servers are configured: then no function joins a VPC either. */
export function bindMailServers(target: NodeFunction, { mailServers }: Settings): void {
  if (mailServers === undefined) return;
  const { secretArn, secretKeyArn, vpc } = mailServers;
  target.setVariable(ENV.mailServers, JSON.stringify(toServerSettings(mailServers)));
  target.setVariable(ENV.mailServersSecretArn, secretArn);
  target.allow([secretArn], ['secretsmanager:GetSecretValue']);
  if (secretKeyArn !== undefined) target.allow([secretKeyArn], ['kms:Decrypt']);
  if (vpc !== undefined) target.joinVpc(vpc);
}
