import { beforeAll, describe, expect, inject, test } from 'vitest';
import { serviceRoles } from './deployed-roles.ts';
import { type Access, allows, grantsOfRole, recordedCalls } from './grants.ts';

/**
 * Grants that no call of the end-to-end tests uses, as `<construct> <action> <resource>`, and why
 * they are there all the same. One that matches nothing any more is an error, too.
 */
const REASONS: readonly { readonly grants: RegExp; readonly why: string }[] = [
  {
    grants: /^\w+ logs:(CreateLogStream|PutLogEvents) arn:aws:logs:/,
    why: 'Lambda writes the log in the name of the role; the embedded AWS does it by itself.',
  },
  {
    grants: /^\w+ xray:\w+ \*$/,
    why: 'Lambda and Step Functions send traces in the name of the role; X-Ray knows no resources.',
  },
  {
    grants: /^\w+Machine logs:\w+ \*$/,
    why: 'Step Functions sets up the delivery of its log with the role; knows no resources.',
  },
  {
    grants: /^DeleteAccountMachine states:(DescribeExecution|StopExecution) /,
    why: 'Step Functions watches the children of a Distributed Map, and stops them, with the role.',
  },
  {
    grants: /^EraseRange s3:DeleteObject \S+\/(x1|uploads)\/\*$/,
    why: 'S3 asks it for every key of a DeleteObjects, the embedded AWS for the first: one of mail.',
  },
  {
    grants: /^\w+ s3:ListBucket /,
    why: 'No call of its own: with it S3 answers 404 for an object that is not there, not 403.',
  },
  {
    grants: /^(FenceAccount|ClearCaches|KickSessions) dynamodb:GetItem \S+RegistryTable/,
    why: 'After a refused write only: what the row says now becomes the message.',
  },
  {
    grants:
      /^(Doctor|WaitForSessions) dynamodb:|^DeleteAccountMachine lambda:InvokeFunction \S+WaitForSessions/,
    why: 'This stage names no mail servers; test/e2e/whole-life.test.ts uses them in a stage of its own.',
  },
  {
    grants: /^ProvisioningApi states:\w+ \S+(ExpungeMessages|RestoreMessages)/,
    why: 'Resumes operations of every verb; these tests resume deletions only.',
  },
  {
    grants: /^ExpungeByQuery dynamodb:Query \S+\/index\/lazy$/,
    why: 'For queries that name the expunge storage; these tests name ordinary mailboxes.',
  },
  {
    grants:
      /^(SweepDue|SweepAccounts|ExpungeByQuery|RestoreByQuery) dynamodb:DeleteItem \S+DictmapTable/,
    why: 'Notes about mail that are empty, after 10,000 UIDs or of `\\Deleted`, and shells after days.',
  },
  {
    grants: /^(RestoreByQuery|PurgePart) dynamodb:ConditionCheckItem \S+DictmapTable/,
    why: 'Names are checked when a folder comes anew, a mailbox when only its marks change.',
  },
  {
    grants: /^(HoldAccount|ReleaseHold)Machine lambda:InvokeFunction \S+RecordFailure/,
    why: 'No hold fails in these tests; what becomes of one that does is simulated.',
  },
  {
    grants: /^VerifyHold dynamodb:(ConditionCheckItem|GetItem|PutItem|UpdateItem) /,
    why: 'Mends rows that it finds unprotected; here all of them are protected by then.',
  },
  {
    grants: /^ProtectMail dynamodb:Query \S+RegistryTable/,
    why: 'The steps of a hold share their grants; only those after this one read counts there.',
  },
  {
    grants: /^ResolveHold dynamodb:ConditionCheckItem \S+RegistryTable/,
    why: 'Opens dry runs of releases that begin in the console; these tests begin none there.',
  },
  {
    grants: /^RetryReconcile s3:ListBucketVersions /,
    why: 'Lifts a marker that the stream could not; here the stream could.',
  },
  {
    grants: /^RunDue states:DescribeExecution /,
    why: 'Looks at an execution that somebody else has begun at the same moment.',
  },
  {
    grants: /^CertifyErasure s3:PutObjectRetention /,
    why: 'A certificate is stored with its lock, but ephemeral stages, as these tests use, lock nothing.',
  },
  {
    grants: /^ReconcileObjects dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams) /,
    why: 'Lambda reads the stream in the name of the role; the embedded AWS does it by itself.',
  },
  {
    grants: /^RetryReconcile sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes) /,
    why: 'Lambda reads the queue in the name of the role; the embedded AWS does it by itself.',
  },
  {
    grants: /^(ReconcileObjects|RetryReconcile) s3:DeleteObjectVersion /,
    why: 'AWS asks for it for each version; the embedded AWS checks the first of a removal otherwise.',
  },
  {
    grants: /^(MailApi|RestoreByQuery) s3:GetObject \S+\/r30\/\*$/,
    why: 'Looks at what a try of a PUT has left whose answer was lost; here none is lost.',
  },
  {
    grants: /^ReconcileObjects sqs:SendMessage \S+LostRecordsQueue/,
    why: 'Lambda names there, in the name of the role, records that it gives up after 23 hours.',
  },
  {
    grants: /^\w+ s3:\w+ arn:aws:s3:::[^/]+\/(r7|r365|keep)\/\*$/,
    why: 'Accounts of the tests have the class r30; keys of other classes differ in the prefix.',
  },
];

