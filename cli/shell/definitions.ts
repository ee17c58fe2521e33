/** The commands and options of `lethe`, as commander has them, for what is made from them. */
import type { Command, Option } from 'commander';

export interface DefinedOption {
  /** As they are typed: `-u`, `--user`. */
  readonly names: readonly string[];
  /** As the help writes it: `-u, --user <user>`. */
  readonly flags: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly isRequired: boolean;
  /** Where only some values are allowed. */
  readonly choices: readonly string[];
}

export interface DefinedCommand {
  /** Without the program: `user add`; empty for the program itself. */
  readonly path: string;
  /** Operands as the help writes them: `<user>`, `[pattern]`. */
  readonly operands: string;
  readonly description: string;
  readonly options: readonly DefinedOption[];
  /** Names of the commands below it. */
  readonly below: readonly string[];
  /** What the help says after the options. */
  readonly after: string;
}

/** The program and all that is below it, from the top down. */
export function definitionsOf(command: Command, path = ''): readonly DefinedCommand[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  return [
    {
      path,
      operands: command.registeredArguments
        .map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`))
        .join(' '),
      description: command.description(),
      options: command.options.filter(({ hidden }) => !hidden).map(toOption),
      below: children.map((child) => child.name()),
      after: textAfter(command),
    },
    ...children.flatMap((child) => definitionsOf(child, `${path} ${child.name()}`.trim())),
  ];
}

function toOption(option: Option): DefinedOption {
  const { flags, description, required, optional, mandatory, argChoices, short, long } = option;
  return {
    names: [short, long].filter((name) => name != null),
    flags,
    description,
    takesValue: required || optional,
    isRequired: mandatory,
    choices: argChoices ?? [],
  };
}

/** Commander keeps it behind an event, and writes it wherever the help goes. */
function textAfter(command: Command): string {
  const texts: string[] = [];
  const emitter = command as unknown as NodeJS.EventEmitter;
  emitter.emit('afterHelp', { error: false, command, write: (text: string) => texts.push(text) });
  return texts.join('').trim();
}
