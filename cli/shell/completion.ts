/** Completion for shells, made from the definitions of the commands. */
import type { DefinedCommand, DefinedOption } from './definitions.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Single quotes keep everything but themselves. */
const quotedWord = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const namesOf = (options: readonly DefinedOption[]): readonly string[] =>
  options.flatMap(({ names }) => names);

/** @param commands the program first */
export function completionFor(shell: Shell, commands: readonly DefinedCommand[]): string {
  if (shell === 'fish') return fish(commands);
  return shell === 'zsh'
    ? `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`
    : bash(commands);
}

/** A word that is no option moves on to the command of that name, where there is one. */
function bash(commands: readonly DefinedCommand[]): string {
  const [program, ...others] = commands;
  const everywhere = program?.options ?? [];
  const paths = others.map(({ path }) => quotedWord(path)).join('|');
  const words = commands.map(({ path, below, options }) => {
    const offered = [...below, ...namesOf([...options, ...(path === '' ? [] : everywhere)])];
    return `    ${quotedWord(path)}) words=${quotedWord(offered.join(' '))} ;;`;
  });
  const valued = commands.flatMap(({ options }) => options).filter(({ takesValue }) => takesValue);
  const chosen = valued.filter(({ choices }) => choices.length > 0);
  const free = new Set(namesOf(valued.filter(({ choices }) => choices.length === 0)));
  const cases = [
    ...chosen.map(
      ({ names, choices }) =>
        `    ${names.join('|')}) COMPREPLY=($(compgen -W ${quotedWord(choices.join(' '))} -- "$cur")); return ;;`,
    ),
    // Nothing is offered, so that the shell offers files.
    `    ${[...free].join('|')}) COMPREPLY=(); return ;;`,
  ];
  return `_lethe() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' word i words=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "\${path:+$path }$word" in
    ${paths}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$prev" in
${cases.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _lethe lethe
`;
}

/** Each line is for the command whose words have been typed, and for none below it. */
function fish(commands: readonly DefinedCommand[]): string {
  const lines = commands.flatMap(({ path, below, options }) => {
    const when = path === '' ? '__lethe_at' : `__lethe_at ${path}`;
    return [
      ...below.map((name) => {
        const child = commands.find((one) => one.path === `${path} ${name}`.trim());
        const says = quotedWord(child?.description ?? '');
        return `complete -c lethe -f -n ${quotedWord(when)} -a ${name} -d ${says}`;
      }),
      ...options.map(({ names, description, takesValue, choices }) => {
        const forms = names.map((name) =>
          name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
        );
        // Options of the program can be given after every command.
        const where = path === '' ? '' : ` -n ${quotedWord(when)}`;
        const list = choices.length === 0 ? '' : ` -f -a ${quotedWord(choices.join(' '))}`;
        const value = takesValue ? ` -r${list}` : '';
        return `complete -c lethe${where} ${forms.join(' ')}${value} -d ${quotedWord(description)}`;
      }),
    ];
  });
  return `function __lethe_at
  set -l words
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and continue
    contains -- (string join ' ' -- $words $word) ${commands
      .filter(({ path }) => path !== '')
      .map(({ path }) => quotedWord(path))
      .join(' ')}; and set -a words $word
  end
  test "$words" = "$argv"
end
${lines.join('\n')}
`;
}
