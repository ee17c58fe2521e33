/** Names of the stack outputs: the CLI, the embedded AWS and operators' scripts read them. */
export const OUTPUTS = {
  apiUrl: 'ApiUrl',
  mailBucket: 'MailBucketName',
  evidenceBucket: 'EvidenceBucketName',
  registryTable: 'RegistryTableName',
  dictmapTable: 'DictmapTableName',
  certificateKeyId: 'CertificateKeyId',
  /** One output per verb: `DeleteAccountStateMachineArn`. */
  deleteAccountStateMachineArn: 'DeleteAccountStateMachineArn',
} as const;

/** What `npm run local -- outputs` prints. */
export interface LocalOutputs {
  readonly endpoint: string;
  readonly caFile: string;
  readonly region: string;
  readonly apiUrl: string;
  readonly mailBucket: string;
  readonly evidenceBucket: string;
  readonly registryTable: string;
  readonly dictmapTable: string;
  readonly certificateKeyId: string;
  /** Verb to ARN, for instance `delete-account`. */
  readonly stateMachines: Readonly<Record<string, string>>;
}
