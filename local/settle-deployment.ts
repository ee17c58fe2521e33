import { CloudFormationClient, paginateListStacks } from '@aws-sdk/client-cloudformation';
import { clientOptions, ROOT_CREDENTIALS } from './aws-environment.ts';
import type { InstanceFiles } from './instance-files.ts';
import { findMarkedProcesses, signalProcess, waitUntil } from './processes.ts';

/** A stack of the application takes 10 s at most; past that, stopping matters more. */
const SETTLE_MILLISECONDS = 30_000;

/**
 * Ends a deployment that is under way and waits until CloudFormation has finished what it began:
 * a stack saved in the middle of its creation could neither be updated nor continued later.
 */
export async function settleDeployment(files: InstanceFiles, endpoint: string): Promise<void> {
  for (const pid of findMarkedProcesses('deployment', files.directory)) {
    signalProcess(pid, 'SIGKILL');
  }
  const client = new CloudFormationClient({
    ...clientOptions(files, endpoint, ROOT_CREDENTIALS),
    maxAttempts: 1,
  });
  try {
    await waitUntil(async () => !(await somethingIsInProgress(client)), SETTLE_MILLISECONDS);
  } catch {
    // It does not answer: then nothing is in progress that could be waited for.
  } finally {
    client.destroy();
  }
}

async function somethingIsInProgress(client: CloudFormationClient): Promise<boolean> {
  for await (const page of paginateListStacks({ client }, {})) {
    // REVIEW_IN_PROGRESS waits for somebody to execute a change set: nothing is going on.
    const statuses = page.StackSummaries?.map(({ StackStatus }) => StackStatus ?? '') ?? [];
    if (statuses.some((status) => /(?<!^REVIEW)_IN_PROGRESS$/.test(status))) {
      return true;
    }
  }
  return false;
}
