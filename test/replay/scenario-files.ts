/** The scenario files that somebody names. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseScenario, type Scenario, ScenarioError } from './scenario.ts';

export interface ScenarioFile {
  readonly file: string;
  /** Missing for what lies in a directory and is JSON of another kind. */
  readonly scenario?: Scenario;
}

/**
 * Files as they are named, and the JSON files of directories and below, in the order of their
 * names.
 * @throws ScenarioError naming the file and what is wrong with it
 */
export function scenarioFiles(paths: readonly string[]): ScenarioFile[] {
  return paths.flatMap((path) => {
    if (!asked(path, () => statSync(path)).isDirectory()) {
      return [{ file: path, scenario: parseScenario(path, readJson(path)) }];
    }
    const found = jsonFilesIn(path).map(readIfScenario);
    if (found.length > 0) return found;
    throw new ScenarioError(`${path}: the directory holds no scenarios (*.json)`);
  });
}

function jsonFilesIn(directory: string): string[] {
  const options = { recursive: true, encoding: 'utf8' } as const;
  return asked(directory, () => readdirSync(directory, options))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(directory, name));
}

/** A directory may hold other JSON beside scenarios; a scenario that is damaged is an error. */
function readIfScenario(file: string): ScenarioFile {
  const content = readJson(file);
  const isOther = typeof content !== 'object' || content === null || !('steps' in content);
  return isOther ? { file } : { file, scenario: parseScenario(file, content) };
}

function readJson(file: string): unknown {
  return asked(file, () => JSON.parse(readFileSync(file, 'utf8')));
}

function asked<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ScenarioError(`${path}: ${(error as Error).message}`);
  }
}