/** They have work only where mail servers are named: in the stage of test/e2e/whole-life.test.ts. */
const IDLE_WITHOUT_MAIL_SERVERS = ['Doctor', 'WaitForSessions'];

/** It only sums up answers that the machine hands it: no call of AWS is its own. */
const WITHOUT_CALLS = ['FinishSweep'];

/** What test/e2e/reconcile-objects.test.ts lets a bucket policy refuse, to see what becomes of it. */
const REFUSED_ON_PURPOSE = /^(ReconcileObjects|RetryReconcile) s3:DeleteObject(Version)? /;

const inText = ({ action, resource }: Access) => `${action} ${resource}`;

interface RoleUse {
  readonly construct: string;
  readonly role: string;
  readonly grants: readonly Access[];
  readonly calls: readonly Access[];
  /** Calls that the embedded AWS refused. */
  readonly denied: readonly Access[];
}

describe.skipIf(!inject('wholeSuite'))('what the end-to-end tests did under each role', () => {
  const uses: RoleUse[] = [];

  beforeAll(async () => {
    const recorded = recordedCalls();
    for (const [construct, role] of await serviceRoles()) {
      const calls = recorded.get(role) ?? [];
      uses.push({
        construct,
        role,
        grants: await grantsOfRole(role),
        calls: calls.filter(({ allowed }) => allowed),
        denied: calls.filter(({ allowed }) => !allowed),
      });
    }
  });

  test('every role did something, and no function was refused anything but on purpose', () => {
    expect(uses.length).toBeGreaterThan(12);
    const idle = uses.filter(({ calls }) => calls.length === 0);
    expect(idle.map(({ construct }) => construct).sort()).toEqual(
      [...IDLE_WITHOUT_MAIL_SERVERS, ...WITHOUT_CALLS].sort(),
    );
    const refused = uses.flatMap(({ construct, denied }) =>
      denied.map((call) => `${construct} ${inText(call)}`),
    );
    expect(refused.filter((text) => !REFUSED_ON_PURPOSE.test(text))).toEqual([]);
    expect(refused).not.toEqual([]);
  });

  test('a second evaluation of IAM allows each of the calls by the deployed policies', async () => {
    const refused: string[] = [];
    for (const { construct, role, grants, calls } of uses) {
      for (const call of calls) {
        if (!(await allows(role, grants, call))) refused.push(`${construct} ${inText(call)}`);
      }
    }
    expect(refused).toEqual([]);
  });

  test('each grant is used by one of the calls, or has a reason', async () => {
    const unused: string[] = [];
    for (const { construct, role, grants, calls } of uses) {
      for (const grant of grants) {
        const candidates = calls.filter(({ action }) => action === grant.action);
        const used = await someAsync(candidates, (call) => allows(role, [grant], call));
        if (!used) unused.push(`${construct} ${inText(grant)}`);
      }
    }
    const unexplained = unused.filter((text) => !REASONS.some(({ grants }) => grants.test(text)));
    expect(unexplained).toEqual([]);
    const stale = REASONS.filter(({ grants }) => !unused.some((text) => grants.test(text)));
    expect(stale).toEqual([]);
  });

  test('no action is a pattern, and * alone is the resource only of what knows no other', () => {
    const all = uses.flatMap(({ grants }) => grants);
    expect(all.filter(({ action }) => action.includes('*'))).toEqual([]);
    const onAnything = new Set(
      all.filter(({ resource }) => resource === '*').map(({ action }) => action),
    );
    expect(
      [...onAnything].filter(
        (action) => !/^(xray:|logs:\w*Deliver|logs:\w*Polic|logs:DescribeLogGroups)/.test(action),
      ),
    ).toEqual([]);
  });
});

async function someAsync<T>(items: readonly T[], holds: (item: T) => Promise<boolean>) {
  for (const item of items) if (await holds(item)) return true;
  return false;
}
