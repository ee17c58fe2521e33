/** The two functions behind the doors, with separate permissions: accounts, and what is in them. */
import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { CERTIFICATES_PREFIX, UPLOADS_PREFIX } from '../functions/contract/key-layout.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { REQUEST_TIMEOUT_SECONDS } from './function-timeouts.ts';
import {
  MAIL_ROWS,
  retentionDaysText,
  tellDeploymentSettings,
  tellMailSettings,
  tellRemainders,
} from './mail-functions.ts';
import type { ServiceStackProps } from './service-props.ts';

export interface ApiFunctions {
  readonly provisioning: NodeFunction;
  readonly mail: NodeFunction;
}

export function addApiFunctions(scope: Construct, props: ServiceStackProps): ApiFunctions {
  return { provisioning: addProvisioning(scope, props), mail: addMail(scope, props) };
}

/** Creates accounts, shows them, starts deletions and purges; reaches no mail, deletes nothing. */
function addProvisioning(scope: Construct, props: ServiceStackProps): NodeFunction {
  const { settings, storage, code } = props;
  const result = new NodeFunction(scope, 'ProvisioningApi', {
    code: code('provisioning-api'),
    description: 'Doors: accounts, operations, certificates',
    timeoutSeconds: REQUEST_TIMEOUT_SECONDS,
    settings,
  });
  const { registry, dictmap } = storage.tables;
  result.bindTable(registry, ENV.registryTable, ['get', 'query', 'put', 'update', 'check']);
  // An account is created with its INBOX, and shown with the sums of its mailboxes; a deletion that
  // is to be purged must be there, and its account not held.
  result.bindTable(dictmap, ENV.dictmapTable, ['get', 'query', 'put']);
  result.bindBucket(storage.evidenceBucket, ENV.evidenceBucket, {
    bucket: ['tellAbsent'],
    objects: ['get'],
    prefixes: [CERTIFICATES_PREFIX],
  });
  result.bindKey(storage.certificateKey, ENV.certificateKeyId, ['kms:GetPublicKey']);
  result.setVariable(ENV.retentionClasses, retentionDaysText(settings.retentionClasses));
  result.setVariable(ENV.defaultClass, settings.defaultRetentionClass);
  result.setVariable(ENV.classesEverDeployed, JSON.stringify(Object.keys(props.classesEver)));
  tellDeploymentSettings(result, settings);
  tellRemainders(result, settings);
  return result;
}

/** Delivers, reads and changes mail; no request deletes an object (it changes rows, and S3 follows). */
function addMail(scope: Construct, props: ServiceStackProps): NodeFunction {
  const { settings, storage, code, classesEver } = props;
  const result = new NodeFunction(scope, 'MailApi', {
    code: code('mail-api'),
    description: 'Doors: mailboxes and messages',
    timeoutSeconds: REQUEST_TIMEOUT_SECONDS,
    settings,
  });
  const { registry, dictmap } = storage.tables;
  // Checks that the account is active, remembers answered requests, and keeps settings.
  result.bindTable(registry, ENV.registryTable, ['get', 'put', 'update', 'check']);
  // Settings of a domain are brought to its accounts.
  result.bindIndex(registry, 'list');
  // A name that is given up (a renamed mailbox, a subscription) is a row that goes.
  result.bindTable(dictmap, ENV.dictmapTable, MAIL_ROWS);
  // What the expunge storage shows.
  result.bindIndex(dictmap, 'lazy');
  tellMailSettings(result, props);
  result.setVariable(ENV.backupGate, settings.backupGate);
  result.bindBucket(storage.mailBucket, ENV.mailBucket, {
    bucket: ['tellAbsent'],
    // Of what a lost try of a PUT has left, the version is looked up.
    objects: ['get', 'getVersion', 'put'],
    prefixes: Object.keys(classesEver).map((name) => `${name}/`),
  });
  // Whoever has a presigned URL writes with the rights of this function; then it reads and copies
  // the version that came.
  result.bindBucket(storage.mailBucket, ENV.mailBucket, {
    bucket: [],
    objects: ['get', 'getVersion', 'put'],
    prefixes: [UPLOADS_PREFIX],
  });
  return result;
}
