import type { S3Answer } from '../../models/s3-target.ts';
import { type S3Step, type ScenarioRule, toScenarioRule } from './s3-scenario.ts';
import type { VersionNames } from './version-names.ts';

type Entry = Readonly<Record<string, unknown>>;

/**
 * A member of an expectation and what was answered instead, in a form that compares.
 *
 * @throws Error when no step can be expected to answer that
 */
export function expectedOf(
  member: string,
  recorded: unknown,
  step: S3Step,
  answer: S3Answer,
  names: VersionNames,
): { readonly expected: unknown; readonly got: unknown } {
  const key = String(step['key']);
  switch (member) {
    case 'status':
      return { expected: recorded, got: answer.status };
    case 'error':
      // An answer to HEAD has no body that could name it.
      if (step.do === 'head') return { expected: true, got: answer.status >= 400 };
      return { expected: recorded, got: answer.error };
    case 'body':
      return { expected: recorded, got: answer.body };
    case 'metadata':
      return { expected: recorded, got: { ...answer.metadata } };
    case 'version':
      return {
        expected: names.canonical(String(recorded)),
        got: names.nameOf(key, answer.versionId),
      };
    case 'versions':
      return versions(recorded as readonly Entry[], answer, names);
    case 'deleted':
      return deleted(recorded as readonly Entry[], answer, names);
    case 'rules':
      return rules(recorded as readonly ScenarioRule[], answer);
    default:
      throw new Error(`no step answers a member ${member}`);
  }
}

function versions(recorded: readonly Entry[], answer: S3Answer, names: VersionNames) {
  const expected = recorded.map(({ key, version, deleteMarker = false, latest = false }) => ({
    ...{ key, version: names.canonical(String(version)), deleteMarker, latest },
  }));
  const got = answer.versions?.map(({ key, versionId, deleteMarker, latest }) => ({
    ...{ key, version: names.nameOf(key, versionId), deleteMarker, latest },
  }));
  return { expected: inAnyOrder(expected), got: got && inAnyOrder(got) };
}

function deleted(recorded: readonly Entry[], answer: S3Answer, names: VersionNames) {
  const expected = recorded.map(({ key, version, deleteMarker = false }) => ({
    ...{ key, deleteMarker },
    ...(version === undefined ? {} : { version: names.canonical(String(version)) }),
  }));
  const got = answer.deleted?.map(({ key, versionId, deleteMarker }) => ({
    ...{ key, deleteMarker },
    ...(versionId === undefined ? {} : { version: names.nameOf(key, versionId) }),
  }));
  return { expected: inAnyOrder(expected), got: got && inAnyOrder(got) };
}

/** S3 names rules that have no name; a prefix that is empty is none. */
function rules(recorded: readonly ScenarioRule[], answer: S3Answer) {
  const named = recorded.every(({ id }) => id !== undefined);
  const plain = ({ id, prefix, ...others }: ScenarioRule) => ({
    ...others,
    ...(prefix === undefined || prefix === '' ? {} : { prefix }),
    ...(named && id !== undefined ? { id } : {}),
  });
  const got = answer.rules?.map((rule) => plain(toScenarioRule(rule)));
  return { expected: inAnyOrder(recorded.map(plain)), got: got && inAnyOrder(got) };
}

function inAnyOrder<T extends object>(list: readonly T[]): readonly T[] {
  const text = (entry: T) => JSON.stringify(Object.entries(entry).sort());
  return list.toSorted((left, right) => (text(left) < text(right) ? -1 : 1));
}
