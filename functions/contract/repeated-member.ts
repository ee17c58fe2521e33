/** JSON in which a name occurs twice: parsers take the last one without a word. */

/**
 * The first member that an object of a JSON text has twice.
 * @param text JSON that can be parsed
 * @returns its name, or undefined when every name occurs once
 */
export function repeatedMember(text: string): string | undefined {
  // A set for each open object, undefined for each open list.
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      if (isName(text, end)) {
        const name = JSON.parse(text.slice(at, end + 1)) as string;
        const names = open.at(-1);
        if (names?.has(name)) return name;
        names?.add(name);
      }
      at = end;
    }
  }
  return undefined;
}

/** The index of the quote that closes a string; messages are strings of megabytes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

/** A string before a colon. */
function isName(text: string, end: number): boolean {
  let after = end + 1;
  while (/\s/.test(text[after] ?? '')) after += 1;
  return text[after] === ':';
}
