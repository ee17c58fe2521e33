/**
 * The simulation is only worth something if its interpreter does with the machine what Step
 * Functions does: the same story, told over the models and on the embedded AWS, ends the same.
 */
import { readFileSync } from 'node:fs';
import {
  DescribeExecutionCommand,
  paginateGetExecutionHistory,
  paginateListExecutions,
  paginateListMapRuns,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dictmapKeys, type RowKey, registryKeys } from '../../functions/contract/row-layout.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { requestDeletion } from '../../functions/core/erasure/request-deletion.ts';
import { listMailboxes } from '../../functions/core/mailboxes/mailboxes.ts';
import type { Change } from '../../functions/core/ports/row-store.ts';
import { MemoryWorkflows } from '../models/memory-workflows.ts';
import { furnish } from '../simulation/mail.ts';
import { World } from '../simulation/world.ts';
import { CLASSES, deployedStores, replacedObjectsGone, until } from './stores.ts';

interface Ended {
  readonly status: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly output: unknown;
  /** Names of the states entered, without those in children of the map. */
  readonly states: readonly string[];
  /** How each child of the map ended. */
  readonly children: readonly string[];
}

/** One of the two places where the machine runs. */
interface Stage {
  readonly ports: Parameters<typeof furnish>[0];
  run(input: object): Promise<Ended>;
  /** Until S3 has followed the rows of an account. */
  settle(accountId: string): Promise<void>;
}

const definition = readFileSync('statemachines/delete-account.asl.json', 'utf8');
const TOP_LEVEL = new Set(Object.keys((JSON.parse(definition) as { States: object }).States));

const world = new World();
const simulated: Stage = {
  ports: world.ports,
  settle: () => world.reconciler.settle(),
  run: async (input) => {
    const states: string[] = [];
    const onState = (name: string) => {
      if (TOP_LEVEL.has(name)) states.push(name);
    };
    const execution = `story-${executions++}`;
    const run = await world.run(input, { execution, onState });
    const { status, error, cause, output } = run;
    const children = run.children.map((child) => child.status);
    return { status, error, cause, output, states, children };
  },
};
let executions = 0;

const { ports, clients, outputs } = deployedStores();
const stateMachineArn = outputs.stateMachines['delete-account'] ?? '';
const embedded: Stage = {
  ports,
  settle: (accountId) => replacedObjectsGone(ports.rows, accountId),
  run: async (input) => {
    const start = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    const { executionArn = '' } = await clients.sfn.send(start);
    const { status, error, cause, output } = await until('the end', 120, async () => {
      const now = await clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return now.status === 'RUNNING' ? undefined : now;
    });
    const states = await statesOf(executionArn);
    // One that failed has none on AWS; here it repeats error and cause.
    const answer = status === 'SUCCEEDED' ? JSON.parse(output ?? '') : undefined;
    const children = await childrenOf(executionArn);
    return { status, error, cause, output: answer, states, children };
  },
};

async function statesOf(executionArn: string): Promise<readonly string[]> {
  const names: string[] = [];
  const pages = paginateGetExecutionHistory({ client: clients.sfn }, { executionArn });
  for await (const { events = [] } of pages) {
    for (const { stateEnteredEventDetails } of events) {
      if (stateEnteredEventDetails?.name !== undefined) names.push(stateEnteredEventDetails.name);
    }
  }
  return names;
}

async function childrenOf(executionArn: string): Promise<readonly string[]> {
  const statuses: string[] = [];
  const client = { client: clients.sfn };
  for await (const runs of paginateListMapRuns(client, { executionArn })) {
    for (const { mapRunArn = '' } of runs.mapRuns ?? []) {
      for await (const page of paginateListExecutions(client, { mapRunArn })) {
        statuses.push(...(page.executions ?? []).map(({ status }) => status ?? ''));
      }
    }
  }
  return statuses;
}

const USER = 'told-twice@example.org';

