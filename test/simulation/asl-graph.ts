import type { State, StateGraph } from './asl-definition.ts';
import { DefinitionError } from './asl-error.ts';

/** Every state that can follow this one. */
function targetsOf(state: State): readonly string[] {
  const targets: (string | undefined)[] = [];
  if (state.Type === 'Choice') {
    targets.push(state.Default, ...state.Choices.map((rule) => String(rule['Next'])));
  } else if (state.Type !== 'Succeed' && state.Type !== 'Fail') {
    targets.push(state.Next);
  }
  if (state.Type === 'Task' || state.Type === 'Map') {
    targets.push(...(state.Catch ?? []).map((catcher) => catcher.Next));
  }
  return targets.filter((target) => target !== undefined);
}

function checkEnd(name: string, state: State): string[] {
  if (state.Type === 'Choice' || state.Type === 'Succeed' || state.Type === 'Fail') return [];
  if ((state.Next === undefined) === (state.End === undefined)) {
    return [`"${name}" needs either Next or End`];
  }
  return [];
}

function checkReachable(graph: StateGraph): string[] {
  const reached = new Set<string>();
  const open = [graph.StartAt];
  const problems: string[] = [];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const state = graph.States[name];
    if (!state) problems.push(`there is no state "${name}", though something leads to it`);
    else open.push(...targetsOf(state));
  }
  for (const name of Object.keys(graph.States)) {
    if (!reached.has(name)) problems.push(`state "${name}" cannot be reached`);
  }
  return problems;
}

function collect(graph: StateGraph, names: Set<string>, problems: string[]): void {
  problems.push(...checkReachable(graph));
  for (const [name, state] of Object.entries(graph.States)) {
    if (names.has(name)) problems.push(`two states are called "${name}"`);
    names.add(name);
    problems.push(...checkEnd(name, state));
    if (state.Type === 'Map') collect(state.ItemProcessor, names, problems);
  }
}

/**
 * States lead somewhere, everything is reached, names are unique in the whole machine.
 * @throws DefinitionError naming every problem
 */
export function checkReferences(graph: StateGraph): void {
  const problems: string[] = [];
  collect(graph, new Set(), problems);
  if (problems.length > 0) throw new DefinitionError(problems.join('\n'));
}
