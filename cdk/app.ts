import { App } from 'aws-cdk-lib';
import { RETENTION_HISTORY_FILE } from './retention-history.ts';
import { readDeploymentSettings } from './settings.ts';
import { addStage } from './stacks.ts';

const app = new App();
addStage(app, {
  settings: readDeploymentSettings(app.node),
  retentionHistoryFile: RETENTION_HISTORY_FILE,
});
app.synth();
