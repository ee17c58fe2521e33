/** Options that say what is looked for, and their help, from the descriptions of the terms. */
import { type Command, Option } from 'commander';
import { MESSAGE_TERMS, RESTORE_TERMS } from '../functions/contract/query-descriptions.ts';
import { parseQueryJson, parseSize, parseTime } from './commands/query-options.ts';

type Term = (typeof MESSAGE_TERMS)[keyof typeof MESSAGE_TERMS];

const WIDTH = 100;

/** Names of the members of a query, in lines that fit. */
const membersOf = (terms: object): string => {
  const lines = ['Members of --query:'];
  for (const name of Object.keys(terms)) {
    const last = lines.at(-1) ?? '';
    if (last.length + name.length + 2 > WIDTH) lines.push(name);
    else lines[lines.length - 1] = `${last} ${name}`;
    lines[lines.length - 1] += ',';
  }
  return lines.join('\n').replace(/,$/, '.');
};

export const MESSAGE_QUERY_MEMBERS = membersOf(MESSAGE_TERMS);
export const RESTORE_QUERY_MEMBERS = membersOf(RESTORE_TERMS);

function optionOf({ option, form, means }: Term): readonly Option[] {
  if (option === undefined) return [];
  if (option === 'mailbox') return [new Option('-m, --mailbox <mailbox>', means)];
  switch (form) {
    case 'true':
      return [new Option(`--${option}`, means)];
    case 'time':
      return [new Option(`--${option} <time>`, means).argParser(parseTime)];
    case 'bytes':
      return [new Option(`--${option} <size>`, `${means}, such as 10M`).argParser(parseSize)];
    default:
      return [new Option(`--${option} <text>`, means)];
  }
}

function withTerms(command: Command, terms: Readonly<Record<string, Term>>): Command {
  for (const option of Object.values(terms).flatMap(optionOf)) command.addOption(option);
  return command.addOption(
    new Option('--query <json>', 'a query as the API takes it').argParser(parseQueryJson),
  );
}

/** What searches and expunges can look for. */
export const withMessageQuery = (command: Command): Command => withTerms(command, MESSAGE_TERMS);

/** What can be looked for among expunged messages. */
export const withRestoreQuery = (command: Command): Command => withTerms(command, RESTORE_TERMS);
