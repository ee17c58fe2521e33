import ts from 'typescript';

/** Names whose every use tells the time of the machine, or counts it. */
const CLOCKS: ReadonlySet<string> = new Set(['performance', 'Temporal', 'hrtime', 'uptime']);
const CLOCK_MODULES: ReadonlySet<string> = new Set(['perf_hooks', 'node:perf_hooks']);

/** Members of `Date` that reckon with what they are given. */
const RECKONING: ReadonlySet<string> = new Set(['parse', 'UTC', 'prototype']);

/**
 * Where a source text asks the machine for its time, each as `line: text`. `Date` may be a type, may
 * be made of something, and may reckon; whatever else is done with it counts, passing it on included,
 * since it can then be asked under another name.
 */
export function askedTimes(source: string): string[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const note = (node: ts.Node) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${line + 1}: ${node.parent.getText().split('\n')[0]}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && ts.isImportDeclaration(node.parent)) {
      if (CLOCK_MODULES.has(node.text)) note(node);
    } else if (ts.isIdentifier(node)) {
      if (node.text === 'Date' ? !isReckoning(node) : isClock(node)) note(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isReckoning(date: ts.Identifier): boolean {
  const { parent } = date;
  if (ts.isNewExpression(parent)) {
    return parent.expression === date && (parent.arguments ?? []).length > 0;
  }
  if (ts.isPropertyAccessExpression(parent) && parent.expression === date) {
    return RECKONING.has(parent.name.text);
  }
  if (ts.isBinaryExpression(parent)) {
    return parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword && parent.right === date;
  }
  return ts.isTypeReferenceNode(parent) || isName(date);
}

const isClock = (node: ts.Identifier): boolean => CLOCKS.has(node.text) && !isName(node);

/** A key of an object, taken or given, or a member of a type: a word and nothing else. */
function isName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isPropertySignature(parent) && parent.name === node) ||
    (ts.isBindingElement(parent) && parent.propertyName === node)
  );
}
