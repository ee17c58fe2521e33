import { afterAll, beforeAll, type MockInstance, vi } from 'vitest';

/** Everything that was printed, from the call on; nothing of it reaches the terminal. */
export interface LogLines {
  text(): string;
  lines(): readonly Record<string, unknown>[];
  release(): void;
}

export function captureLog(): LogLines {
  const written: string[] = [];
  const take = (chunk: string | Uint8Array): boolean => {
    written.push(Buffer.from(chunk).toString());
    return true;
  };
  const spies: MockInstance[] = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation(take),
  );
  const text = (): string => written.join('');
  return {
    text,
    lines: () =>
      text()
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    release: () => {
      for (const spy of spies) spy.mockRestore();
    },
  };
}

/** For the top of a file of tests: what functions log in them is shown to nobody. */
export function useQuietLog(): void {
  let log: LogLines | undefined;
  beforeAll(() => {
    log = captureLog();
  });
  afterAll(() => log?.release());
}
