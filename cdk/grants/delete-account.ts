/** What the steps of delete-account may do: each exactly what it touches. */
import { ENV } from '../../functions/contract/env.ts';
import {
  CERTIFICATES_PREFIX,
  OPAQUE_CLASS,
  UPLOADS_PREFIX,
} from '../../functions/contract/key-layout.ts';
import { UPLOADS_WAIT_SECONDS_MAX } from '../../functions/contract/limits.ts';
import type { StepOf } from '../../functions/contract/machines.ts';
import type { TableAction } from '../constructs/node-function.ts';
import { bindTables, tellRemainders } from '../mail-functions.ts';
import type { Grant } from './grant.ts';

/** Rows of the registry alone. */
const registry =
  (...actions: readonly TableAction[]): Grant =>
  (step, { storage }) =>
    step.bindTable(storage.tables.registry, ENV.registryTable, actions);

/** What was fixed at deployment and a step has to know. */
const tellClasses: Grant = (step, { classesEver }) =>
  step.setVariable(ENV.classesEverDeployed, JSON.stringify(Object.keys(classesEver)));

/** Puts what a step has counted onto the operation; keeps what its invocation was billed for. */
const COUNT = ['get', 'put', 'update'] as const;
const COUNT_ALL = ['get', 'query', 'put', 'update'] as const;

/** Each puts one row into the registry besides its work: what its invocation was billed for. */
export const DELETION_GRANTS: Readonly<Record<StepOf<'delete-account'>, Grant>> = {
  ResolveAccount: (step, props) => {
    bindTables(step, props, COUNT_ALL, ['query']);
    tellClasses(step, props);
    tellRemainders(step, props.settings);
  },
  DisableUser: registry(...COUNT),
  KickSessions: registry(...COUNT),
  WaitForSessions: registry(...COUNT),
  BeginGrace: registry(...COUNT),
  FenceAccount: (step, props) => bindTables(step, props, COUNT, ['query', 'update']),
  PlanErasure: (step, props) => {
    const { settings, storage } = props;
    bindTables(step, props, COUNT_ALL, ['query']);
    // For the names of classes at the top of the bucket.
    const bucket = ['listVersions'] as const;
    step.bindBucket(storage.mailBucket, ENV.mailBucket, { bucket, objects: [], prefixes: [] });
    step.setVariable(ENV.settleSeconds, String(settings.settleSeconds));
    // Nobody's mail is in an ephemeral stage.
    const uploadsWait = settings.ephemeral ? 0 : UPLOADS_WAIT_SECONDS_MAX;
    step.setVariable(ENV.uploadsWaitSeconds, String(uploadsWait));
  },
  /** Removes versions of mail and never reads one. */
  EraseRange: (step, props) => {
    const { storage, classesEver } = props;
    bindTables(step, props, COUNT_ALL, ['query', 'removeMany']);
    step.bindBucket(storage.mailBucket, ENV.mailBucket, {
      bucket: ['listVersions', 'listUploads'],
      objects: ['removeVersion', 'remove', 'abortUpload'],
      prefixes: [...Object.keys(classesEver), OPAQUE_CLASS]
        .map((retentionClass) => `${retentionClass}/`)
        .concat(UPLOADS_PREFIX),
    });
    tellClasses(step, props);
  },
  ClearCaches: (step, props) => bindTables(step, props, COUNT, ['query']),
  /** Rights in mailboxes of others are read, and withdrawn, row by row. */
  EraseAccountRows: (step, props) =>
    bindTables(step, props, COUNT_ALL, ['get', 'query', 'update', 'removeMany']),
  /** May only list objects. */
  VerifyErasure: (step, props) => {
    bindTables(step, props, COUNT_ALL, ['query']);
    const bucket = ['listVersions', 'listUploads'] as const;
    const { mailBucket } = props.storage;
    step.bindBucket(mailBucket, ENV.mailBucket, { bucket, objects: [], prefixes: [] });
    tellClasses(step, props);
  },
  CertifyErasure: (step, props) => {
    registry(...COUNT_ALL)(step, props);
    const { mailBucket, evidenceBucket, certificateKey } = props.storage;
    // A last look at what slow uploads may have left.
    const bucket = ['listVersions'] as const;
    step.bindBucket(mailBucket, ENV.mailBucket, { bucket, objects: [], prefixes: [] });
    step.bindBucket(evidenceBucket, ENV.evidenceBucket, {
      bucket: ['tellAbsent'],
      objects: ['put', 'lock', 'get'],
      prefixes: [CERTIFICATES_PREFIX],
    });
    step.bindKey(certificateKey, ENV.certificateKeyId, ['kms:Sign']);
    tellEvidence(step, props);
  },
  ReleaseAddress: (step, props) => {
    registry('get', 'query', 'put', 'update', 'remove', 'removeMany')(step, props);
    step.setVariable(ENV.reservationDays, String(props.settings.reservationDays));
  },
  RecordFailure: registry('put', 'update'),
};

/** What a certificate names, and how long it is locked. */
const tellEvidence: Grant = (step, { settings }) => {
  tellRemainders(step, settings);
  const lockDays = settings.ephemeral ? 0 : settings.evidenceRetentionDays;
  step.setVariable(ENV.evidenceLockDays, String(lockDays));
  if (!settings.ephemeral) step.setVariable(ENV.evidenceLockMode, settings.evidenceLockMode);
};
