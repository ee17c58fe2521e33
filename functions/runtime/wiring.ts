/**
 * Real adapters from the function's environment. Each is made on first use and kept for the life
 * of the sandbox; a bundle contains only those that its handler asks for.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { CryptoIds } from '../adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../adapters/dynamodb-row-store.ts';
import { KmsSigner } from '../adapters/kms-signer.ts';
import { S3EvidenceStore } from '../adapters/s3-evidence-store.ts';
import { S3ObjectStore } from '../adapters/s3-object-store.ts';
import { meterDynamoDb, meterKms, meterS3 } from '../adapters/sdk-metering.ts';
import { SfnWorkflows } from '../adapters/sfn-workflows.ts';
import { SystemClock } from '../adapters/system-clock.ts';
import {
  BACKUP_GATES,
  BACKUP_RESOURCES,
  type BackupArns,
  type BackupGate,
} from '../contract/backups.ts';
import { ENV } from '../contract/env.ts';
import { machineArnVariable, STARTED_VERBS } from '../contract/machines.ts';
import type { MailSettings } from '../contract/mail-settings.ts';
import type { ClassChoice } from '../core/accounts/create-account.ts';
import { Meter } from '../core/meter/meter.ts';
import type { RetentionDays } from '../core/policies/expiry.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { EvidenceStore } from '../core/ports/evidence-store.ts';
import type { Ids } from '../core/ports/ids.ts';
import type { ObjectStore } from '../core/ports/object-store.ts';
import type { RowStore } from '../core/ports/row-store.ts';
import type { Signer } from '../core/ports/signer.ts';
import type { Workflows } from '../core/ports/workflows.ts';
import { parseMailSettings } from '../core/settings/parse-settings.ts';
import { readEnvironment, readJson, readNumber } from './environment.ts';

/** Makes a value once, when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What the present invocation has used: a sandbox works on one at a time. */
export const usageMeter = new Meter();

export const wireClock = (): Clock => new SystemClock();
export const wireIds = (): Ids => new CryptoIds();

/**
 * Reaches both tables, or only the registry: a step without rights on the dictmap is not told its
 * name, and asking for it there fails.
 */
export function wireRows(): RowStore {
  const { [ENV.registryTable]: registry } = readEnvironment([ENV.registryTable]);
  const dictmap = process.env[ENV.dictmapTable] ?? 'this function has no dictmap';
  const tableNames = { registry, dictmap };
  const client = meterDynamoDb(new DynamoDBClient({}), usageMeter);
  return new DynamoDbRowStore({ client, tableNames, clock: wireClock(), ids: wireIds() });
}

export function wireObjects(): ObjectStore {
  const { [ENV.mailBucket]: bucket } = readEnvironment([ENV.mailBucket]);
  return new S3ObjectStore({ client: meterS3(new S3Client({}), usageMeter), bucket });
}

export function wireEvidence(): EvidenceStore {
  const { [ENV.evidenceBucket]: bucket } = readEnvironment([ENV.evidenceBucket]);
  const mode = process.env[ENV.evidenceLockMode];
  return new S3EvidenceStore({
    client: meterS3(new S3Client({}), usageMeter),
    bucket,
    clock: wireClock(),
    ids: wireIds(),
    ...(mode === 'GOVERNANCE' || mode === 'COMPLIANCE' ? { lockMode: mode } : {}),
  });
}

export function wireSigner(): Signer {
  const { [ENV.certificateKeyId]: keyId } = readEnvironment([ENV.certificateKeyId]);
  return new KmsSigner({ client: meterKms(new KMSClient({}), usageMeter), keyId });
}

/** Machines by verb: those that the function is told of. */
export function wireWorkflows(): Workflows {
  const told = STARTED_VERBS.flatMap((verb) => {
    const arn = process.env[machineArnVariable(verb)];
    return arn === undefined ? [] : [[verb, arn] as const];
  });
  if (told.length === 0) readEnvironment(STARTED_VERBS.map(machineArnVariable));
  return new SfnWorkflows({ client: new SFNClient({}), machineArns: Object.fromEntries(told) });
}

export function wireRetentionClasses(): ClassChoice {
  const { [ENV.defaultClass]: fallback } = readEnvironment([ENV.defaultClass]);
  return { names: Object.keys(readJson(ENV.retentionClasses) as object), fallback };
}

/** Days by class, of every class that was ever deployed. */
export const wireRetentionDays = () => readJson(ENV.retentionClasses) as RetentionDays;

/** Settings of the deployment; none where none were made. @throws InvalidInputError */
export const wireMailSettings = (): MailSettings =>
  process.env[ENV.mailSettings] === undefined ? {} : parseMailSettings(readJson(ENV.mailSettings));

/** All functions have the same memory, so each knows what the others have by its own. */
export const wireErasureSettings = () => ({
  classes: readJson(ENV.classesEverDeployed) as readonly string[],
  memoryMb: Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']),
});

/** The same, and how long what the certificate names outlives an erasure. */
export const wireEstimateSettings = () => ({
  ...wireErasureSettings(),
  recoveryDays: readNumber(ENV.recoveryDays),
  logRetentionDays: readNumber(ENV.logRetentionDays),
  ...wireReservationSettings(),
});

/** How long addresses that are given up are reserved: a function must be told, also of 0. */
export const wireReservationSettings = () => ({
  reservationDays: readNumber(ENV.reservationDays),
});

/**
 * Whether trees wait for backups. A function that was not told must not take that for `off`.
 * @throws Error naming the variable
 */
export function wireBackupGate(): BackupGate {
  const given = readEnvironment([ENV.backupGate])[ENV.backupGate];
  const gate = BACKUP_GATES.find((one) => one === given);
  if (gate !== undefined) return gate;
  throw new Error(`${ENV.backupGate} is "${given}", allowed are ${BACKUP_GATES.join(', ')}`);
}

/** What AWS Backup calls what it backs up. @throws Error naming the variable */
export function wireBackupArns(): BackupArns {
  const arns = readJson(ENV.backupArns) as Partial<BackupArns>;
  if (BACKUP_RESOURCES.every((resource) => arns[resource])) return arns as BackupArns;
  throw new Error(`${ENV.backupArns} lacks one of ${BACKUP_RESOURCES.join(', ')}`);
}
