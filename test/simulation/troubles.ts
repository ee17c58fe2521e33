/** What goes wrong around a deletion: a table of services that throttle, deny or do not answer. */
import { answered } from '../../functions/adapters/store-faults.ts';
import { timedOut } from '../../functions/core/ports/mail-server-errors.ts';
import type { OutageOptions } from '../models/outage.ts';

export const PROXY = { url: 'https://proxy-1.example.org', role: 'proxy' } as const;

/** An answer of AWS as the SDK throws it, through what the adapters make of it. */
const awsAnswers =
  (name: string, status: number): OutageOptions['refuse'] =>
  () =>
    answered('the call', () =>
      Promise.reject(
        Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } }),
      ),
    );

const slowDown = awsAnswers('SlowDown', 503);
const throttled = awsAnswers('ProvisionedThroughputExceededException', 400);
const denied = awsAnswers('AccessDenied', 403);
const deniedByName = awsAnswers('AccessDeniedException', 400);

export interface Trouble {
  readonly what: string;
  /** State of the machine as of which it is there. */
  readonly from: string;
  readonly outage: OutageOptions;
  /** Name on the operation. */
  readonly error: string;
  readonly next: RegExp;
  /** Whether anything may have been erased when it began. */
  readonly erased: boolean;
}

const REGISTRY_WRITES = ['rows.write', 'rows.transact'] as const;
const BUSY = { error: 'StoreBusyError', next: /^AWS throttled.*Wait.*then resume/ };
const DENIED = { error: 'PermissionMissingError', next: /^Give the function.*then resume/ };
const UNTOLD = { error: 'ExecutionStopped', next: /^Resume the operation/ };

export const TROUBLES: readonly Trouble[] = [
  {
    what: 'S3 answers SlowDown to every list',
    from: 'Erase ranges',
    outage: { calls: ['objects.listVersions', 'objects.listUploads'], refuse: slowDown },
    ...BUSY,
    erased: false,
  },
  {
    what: 'S3 answers SlowDown to every removal',
    from: 'Erase ranges',
    outage: { calls: ['objects.removeVersions', 'objects.abortUpload'], refuse: slowDown },
    ...BUSY,
    erased: false,
  },
  {
    what: 'S3 answers SlowDown to the listing of the verification',
    from: 'Verify erasure',
    outage: { calls: ['objects.listVersions'], refuse: slowDown },
    ...BUSY,
    erased: true,
  },
  {
    what: 'DynamoDB throttles the function that fences',
    from: 'Fence account',
    outage: { calls: REGISTRY_WRITES, token: 'FenceAccountFunctionArn', refuse: throttled },
    ...BUSY,
    erased: false,
  },
  {
    what: 'DynamoDB throttles removals of rows',
    from: 'Erase ranges',
    outage: { calls: ['rows.removeAll'], refuse: throttled },
    ...BUSY,
    erased: true,
  },
  {
    what: 'DynamoDB throttles every write, that of the failure too',
    from: 'Disable user',
    outage: { calls: REGISTRY_WRITES, refuse: throttled },
    ...UNTOLD,
    erased: false,
  },
  {
    what: 'DynamoDB throttles every call from the first step on',
    from: 'Resolve account',
    outage: { calls: ['rows.get', 'rows.query', ...REGISTRY_WRITES], refuse: throttled },
    ...UNTOLD,
    erased: false,
  },
  {
    what: 'no permission to write to the user database',
    from: 'Disable user',
    outage: { calls: REGISTRY_WRITES, token: 'DisableUserFunctionArn', refuse: deniedByName },
    ...DENIED,
    erased: false,
  },
  {
    what: 'no permission to list versions',
    from: 'Erase ranges',
    outage: { calls: ['objects.listVersions'], refuse: denied },
    ...DENIED,
    erased: false,
  },
  {
    what: 'no permission to remove rows',
    from: 'Erase ranges',
    outage: { calls: ['rows.removeAll'], refuse: deniedByName },
    ...DENIED,
    erased: true,
  },
  {
    what: 'no permission to use the key that signs',
    from: 'Certify erasure',
    outage: { calls: ['signer.sign'], refuse: deniedByName },
    ...DENIED,
    erased: true,
  },
  {
    what: 'no permission to store the certificate',
    from: 'Certify erasure',
    outage: { calls: ['evidence.save'], refuse: denied },
    ...DENIED,
    erased: true,
  },
  {
    what: 'a proxy that never answers',
    from: 'Kick sessions',
    outage: {
      calls: ['mailServers.kick', 'mailServers.sessions'],
      refuse: () => Promise.reject(timedOut(PROXY, 5)),
    },
    error: 'MailServerTimeoutError',
    next: /lethe doctor.*then resume/,
    erased: false,
  },
];
