import { beforeEach, describe, expect, test } from 'vitest';
import { BACKUP_RESOURCES, type PollPayload } from '../../functions/contract/backups.ts';
import { coveredUntil } from '../../functions/core/backups/backups.ts';
import { pollBackups } from '../../functions/core/backups/poll-backups.ts';
import { runSteps, type StepOf, type StepsOptions } from './run-steps.ts';
import { World } from './world.ts';

const MACHINE = { file: 'statemachines/poll-backups.asl.json', numbers: {} };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const ARNS = {
  'mail-bucket': 'arn:aws:s3:::lethe-mail',
  registry: 'arn:aws:dynamodb:eu-central-1:111122223333:table/registry',
  dictmap: 'arn:aws:dynamodb:eu-central-1:111122223333:table/dictmap',
};

/** As Step Functions passes it to AWS Backup. */
interface ListBackupJobs {
  readonly ByResourceArn: string;
  readonly ByState: string;
  readonly ByCreatedAfter: string;
  readonly MaxResults: number;
  readonly NextToken?: string;
}

interface Job {
  readonly ResourceArn: string;
  readonly State: string;
  readonly CreationDate: string;
  readonly BackupJobId: string;
}

/** AWS Backup with its list of jobs, which answers as ListBackupJobs does. */
class Polls {
  readonly world = new World();
  readonly asked: ListBackupJobs[] = [];
  readonly reports: string[] = [];
  jobs: Job[] = [];
  /** Tokens never end. */
  endless = false;

  job(ResourceArn: string, createdAt: number, State = 'COMPLETED'): void {
    const CreationDate = new Date(createdAt).toISOString();
    this.jobs.push({ ResourceArn, State, CreationDate, BackupJobId: `job-${this.jobs.length}` });
  }

  list = (request: ListBackupJobs): object => {
    this.asked.push(request);
    const found = this.jobs.filter(
      ({ ResourceArn, State, CreationDate }) =>
        ResourceArn === request.ByResourceArn &&
        State === request.ByState &&
        Date.parse(CreationDate) > Date.parse(request.ByCreatedAfter),
    );
    const from = Number(request.NextToken ?? 0);
    const to = from + request.MaxResults;
    const more = this.endless || to < found.length;
    return { BackupJobs: found.slice(from, to), ...(more ? { NextToken: String(to) } : {}) };
  };

  readonly steps: Readonly<Record<string, StepOf>> = {
    RecordBackupFunctionArn: (ports, payload: PollPayload, deadline) => {
      const report = (_: string, why: string) => this.reports.push(why);
      return pollBackups({ ports, arns: ARNS, deadline, report }, payload);
    },
    'aws-sdk:backup:listBackupJobs': (_, request: ListBackupJobs) => this.list(request),
  };

  run = (options: StepsOptions = {}, input: object = {}) =>
    runSteps(this.world, MACHINE, this.steps, input, options);

  covered = () => coveredUntil(this.world.rows);
}

let polls: Polls;
let now: number;
beforeEach(() => {
  polls = new Polls();
  now = polls.world.clock.now();
});

const jobOfEach = (createdAt: number) => {
  for (const arn of Object.values(ARNS)) polls.job(arn, createdAt);
};

