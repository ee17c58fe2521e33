/** The steps of delete-account: one function each, allowed exactly what its step touches. */
import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import {
  CERTIFICATES_PREFIX,
  OPAQUE_CLASS,
  UPLOADS_PREFIX,
} from '../functions/contract/key-layout.ts';
import { UPLOADS_WAIT_SECONDS_MAX } from '../functions/contract/limits.ts';
import { NodeFunction, type TableAction } from './constructs/node-function.ts';
import {
  MAIL_SERVER_STEP_TIMEOUT_SECONDS,
  PAGING_STEP_TIMEOUT_SECONDS,
  STEP_TIMEOUT_SECONDS,
} from './function-timeouts.ts';
import { bindMailServers, mailServerFiles } from './mail-servers.ts';
import type { ServiceStackProps } from './service-props.ts';

interface Step {
  /** Of the handler. */
  readonly name: string;
  readonly timeoutSeconds: number;
  readonly registry: readonly TableAction[];
  readonly dictmap: readonly TableAction[];
  /** Talks to proxies and backends. */
  readonly mailServers?: true;
}

/**
 * By the names that the tokens of the definition have. Each puts one row into the registry besides
 * its work: what its invocation was billed for.
 */
const DELETION_STEPS = {
  ResolveAccount: {
    name: 'resolve-account',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    registry: ['get', 'query', 'put', 'update'],
    dictmap: ['query'],
  },
  DisableUser: {
    name: 'disable-user',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    registry: ['get', 'put', 'update'],
    dictmap: [],
  },
  KickSessions: {
    name: 'kick-sessions',
    timeoutSeconds: MAIL_SERVER_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'put', 'update'],
    dictmap: [],
    mailServers: true,
  },
  WaitForSessions: {
    name: 'wait-for-sessions',
    timeoutSeconds: MAIL_SERVER_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'put', 'update'],
    dictmap: [],
    mailServers: true,
  },
  FenceAccount: {
    name: 'fence-account',
    timeoutSeconds: PAGING_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'put', 'update'],
    dictmap: ['query', 'update'],
  },
  PlanErasure: {
    name: 'plan-erasure',
    timeoutSeconds: PAGING_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'query', 'put', 'update'],
    dictmap: ['query'],
  },
  EraseRange: {
    name: 'erase-range',
    timeoutSeconds: PAGING_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'query', 'put', 'update'],
    dictmap: ['query', 'removeMany'],
  },
  ClearCaches: {
    name: 'clear-caches',
    timeoutSeconds: MAIL_SERVER_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'put', 'update'],
    dictmap: ['query'],
    mailServers: true,
  },
  EraseAccountRows: {
    name: 'erase-account-rows',
    timeoutSeconds: PAGING_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'query', 'put', 'update'],
    // Rights in mailboxes of others are read, and withdrawn, row by row.
    dictmap: ['get', 'query', 'update', 'removeMany'],
  },
  VerifyErasure: {
    name: 'verify-erasure',
    timeoutSeconds: PAGING_STEP_TIMEOUT_SECONDS,
    registry: ['get', 'query', 'put', 'update'],
    dictmap: ['query'],
  },
  CertifyErasure: {
    name: 'certify-erasure',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    registry: ['get', 'query', 'put', 'update'],
    dictmap: [],
  },
  ReleaseAddress: {
    name: 'release-address',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    registry: ['get', 'query', 'put', 'update', 'remove', 'removeMany'],
    dictmap: [],
  },
  RecordFailure: {
    name: 'record-failure',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    registry: ['put', 'update'],
    dictmap: [],
  },
} satisfies Record<string, Step>;
type StepName = keyof typeof DELETION_STEPS;

/** Creates the functions, by the names that the tokens of the definition have. */
export function addDeleteAccountFunctions(
  scope: Construct,
  props: ServiceStackProps,
): Readonly<Record<StepName, NodeFunction>> {
  const functions = Object.fromEntries(
    Object.entries(DELETION_STEPS).map(([id, step]) => [id, addStep(scope, id, step, props)]),
  ) as Record<StepName, NodeFunction>;
  allowObjects(functions, props);
  setVariables(functions, props);
  return functions;
}

