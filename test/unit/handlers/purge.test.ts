import { beforeEach, describe, expect, test } from 'vitest';
import { Doors, expectProblem } from './doors.ts';

let doors: Doors;

beforeEach(() => {
  doors = new Doors();
});

describe('POST /v1/mailboxes/purge', () => {
  test('O1: begins an operation and says where it is', async () => {
    const body = { domain: 'X.org', olderThanDays: 0 };
    const answer = await doors.ask('POST /v1/mailboxes/purge', { body });
    expect(answer.status).toBe(202);
    const { operationId } = answer.body as { operationId: string };
    expect(answer.headers.get('location')).toBe(`/v1/operations/${operationId}`);
    expect(answer.body).toMatchObject({
      verb: 'purge-mailboxes',
      state: 'running',
      accountId: '*',
    });
    expect(doors.world.workflows.starts()).toMatchObject([
      { verb: 'purge-mailboxes', name: `${operationId}-1`, input: { operationId, attempt: 1 } },
    ]);
    const shown = await doors.ask(`GET /v1/operations/${operationId}`);
    expect(shown.body).toMatchObject({ operationId, step: 'Resolve purge' });
  });

  test.each([
    [{ olderThanDays: 'never' }, ['olderThanDays']],
    [{ olderThanDays: '7' }, ['olderThanDays']],
    [{ user: 1, ignoreOwnRetention: 'yes' }, ['user', 'ignoreOwnRetention']],
    [{ user: 'a@x.org', dryRun: true }, ['dryRun']],
    [{ operationId: 'op-1' }, ['operationId']],
    [{ user: 'a@x.org', domain: 'x.org' }, ['domain']],
    [[], ['body']],
  ])('O2: %j is refused, each wrong field named', async (body, fields) => {
    const answer = await doors.ask('POST /v1/mailboxes/purge', { body });
    expectProblem(answer, 400, 'urn:lethe:invalid-input', fields);
    expect(doors.world.rows.rows()).toEqual([]);
  });

  test('O2: a user and a deletion must be there', async () => {
    const nobody = await doors.ask('POST /v1/mailboxes/purge', { body: { user: 'no@x.org' } });
    expectProblem(nobody, 404, 'urn:lethe:unknown-user');
    await doors.addAccount('a@x.org');
    const body = { user: 'a@x.org', deletionId: '00000000-00' };
    const unknown = await doors.ask('POST /v1/mailboxes/purge', { body });
    expectProblem(unknown, 404, 'urn:lethe:unknown-mailbox');
    expect(doors.world.workflows.starts()).toEqual([]);
  });
});
