/** The app of a stage, synthesized as `cdk synth` would, and questions about its templates. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { parseDeploymentSettings, type Settings } from '../../cdk/settings.ts';
import { addStage, type StageStacks } from '../../cdk/stacks.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface CdkJson {
  readonly app: string;
  readonly context: Readonly<Record<string, unknown>>;
}

export const cdkJson = JSON.parse(readFileSync('cdk.json', 'utf8')) as CdkJson;

/** Stands for the bundles, which take seconds to make and change no other resource. */
const noCode = () => Code.fromInline('export const handler = () => undefined;');

export interface Synthesized {
  readonly directory: string;
  readonly storage: Template;
  readonly service: Template;
}

export interface SynthesizeOptions {
  readonly raw?: Readonly<Record<string, unknown>>;
  /** Where retention classes are remembered; a new place when missing. */
  readonly historyFile?: string;
  /** Called before synthesis. */
  readonly change?: (stacks: StageStacks) => void;
}

/** Settings of a stage as cdk.json has them, with changes. */
function settingsOf(stage: string, raw: Readonly<Record<string, unknown>> = {}): Settings {
  const { stages } = cdkJson.context['lethe'] as { stages: Record<string, object> };
  return parseDeploymentSettings(stage, { ...stages[stage], ...raw });
}

/** @throws Error when a rule of cdk-nag finds something that is not acknowledged. */
export function synthesize(stage: string, options: SynthesizeOptions = {}): Synthesized {
  const directory = temporaryDirectory();
  const context = {
    ...cdkJson.context,
    // The rules of CloudFormation take 4 s each time; app.test.ts and cfn-lint apply them.
    '@aws-cdk/core:validateAgainstDefaultRules': false,
  };
  const app = new App({ context, outdir: directory });
  const retentionHistoryFile = options.historyFile ?? join(directory, 'retention-history.json');
  if (options.historyFile === undefined) writeFileSync(retentionHistoryFile, '{}');
  const stacks = addStage(app, {
    settings: settingsOf(stage, options.raw),
    retentionHistoryFile,
    code: noCode,
  });
  options.change?.(stacks);
  app.synth();
  return {
    directory,
    storage: Template.fromStack(stacks.storage),
    service: Template.fromStack(stacks.service),
  };
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** Logical id to resource. */
export function resourcesOf(template: Template, type: string): ReadonlyMap<string, Resource> {
  return new Map(Object.entries(template.findResources(type) as Record<string, Resource>));
}

/** The one resource of a type whose logical id begins so. */
export function resourceNamed(template: Template, type: string, prefix: string): Resource {
  const found = [...resourcesOf(template, type)].filter(([id]) => id.startsWith(prefix));
  const [first, second] = found;
  if (first === undefined || second !== undefined) {
    throw new Error(`${found.length} of ${type} begin with ${prefix}`);
  }
  return first[1];
}

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  /** References in JSON, texts as they are. */
  readonly resources: readonly string[];
}

interface PolicyDocument {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: unknown;
  }[];
}

/** Statements of every policy of a role or caller, by the policy's logical id. */
export function policiesOf(template: Template): ReadonlyMap<string, readonly Statement[]> {
  const policies = [
    ...resourcesOf(template, 'AWS::IAM::Policy'),
    ...resourcesOf(template, 'AWS::IAM::ManagedPolicy'),
  ];
  return new Map(
    policies.map(([id, { Properties }]) => {
      const document = Properties['PolicyDocument'] as PolicyDocument;
      return [id, document.Statement.map(toStatement)];
    }),
  );
}

function toStatement(raw: PolicyDocument['Statement'][number]): Statement {
  return {
    effect: raw.Effect,
    actions: [raw.Action].flat(),
    resources: [raw.Resource].flat().map((one) => (typeof one === 'string' ? one : joined(one))),
  };
}

/** `Fn::Join` joined, other references in JSON: enough to see names and prefixes. */
function joined(reference: unknown): string {
  if (typeof reference === 'string') return reference;
  const join = (reference as { readonly 'Fn::Join'?: readonly [string, readonly unknown[]] })[
    'Fn::Join'
  ];
  return join === undefined ? JSON.stringify(reference) : join[1].map(joined).join(join[0]);
}

/** What a function's role may do: all statements of the policies named after the construct. */
export function grantsOf(template: Template, construct: string): readonly Statement[] {
  const found = [...policiesOf(template)].filter(([id]) => id.startsWith(`${construct}Role`));
  if (found.length === 0) throw new Error(`${construct} has no policy`);
  return found.flatMap(([, statements]) => statements);
}

/** Actions on resources whose reference contains a text, for instance a bucket's logical name. */
export function actionsOn(grants: readonly Statement[], text: string): readonly string[] {
  return grants
    .filter(({ resources }) => resources.some((resource) => resource.includes(text)))
    .flatMap(({ actions }) => actions)
    .sort();
}
