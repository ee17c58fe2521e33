import { beforeEach, describe, expect, test } from 'vitest';
import { Doors, expectProblem } from './doors.ts';

const HOLDS = '/v1/accounts/john@x.org/holds';
const BODY = { caseId: 'case-17', reason: 'court order' };

let doors: Doors;

beforeEach(async () => {
  doors = new Doors();
  await doors.addAccount('john@x.org');
});

describe('holds of an account', () => {
  test('W6, O1: one is placed at once, its walk begun, and it is listed', async () => {
    const placed = await doors.ask(`POST ${HOLDS}`, { body: BODY });
    expect(placed.status, placed.text).toBe(202);
    const { operationId } = placed.body as { operationId: string };
    expect(placed.headers.get('location')).toBe(`/v1/operations/${operationId}`);
    expect(placed.body).toMatchObject({ verb: 'hold-account', state: 'running' });
    expect(doors.world.workflows.starts()).toMatchObject([
      { verb: 'hold-account', name: `${operationId}-1`, input: { operationId, attempt: 1 } },
    ]);
    const { body } = await doors.ask(`GET ${HOLDS}`);
    expect(body).toMatchObject({ held: true, holds: [{ ...BODY, protection: 'running' }] });
    const refused = await doors.ask('DELETE /v1/accounts/john@x.org?dryRun=true');
    expectProblem(refused, 409, 'urn:lethe:account-held');
  });

  test('W6: it is released, and the account may be deleted again', async () => {
    await doors.ask(`POST ${HOLDS}`, { body: BODY });
    const released = await doors.ask(`POST ${HOLDS}/release`, { body: { caseId: 'case-17' } });
    expect(released.status, released.text).toBe(202);
    expect(released.body).toMatchObject({ verb: 'release-hold' });
    expect((await doors.ask(`GET ${HOLDS}`)).body).toMatchObject({ held: false, holds: [] });
    expect((await doors.ask('DELETE /v1/accounts/john@x.org?dryRun=true')).status).toBe(200);
  });

  test('O1: dry runs hold and release nothing', async () => {
    const dry = await doors.ask(`POST ${HOLDS}?dryRun=true`, { body: BODY });
    expect(dry.body).toMatchObject({ verb: 'hold-account', dryRun: true });
    expect((await doors.ask(`GET ${HOLDS}`)).body).toMatchObject({ held: false });
    await doors.ask(`POST ${HOLDS}`, { body: BODY });
    const body = { caseId: 'case-17' };
    const release = await doors.ask(`POST ${HOLDS}/release?dryRun=true`, { body });
    expect(release.body).toMatchObject({ verb: 'release-hold', dryRun: true });
    expect((await doors.ask(`GET ${HOLDS}`)).body).toMatchObject({ held: true });
  });

  test('O2: what is wrong has its own problem', async () => {
    const nobody = await doors.ask('POST /v1/accounts/no@x.org/holds', { body: BODY });
    expectProblem(nobody, 404, 'urn:lethe:unknown-user');
    const bad = await doors.ask(`POST ${HOLDS}`, { body: { caseId: 'a b', reason: '' } });
    expectProblem(bad, 400, 'urn:lethe:invalid-input', ['caseId', 'reason']);
    const unknown = await doors.ask(`POST ${HOLDS}/release`, { body: { caseId: 'case-1' } });
    expectProblem(unknown, 404, 'urn:lethe:unknown-hold');
    await doors.ask(`POST ${HOLDS}`, { body: BODY });
    const other = await doors.ask(`POST ${HOLDS}`, { body: { ...BODY, reason: 'other' } });
    expectProblem(other, 409, 'urn:lethe:hold-conflict');
  });
});
