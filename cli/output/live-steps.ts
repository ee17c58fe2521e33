/** The live display of steps; loaded only where there is a terminal. */
import { DefaultRenderer, Listr, ListrLogger, ProcessOutput } from 'listr2';
import type { StepView } from './step-view.ts';
import { safe } from './text.ts';

/** Standard error alone decides whether the display is live: data may be piped meanwhile. */
class StderrRenderer extends DefaultRenderer {
  static override readonly nonTTY = true as never;
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
  refuse(error: Error): void;
}

function gate(): Gate {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // A gate may be refused before its task has begun to wait for it.
  promise.catch(() => {});
  return { opened: promise, open: resolve, refuse: reject };
}

/** Opens a list of tasks of which each waits for its gate. */
export function openLiveSteps(titles: readonly string[], stderr: NodeJS.WriteStream): StepView {
  const gates = titles.map(gate);
  const outputs: ((text: string) => void)[] = [];
  const list = new Listr(
    titles.map((title, index) => ({
      title,
      task: (_context: unknown, task: { output: string }): Promise<void> => {
        outputs[index] = (text) => {
          task.output = text;
        };
        return gates[index]?.opened ?? Promise.resolve();
      },
    })),
    {
      renderer: StderrRenderer,
      // Ctrl-C is the business of the command: it has something to say before it ends.
      registerSignalListeners: false,
      rendererOptions: {
        collapseErrors: false,
        logger: new ListrLogger({ processOutput: new ProcessOutput(stderr, stderr) }),
      },
    },
  );
  const ended = list.run().then(
    () => {},
    () => {},
  );
  let current = 0;
  const end = (act: () => void): Promise<void> => {
    act();
    return ended;
  };
  return {
    enter(index) {
      for (; current < index; current++) gates[current]?.open();
    },
    detail: (text) => outputs[current]?.(safe(text)),
    fail: (message) => end(() => gates[current]?.refuse(new Error(safe(message)))),
    finish: () => end(() => gates.forEach((each) => void each.open())),
    abandon: () => end(() => gates[current]?.refuse(new Error('not waited for any longer'))),
  };
}
