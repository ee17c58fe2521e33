/** The manual page, made from the definitions of the commands. */
import type { DefinedCommand, DefinedOption } from './definitions.ts';

/** Backslashes begin escapes, hyphens are typed as they are, a dot begins a request. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', String.raw`\e`)
    .replaceAll('-', String.raw`\-`)
    .replaceAll(/^([.'])/gm, String.raw`\&$1`);

const bold = (text: string): string => String.raw`\fB${roff(text)}\fR`;

const item = ({ flags, description, isRequired, choices }: DefinedOption): string => {
  const facts = [
    ...(choices.length === 0 ? [] : [`one of ${choices.join(', ')}`]),
    ...(isRequired ? ['must be given'] : []),
  ];
  const more = facts.length === 0 ? '' : ` (${facts.join('; ')})`;
  return `.TP\n${bold(flags)}\n${roff(`${description}${more}`)}`;
};

/** Lines as they stand in the help: they are made for that. */
const asItStands = (text: string): string => `.PP\n.nf\n${roff(text)}\n.fi`;

function section({ path, operands, description, options, below, after }: DefinedCommand): string {
  const usage = [`lethe ${path}`, ...(below.length === 0 ? [] : ['COMMAND']), operands];
  return [
    `.SS ${roff(usage.filter((one) => one !== '').join(' '))}`,
    roff(`${description}.`),
    ...options.map(item),
    ...(after === '' ? [] : [asItStands(after)]),
  ].join('\n');
}

/**
 * @param commands the program first
 * @returns roff with the macros of man(7), for `man -l -`
 */
export function manPage(commands: readonly DefinedCommand[], version: string): string {
  const [program, ...others] = commands;
  if (program === undefined) throw new TypeError('there is no program');
  return `.TH LETHE 1 "" "lethe ${version}"
.SH NAME
lethe \\- ${roff(`${program.description.charAt(0).toLowerCase()}${program.description.slice(1, -1)}`)}
.SH SYNOPSIS
.B lethe
[\\fIoptions\\fR] \\fIcommand\\fR [\\fIoptions\\fR]
.SH DESCRIPTION
${asItStands(program.after)}
.SH OPTIONS
These can be given with every command.
${program.options.map(item).join('\n')}
.SH COMMANDS
${others
  .filter(({ below }) => below.length === 0)
  .map(section)
  .join('\n')}
`;
}
