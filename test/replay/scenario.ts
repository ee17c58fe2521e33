/** Scenario files: steps that were carried out on a real server, with what that server did. */
import { z } from 'zod';

const POLICY = z.strictObject({
  afterSeconds: z.number().optional(),
  afterDays: z.number().optional(),
  maxMails: z.number().optional(),
});

const SETTINGS = z.strictObject({
  lazyExpunge: z
    .strictObject({
      mode: z.enum(['off', 'mailbox', 'namespace']),
      name: z.string().optional(),
      onlyLastInstance: z.boolean().optional(),
      exclude: z.array(z.string()).optional(),
    })
    .optional(),
  specialUse: z.record(z.string(), z.string()).optional(),
  autoexpunge: z.record(z.string(), POLICY).optional(),
  quota: z
    .strictObject({
      bytes: z.number().nullable().optional(),
      exempt: z.array(z.string()).optional(),
      rounding: z.enum(['up', 'down']).optional(),
    })
    .optional(),
  acl: z
    .array(z.strictObject({ mailbox: z.string(), identifier: z.string(), rights: z.string() }))
    .optional(),
  deleteMode: z.enum(['immediate', 'delayed']).optional(),
  deletedPrefix: z.string().optional(),
  expungeMode: z.enum(['immediate', 'delayed']).optional(),
  users: z.array(z.string()).optional(),
  autocreate: z.array(z.string()).optional(),
});

/** Arguments depend on the verb; each is looked at by the verb that knows it. */
const STEP = z.looseObject({
  do: z.string(),
  label: z.string().optional(),
  user: z.string().optional(),
  as: z.string().optional(),
  expect: z.looseObject({ error: z.string().optional() }).optional(),
  deviates: z.boolean().optional(),
  deviation: z.string().optional(),
});

const SCENARIO = z.looseObject({
  id: z.string(),
  title: z.string().optional(),
  seedFeature: z.string().optional(),
  settings: z.looseObject({}).default({}),
  steps: z.array(STEP),
  deviates: z.boolean().optional(),
  deviation: z.string().optional(),
  needs: z.array(z.string()).optional(),
  source: z.looseObject({ storage: z.string().optional() }).optional(),
});

export type ScenarioSettings = z.infer<typeof SETTINGS>;
export type Step = z.infer<typeof STEP>;
export type Scenario = z.infer<typeof SCENARIO>;

/** A file that is no scenario. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** @throws ScenarioError naming the file and what is wrong with it */
export function parseScenario(file: string, content: unknown): Scenario {
  const parsed = SCENARIO.safeParse(content);
  if (parsed.success) return parsed.data;
  throw new ScenarioError(`${file}: ${z.prettifyError(parsed.error)}`);
}

/** @throws ScenarioError */
export function mailSettingsOf(scenario: Scenario): ScenarioSettings {
  const parsed = SETTINGS.safeParse(scenario.settings);
  if (parsed.success) return parsed.data;
  throw new ScenarioError(`settings of ${scenario.id}: ${z.prettifyError(parsed.error)}`);
}

/** One bucket and its rules, rather than mail. */
export const isBucketScenario = ({ source }: Scenario): boolean => source?.storage === 's3';