/** Runs the story; answers how each execution ended, with everything random masked. */
async function tell(stage: Stage): Promise<Readonly<Record<string, Ended>>> {
  const { rows } = stage.ports;
  const account = await furnish(stage.ports, CLASSES, USER, 20);
  await stage.settle(account.accountId);
  const { mailboxes } = await listMailboxes(rows, account.accountId, { limit: 10 });
  const [{ mailboxId = '', uidNext = 0 } = {}] = mailboxes;
  const update = (key: RowKey, change: Change) =>
    rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
  const setHold = (change: Change) => update(registryKeys.account(account.accountId), change);
  const mailboxRow = dictmapKeys.mailbox(mailboxId);
  const ended: Record<string, Ended> = {};
  let operationId = 'none';
  const step = async (name: string, input: object) => {
    ended[name] = masked(await stage.run(input), account, operationId);
  };

  await step('no input', {});
  await step('no address', { user: 'john' });
  await step('a wildcard', { user: 'a*@x.co' });
  await step('an unknown member', { user: USER, dryrun: true });
  await step('a member of a wrong kind', { user: USER, dryRun: 'yes' });
  await step('a user nobody knows', { user: 'nobody@told-twice.org' });
  await step('an operation nobody knows', { operationId: 'op-1' });
  await step('a dry run', { user: USER, dryRun: true });
  await setHold({ set: { hold: 'case 7' } });
  await step('a held account', { user: USER });
  await setHold({ unset: ['hold'] });

  // Opened as over the API, by a process that ends before it starts the execution.
  const request = { user: USER, allowUnknownUser: false, requestedBy: 'a test' };
  const requesting = { ...stage.ports, workflows: new MemoryWorkflows() };
  const opened = await requestDeletion(requesting, request, stage.ports.clock.now() + 10_000);
  operationId = opened.operationId;
  await step('a second execution', { user: USER });
  await update(mailboxRow, { unset: ['uidNext'] });
  await step('a damaged row', { operationId, attempt: 1 });
  await step('an attempt that is over', { operationId, attempt: 1 });
  await update(mailboxRow, { set: { uidNext } });
  await step('the next attempt, after a repair', { user: USER });
  await step('a user who is gone', { user: USER });
  return ended;
}

function masked(ended: Ended, account: Account, operationId: string): Ended {
  const text = JSON.stringify(ended)
    .replaceAll(account.accountId, '<account>')
    .replaceAll(operationId, '<operation>')
    // The deployment's and the simulation's own.
    .replaceAll(/"(settleSeconds|days)":\d+/g, '"$1":"<setting>"')
    .replaceAll(/\{[^{}]*"where":"reserved addresses"[^{}]*\},/g, '');
  return JSON.parse(text) as Ended;
}

describe('the machine does the same on the interpreter and on the embedded AWS', () => {
  let told: Readonly<Record<string, Ended>>;
  let happened: Readonly<Record<string, Ended>>;

  beforeAll(async () => {
    told = await tell(simulated);
    happened = await tell(embedded);
  });
  afterAll(() => clients.destroy());

  test('the story has refusals, a fault and successes in it', () => {
    const errors = Object.values(told).map(({ status, error }) => error ?? status);
    expect(errors).toEqual([
      ...Array(5).fill('InvalidInputError'),
      'UnknownUserError',
      'UnknownOperationError',
      'SUCCEEDED',
      'AccountHeldError',
      'SUCCEEDED',
      'TypeError',
      'SUCCEEDED',
      'SUCCEEDED',
      'UnknownUserError',
    ]);
  });

  test('status, output, the states on the way and the children of the map', () => {
    const compared = (all: typeof told) =>
      Object.entries(all).map(([name, { error: _, cause: __, ...rest }]) => ({ name, ...rest }));
    expect(compared(happened)).toEqual(compared(told));
  });

  test('error and cause of what was refused', () => {
    for (const [name, { error, cause }] of Object.entries(told)) {
      if (name === 'a damaged row') continue;
      expect({ name, ...pick(happened[name]) }).toEqual({ name, error, cause });
    }
  });

  test('U5: a fault ends with its message, by the name that each of them gives it', () => {
    const simulation = told['a damaged row'];
    const real = happened['a damaged row'];
    expect(simulation?.cause).toMatch(/uidNext/);
    expect(real?.cause).toContain('uidNext');
    // The embedded AWS loses the names of errors thrown in Node functions.
    expect(real?.error).toBe('Runtime.HandlerError');
  });
});

const pick = (ended: Ended | undefined) => ({ error: ended?.error, cause: ended?.cause });