describe('poll-backups', () => {
  test('F5: finds completed jobs whose events were lost', async () => {
    jobOfEach(now - 2 * DAY);
    jobOfEach(now - DAY);
    polls.job(ARNS.dictmap, now - HOUR, 'EXPIRED');
    expect(await polls.run()).toMatchObject({ status: 'SUCCEEDED', output: { outcome: 'done' } });
    expect(await polls.covered()).toBe(now - DAY);
    expect(polls.asked.map(({ ByResourceArn }) => ByResourceArn)).toEqual(Object.values(ARNS));
  });

  test.each([{ dryRun: true }, { dryrun: true }, { user: 'a@x.org' }])(
    'O1, O2: %j is refused, and nothing is asked or noted',
    async (input) => {
      jobOfEach(now - DAY);
      expect(await polls.run({}, input)).toMatchObject({
        status: 'FAILED',
        error: 'InvalidInputError',
      });
      expect([polls.asked, await polls.covered()]).toEqual([[], undefined]);
    },
  );

  test('F5: without a job of one resource nothing is covered', async () => {
    polls.job(ARNS.registry, now - DAY);
    polls.job(ARNS.dictmap, now - DAY);
    expect(await polls.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await polls.covered()).toBeUndefined();
  });

  test('asks from the newest known job on, or for the 30 days that AWS Backup keeps', async () => {
    polls.job(ARNS.registry, now - DAY);
    await polls.run();
    await polls.run();
    const month = new Date(now - 30 * DAY).toISOString();
    const yesterday = new Date(now - DAY).toISOString();
    expect(polls.asked.map(({ ByCreatedAfter }) => ByCreatedAfter)).toEqual([
      ...[month, month, month],
      ...[month, yesterday, month],
    ]);
  });

  test('reads every page, with the question that its token belongs to', async () => {
    jobOfEach(now - 20 * DAY);
    for (let hour = 120; hour > 0; hour -= 1) polls.job(ARNS.registry, now - hour * HOUR);
    await polls.run();
    const pages = polls.asked.filter(({ ByResourceArn }) => ByResourceArn === ARNS.registry);
    expect(pages.map(({ NextToken }) => NextToken)).toEqual([undefined, '50', '100']);
    expect(new Set(pages.map(({ ByCreatedAfter }) => ByCreatedAfter)).size).toBe(1);
    expect(polls.asked).toHaveLength(5);
    expect(await polls.covered()).toBe(now - 20 * DAY);
  });

  test('O3: a list without end is left after 40 pages, and said', async () => {
    polls.endless = true;
    expect(await polls.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(polls.asked).toHaveLength(40 * BACKUP_RESOURCES.length);
    expect(polls.reports).toEqual(Array(3).fill('more than 40 pages: the rest waits'));
  });

  test('O3: an answer that is none fails the poll, and nothing is covered', async () => {
    polls.list = () => ({ jobs: [] });
    expect(await polls.run()).toMatchObject({ status: 'FAILED', error: 'TypeError' });
    expect(await polls.covered()).toBeUndefined();
  });

  test('W5: when AWS Backup cannot be asked, the poll fails and what is known stays', async () => {
    jobOfEach(now - DAY);
    await polls.run();
    polls.list = () => {
      throw Object.assign(new Error('no'), { name: 'Backup.BackupException' });
    };
    expect(await polls.run()).toMatchObject({ status: 'FAILED', error: 'Backup.BackupException' });
    expect(await polls.covered()).toBe(now - DAY);
  });

  test.each([1, 2, 3])('a crash at write %i is repeated to the same end', async (call) => {
    jobOfEach(now - DAY);
    const run = await polls.run({ crash: { call, point: 'after' } });
    expect(run).toMatchObject({ status: 'SUCCEEDED', crashed: true });
    expect(await polls.covered()).toBe(now - DAY);
  });

  test('calls delivered twice, and pages of full size, stay within what Step Functions takes', async () => {
    for (let hour = 100; hour > 0; hour -= 1) polls.job(ARNS.registry, now - hour * HOUR);
    const filler = 'x'.repeat(1500);
    const list = polls.list;
    polls.list = (request) => {
      const answer = list(request) as { BackupJobs: object[] };
      return { ...answer, BackupJobs: answer.BackupJobs.map((job) => ({ ...job, filler })) };
    };
    const run = await polls.run({ twice: 'inTurn' });
    expect(run).toMatchObject({ status: 'SUCCEEDED' });
    expect(run.maxPayloadBytes).toBeGreaterThan(50_000);
    expect(run.maxPayloadBytes).toBeLessThan(131_072);
  });
});
