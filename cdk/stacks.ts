/** The stacks of one stage. */
import { join } from 'node:path';
import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { bundleHandlers, type HandlerCode } from './handler-bundles.ts';
import { rememberClasses } from './retention-history.ts';
import { ServiceStack } from './service-stack.ts';
import type { Settings } from './settings.ts';
import { StorageStack } from './storage-stack.ts';

export interface StageProps {
  readonly settings: Settings;
  /** The file that remembers retention classes. */
  readonly retentionHistoryFile: string;
  /** Bundled by esbuild when missing. */
  readonly code?: HandlerCode;
}

export interface StageStacks {
  readonly storage: StorageStack;
  readonly service: ServiceStack;
}

/**
 * Adds `Lethe<Stage>Storage` and `Lethe<Stage>Service`, tagged, and the checks of cdk-nag, which
 * make `synth` throw on whatever is not acknowledged.
 * @throws SettingsError when a retention class was removed or shortened.
 */
export function addStage(app: App, props: StageProps): StageStacks {
  const { settings } = props;
  const classesEver = rememberClasses(settings, props.retentionHistoryFile);
  const code = props.code ?? bundleHandlers(join(app.outdir, 'bundles'));
  const { account, region } = settings;
  const common = {
    settings,
    classesEver,
    terminationProtection: !settings.ephemeral,
    env: {
      ...(account === undefined ? {} : { account }),
      ...(region === undefined ? {} : { region }),
    },
  };
  const prefix = `Lethe${settings.stage.charAt(0).toUpperCase()}${settings.stage.slice(1)}`;
  const storage = new StorageStack(app, `${prefix}Storage`, {
    ...common,
    description: `Lethe ${settings.stage}: mail, rows, certificates`,
  });
  const service = new ServiceStack(app, `${prefix}Service`, {
    ...common,
    description: `Lethe ${settings.stage}: functions, state machines, doors`,
    storage,
    code,
  });
  addTags(app, settings);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return { storage, service };
}

function addTags(app: App, settings: Settings): void {
  const tags = {
    app: 'lethe',
    stage: settings.stage,
    ...(settings.owner === undefined ? {} : { owner: settings.owner }),
    ...(settings.costCentre === undefined ? {} : { 'cost-centre': settings.costCentre }),
    ...settings.tags,
  };
  for (const [name, value] of Object.entries(tags)) Tags.of(app).add(name, value);
}