function addStep(scope: Construct, id: string, step: Step, props: ServiceStackProps) {
  const { code, settings, storage } = props;
  const { name, timeoutSeconds, registry, dictmap, mailServers } = step;
  const description = `Step of delete-account: ${name}`;
  const result = new NodeFunction(scope, id, {
    code: code(name, mailServers ? mailServerFiles(settings) : {}),
    description,
    timeoutSeconds,
    settings,
  });
  result.bindTable(storage.tables.registry, ENV.registryTable, registry);
  if (dictmap.length > 0) result.bindTable(storage.tables.dictmap, ENV.dictmapTable, dictmap);
  if (mailServers) bindMailServers(result, settings);
  return result;
}

/** Erasure may remove versions of mail and never reads one; verification may only list. */
function allowObjects(
  functions: Readonly<Record<StepName, NodeFunction>>,
  { storage, classesEver }: ServiceStackProps,
): void {
  const { mailBucket, evidenceBucket, certificateKey } = storage;
  functions.EraseRange.bindBucket(mailBucket, ENV.mailBucket, {
    bucket: ['listVersions', 'listUploads'],
    objects: ['removeVersion', 'remove', 'abortUpload'],
    prefixes: [...Object.keys(classesEver), OPAQUE_CLASS]
      .map((retentionClass) => `${retentionClass}/`)
      .concat(UPLOADS_PREFIX),
  });
  // For the names of classes at the top of the bucket.
  functions.PlanErasure.bindBucket(mailBucket, ENV.mailBucket, {
    bucket: ['listVersions'],
    objects: [],
    prefixes: [],
  });
  functions.VerifyErasure.bindBucket(mailBucket, ENV.mailBucket, {
    bucket: ['listVersions', 'listUploads'],
    objects: [],
    prefixes: [],
  });
  // A last look at what slow uploads may have left.
  functions.CertifyErasure.bindBucket(mailBucket, ENV.mailBucket, {
    bucket: ['listVersions'],
    objects: [],
    prefixes: [],
  });
  functions.CertifyErasure.bindBucket(evidenceBucket, ENV.evidenceBucket, {
    bucket: ['tellAbsent'],
    objects: ['put', 'lock', 'get'],
    prefixes: [CERTIFICATES_PREFIX],
  });
  functions.CertifyErasure.bindKey(certificateKey, ENV.certificateKeyId, ['kms:Sign']);
}

/** What was fixed at deployment and a step has to know. */
function setVariables(
  functions: Readonly<Record<StepName, NodeFunction>>,
  { settings, classesEver }: ServiceStackProps,
): void {
  const ever = JSON.stringify(Object.keys(classesEver));
  const { ResolveAccount, PlanErasure, EraseRange, VerifyErasure, CertifyErasure } = functions;
  for (const step of [ResolveAccount, EraseRange, VerifyErasure]) {
    step.setVariable(ENV.classesEverDeployed, ever);
  }
  PlanErasure.setVariable(ENV.settleSeconds, String(settings.settleSeconds));
  // Nobody's mail is in an ephemeral stage.
  const uploadsWait = settings.ephemeral ? 0 : UPLOADS_WAIT_SECONDS_MAX;
  PlanErasure.setVariable(ENV.uploadsWaitSeconds, String(uploadsWait));
  CertifyErasure.setVariable(ENV.logRetentionDays, String(settings.logRetentionDays));
  CertifyErasure.setVariable(ENV.recoveryDays, String(settings.recoveryDays));
  const lockDays = settings.ephemeral ? 0 : settings.evidenceRetentionDays;
  CertifyErasure.setVariable(ENV.evidenceLockDays, String(lockDays));
  if (!settings.ephemeral) {
    CertifyErasure.setVariable(ENV.evidenceLockMode, settings.evidenceLockMode);
  }
}
