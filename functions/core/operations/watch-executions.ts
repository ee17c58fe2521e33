/** How long deletions have been running: what an alarm on overdue ones looks at. */
import type { Ports } from '../ports/ports.ts';

export interface RunningExecutions {
  readonly running: number;
  /** How long the oldest one has been running; 0 when none is. */
  readonly oldestSeconds: number;
}

/** Looks at the executions of delete-account that have begun and not ended. */
export async function watchExecutions(
  ports: Pick<Ports, 'workflows' | 'clock'>,
): Promise<RunningExecutions> {
  const started = await ports.workflows.running('delete-account');
  const now = ports.clock.now();
  const oldest = started.reduce((first, startedAt) => Math.min(first, startedAt), now);
  return { running: started.length, oldestSeconds: Math.floor((now - oldest) / 1000) };
}
