import type { ObjectName, PutRequest, S3Answer, S3Target } from '../../models/s3-target.ts';
import { type S3Step, type ScenarioRule, toLifecycleRule } from './s3-scenario.ts';
import type { VersionNames } from './version-names.ts';

const DAY_SECONDS = 86_400;
const DONE: S3Answer = { status: 200 };

/** The arguments that each verb takes, besides `do`, `label`, `expect` and marks of deviations. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  putVersioning: ['status', 'objectLock'],
  put: ['key', 'body', 'version', 'metadata', 'tags', 'lock', 'lockDays'],
  get: ['key', 'version'],
  head: ['key', 'version'],
  delete: ['key', 'version', 'marker'],
  deleteMany: ['objects'],
  copyVersion: ['key', 'version'],
  deleteBucket: [],
  putLifecycle: ['rules'],
  getLifecycle: [],
  deleteLifecycle: [],
  advance: ['seconds', 'days'],
  runLifecycle: [],
  versions: [],
};
const OF_ANY_STEP = ['do', 'label', 'expect', 'deviates', 'deviation'];

/**
 * Carries out a step on a target, and remembers the names that it gives.
 *
 * @throws Error for a verb or an argument that the format does not have: nothing is passed over
 * @throws UnsupportedError when the target cannot do it
 */
export async function carryOut(
  step: S3Step,
  target: S3Target,
  names: VersionNames,
): Promise<S3Answer> {
  const known = ARGUMENTS[step.do];
  if (known === undefined) throw new Error(`there is no verb ${step.do}`);
  const unknown = Object.keys(step).filter((name) => ![...OF_ANY_STEP, ...known].includes(name));
  if (unknown.length > 0) throw new Error(`${step.do} has no argument ${unknown.join(', ')}`);
  return await request(step, target, names);
}

async function request(step: S3Step, target: S3Target, names: VersionNames): Promise<S3Answer> {
  const name = objectName(step, names);
  switch (step.do) {
    case 'putVersioning':
      return target.putVersioning(String(step['status']), step['objectLock'] === true);
    case 'put':
      return naming(step['version'], name.key, names, await target.put(putRequest(step)));
    case 'get':
      return target.get(name);
    case 'head':
      return target.head(name);
    case 'delete':
      return naming(step['marker'], name.key, names, await target.delete(name));
    case 'deleteMany':
      return target.deleteMany(
        (step['objects'] as readonly object[]).map((one) => objectName({ ...one }, names)),
      );
    case 'copyVersion':
      return target.copyVersion(name);
    case 'deleteBucket':
      return target.deleteBucket();
    case 'putLifecycle':
      return target.putLifecycle((step['rules'] as readonly ScenarioRule[]).map(toLifecycleRule));
    case 'getLifecycle':
      return target.getLifecycle();
    case 'deleteLifecycle':
      return target.deleteLifecycle();
    case 'advance':
      await target.advance(Number(step['seconds'] ?? 0) + Number(step['days'] ?? 0) * DAY_SECONDS);
      return DONE;
    case 'runLifecycle':
      await target.runLifecycle();
      return DONE;
    default:
      return target.versions();
  }
}

function objectName(step: Readonly<Record<string, unknown>>, names: VersionNames): ObjectName {
  const { do: verb, key, version } = step;
  // On `put` it is the name to be given.
  if (version === undefined || verb === 'put') return { key: String(key) };
  return { key: String(key), versionId: names.idOf(String(version)) };
}

function putRequest({ key, body, metadata, tags, lock, lockDays }: S3Step): PutRequest {
  return {
    key: String(key),
    body: body === undefined ? '' : String(body),
    ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
    ...(tags === undefined ? {} : { tags: tags as Record<string, string> }),
    ...(lock === undefined ? {} : { lock: { mode: String(lock), days: Number(lockDays) } }),
  };
}

/** Gives the name of a step to what it made. */
function naming(name: unknown, key: string, names: VersionNames, answer: S3Answer): S3Answer {
  if (name !== undefined && answer.status < 300) names.give(String(name), key, answer.versionId);
  return answer;
}
