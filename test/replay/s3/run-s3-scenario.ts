import { isDeepStrictEqual } from 'node:util';
import type { S3Answer, S3Target } from '../../models/s3-target.ts';
import { expectedOf } from './expectations.ts';
import type { S3Scenario, S3Step } from './s3-scenario.ts';
import { carryOut } from './s3-verbs.ts';
import { UnsupportedError } from './unsupported-error.ts';
import { VersionNames } from './version-names.ts';

export type S3Outcome =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'skip'; readonly reason: string }
  | {
      readonly outcome: 'FAIL';
      /** Its number, counted from 1, with what it does. */
      readonly step: string;
      readonly message: string;
      readonly expected: unknown;
      readonly got: unknown;
    };

/**
 * Carries out a recorded scenario of S3 and compares. Steps that are marked as deviating are left
 * out, scenarios that are marked, or need what no target has, are skipped.
 *
 * @param target new for each scenario; the caller closes it
 */
export async function runS3Scenario(scenario: S3Scenario, target: S3Target): Promise<S3Outcome> {
  if (scenario.deviates === true) return skip(scenario.deviation ?? 'deviates');
  const needs = scenario.needs ?? [];
  if (needs.length > 0) return skip(`needs ${needs.join(', ')}`);
  const names = new VersionNames();
  for (const [index, step] of scenario.steps.entries()) {
    if (step.deviates === true) continue;
    const found = await runStep(step, target, names);
    if (found === undefined) continue;
    if ('reason' in found) return skip(`step ${index + 1}, ${step.do}: ${found.reason}`);
    const [expected, got] = [found.expected, found.got].map((value) => JSON.stringify(value));
    return {
      outcome: 'FAIL',
      step: `step ${index + 1} (${step.do})${step.label === undefined ? '' : `, ${step.label}`}`,
      message: `expected ${expected}, got ${got}`,
      ...found,
    };
  }
  return { outcome: 'ok' };
}

const skip = (reason: string): S3Outcome => ({ outcome: 'skip', reason });

type Difference = { readonly expected: unknown; readonly got: unknown };

async function runStep(
  step: S3Step,
  target: S3Target,
  names: VersionNames,
): Promise<Difference | { readonly reason: string } | undefined> {
  let answer: S3Answer;
  try {
    answer = await carryOut(step, target, names);
  } catch (error) {
    if (error instanceof UnsupportedError) return { reason: error.message };
    return { expected: step.expect ?? 'success', got: String(error) };
  }
  const { expect = {} } = step;
  if (expect['error'] === undefined && expect['status'] === undefined && answer.status >= 300) {
    return { expected: 'success', got: summary(answer) };
  }
  try {
    for (const [member, recorded] of Object.entries(expect)) {
      const { expected, got } = expectedOf(member, recorded, step, answer, names);
      if (!isDeepStrictEqual(got, expected)) {
        return { expected: { [member]: expected }, got: { [member]: got, ...summary(answer) } };
      }
    }
  } catch (error) {
    return { expected: expect, got: String(error) };
  }
  return undefined;
}

function summary({ status, error }: S3Answer): object {
  return error === undefined ? { status } : { status, error };
}
