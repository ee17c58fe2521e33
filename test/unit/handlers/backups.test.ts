import { beforeEach, describe, expect, test } from 'vitest';
import { Doors, expectProblem } from './doors.ts';

let doors: Doors;
beforeEach(() => {
  doors = new Doors();
});

const record = (body: unknown) => doors.ask('POST /v1/backups', { body });

// The clock of the doors stands at the midnight that begins 2026-11-22.
describe('POST /v1/backups', () => {
  test('F5: without a resource it is a backup of all three', async () => {
    const { status, body } = await record({ createdAt: '2026-11-21T05:00:00+02:00' });
    expect(status).toBe(200);
    const item = {
      createdAt: '2026-11-21T03:00:00.000Z',
      recordedAt: '2026-11-22T00:00:00.000Z',
      source: 'unknown',
    };
    expect(body).toEqual({
      recorded: ['mail-bucket', 'registry', 'dictmap'],
      items: [
        { resource: 'mail-bucket', ...item },
        { resource: 'registry', ...item },
        { resource: 'dictmap', ...item },
      ],
      coveredUntil: '2026-11-21T03:00:00.000Z',
    });
  });

  test('says for which resources it was news', async () => {
    await record({ createdAt: '2026-11-21T03:00:00Z', resource: 'registry' });
    const { body } = await record({
      createdAt: '2026-11-21T02:00:00Z',
      source: 'nightly',
      jobId: 'n-7',
    });
    expect(body['recorded']).toEqual(['mail-bucket', 'dictmap']);
    expect(body['coveredUntil']).toBe('2026-11-21T02:00:00.000Z');
    expect(body['items']).toContainEqual({
      resource: 'dictmap',
      createdAt: '2026-11-21T02:00:00.000Z',
      recordedAt: '2026-11-22T00:00:00.000Z',
      source: 'nightly',
      jobId: 'n-7',
    });
  });

  test.each([
    [{}, ['createdAt']],
    [{ createdAt: 1_795_000_000 }, ['createdAt']],
    [{ createdAt: '2026-11-21' }, ['createdAt']],
    [{ createdAt: '2026-11-21T03:00:00' }, ['createdAt']],
    [{ createdAt: '2026-13-21T03:00:00Z' }, ['createdAt']],
    [{ createdAt: '2026-11-22T00:00:00.001Z' }, ['createdAt']],
    [{ createdAt: '2026-11-21T03:00:00Z', resource: 'bucket' }, ['resource']],
    [{ createdAt: '2026-11-21T03:00:00Z', resource: 7, jobId: 7 }, ['resource', 'jobId']],
    [{ createdAt: '2026-11-21T03:00:00Z', source: '' }, ['source']],
    [{ createdAt: '2026-11-21T03:00:00Z', completedAt: 'x' }, ['completedAt']],
  ])('O2: %j is refused, each wrong field named', async (body, fields) => {
    expectProblem(await record(body), 400, 'urn:lethe:invalid-input', fields);
    expect(doors.world.rows.rows()).toEqual([]);
  });
});

test('GET /v1/backups shows what is known, and covers nothing before all are there', async () => {
  expect((await doors.ask('GET /v1/backups')).body).toEqual({ items: [] });
  await record({ createdAt: '2026-11-21T03:00:00Z', resource: 'mail-bucket' });
  const { body } = await doors.ask('GET /v1/backups');
  expect(body).toMatchObject({ items: [{ resource: 'mail-bucket' }] });
  expect(body).not.toHaveProperty('coveredUntil');
});
