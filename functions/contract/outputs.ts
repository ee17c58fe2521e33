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

/** Where an embedded AWS is whose directory nobody names. */
export const LOCAL_DIRECTORY = '.lethe/local';

/**
 * Which embedded AWS the environment names: one of two variables, or both with the same words.
 * @returns undefined when none is named; two words when they contradict each other
 */
export function localDirectoryNamed(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined | readonly [string, string] {
  const [local = '', directory = ''] = [env['LETHE_LOCAL'], env['LETHE_LOCAL_DIRECTORY']];
  if (local !== '' && directory !== '' && local !== directory) return [local, directory];
  return (local || directory) === '' ? undefined : local || directory;
}
