import type { MachineArnVariable } from './machines.ts';

/** Names of the environment variables by which the infrastructure tells functions where things are. */
export const ENV = {
  registryTable: 'LETHE_REGISTRY_TABLE',
  dictmapTable: 'LETHE_DICTMAP_TABLE',
  mailBucket: 'LETHE_MAIL_BUCKET',
  evidenceBucket: 'LETHE_EVIDENCE_BUCKET',
  certificateKeyId: 'LETHE_CERTIFICATE_KEY_ID',
  /** JSON object: class name to days of retention, or null for "keep". */
  retentionClasses: 'LETHE_RETENTION_CLASSES',
  /** JSON array: every class that was ever deployed, so that erasure finds keys of retired ones. */
  classesEverDeployed: 'LETHE_CLASSES_EVER_DEPLOYED',
  defaultClass: 'LETHE_DEFAULT_CLASS',
  /** JSON of `MailSettings`, those of the deployment; missing where none were made. */
  mailSettings: 'LETHE_MAIL_SETTINGS',
  settleSeconds: 'LETHE_SETTLE_SECONDS',
  /** How long an erasure waits, at most, for uploads that began before its fence. */
  uploadsWaitSeconds: 'LETHE_UPLOADS_WAIT_SECONDS',
  /** How long function logs and recovery points outlive an erasure: named in the certificate. */
  logRetentionDays: 'LETHE_LOG_RETENTION_DAYS',
  recoveryDays: 'LETHE_RECOVERY_DAYS',
  evidenceLockDays: 'LETHE_EVIDENCE_LOCK_DAYS',
  /** `GOVERNANCE` or `COMPLIANCE`; missing in stages that lock nothing. */
  evidenceLockMode: 'LETHE_EVIDENCE_LOCK_MODE',
  /** How long nobody can have an address that was given up; 0: it is free at once. */
  reservationDays: 'LETHE_RESERVATION_DAYS',
  /** JSON of `MailServerSettings`; missing where no mail servers are configured. */
  mailServers: 'LETHE_MAIL_SERVERS',
  /** ARN of the secret with the API key of doveadm's HTTP interface. */
  mailServersSecretArn: 'LETHE_MAIL_SERVERS_SECRET_ARN',
  /** The queue of rows that S3 could not follow yet. */
  retryQueueUrl: 'LETHE_RETRY_QUEUE_URL',
  /** Before such a row is tried again; doubled each time. */
  retryFirstWaitSeconds: 'LETHE_RETRY_FIRST_WAIT_SECONDS',
  /** Message rows that one purge may end in a second, all its workers together. */
  purgeKeysPerSecond: 'LETHE_PURGE_KEYS_PER_SECOND',
  /** One of `BACKUP_GATES`. */
  backupGate: 'LETHE_BACKUP_GATE',
  /** JSON of `BackupArns`. */
  backupArns: 'LETHE_BACKUP_ARNS',
} as const;

/** And the variables that tell the machines, by their verbs. */
export type EnvName = (typeof ENV)[keyof typeof ENV] | MachineArnVariable;
