// Checks the commands of shell snippets without running them: whether they exist, and take these options.
import { execFileSync } from 'node:child_process';

/** Commands of the system that need no check. */
const PLAIN = new Set(['cd', 'export', 'openssl', 'touch']);

/**
 * Splits a script into its commands, each a list of words. Comments, and variables set for one command, are left out.
 * @param {string} script
 * @returns {string[][]}
 */
export function commandsOf(script) {
  return script
    .replaceAll('\\\n', ' ')
    .replace(/\$\([^)]*\)/g, 'value')
    .split(/\n|&&/)
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .map((line) => (line.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? []).filter(isNoAssignment))
    .filter((words) => words.length > 0);
}

/** Whether the word is not `NAME=value` before a command. */
function isNoAssignment(word, index, words) {
  return !words.slice(0, index + 1).every((each) => /^[A-Z_]+=/.test(each));
}

export class Shell {
  #help = new Map();

  /**
   * @param {{ cli: string, temporal: string, manifest: object }} options the paths of the packed package's bin and of the
   * Temporal CLI, and the package's package.json
   */
  constructor({ cli, temporal, manifest }) {
    Object.assign(this, { cli, temporal, manifest });
  }

  /**
   * @param {string[]} words a command
   * @param {readonly string[]} files the names of the page's files
   * @throws Error saying what does not exist
   */
  check(words, files) {
    const [program, ...rest] = words;
    if (PLAIN.has(program)) return;
    if (program === 'npm') this.#npm(rest);
    else if (program === 'npx') this.#npx(rest, files);
    else if (program === 'temporal') this.#temporal(rest);
    else if (program === this.manifest.name) this.ours(rest);
    else throw new Error(`cannot check "${program}"; if it is right, mark the snippet: <!-- snippet: skip: reason -->`);
  }

  /**
   * Checks a command of this package.
   * @param {string[]} words the words after the package's name
   */
  ours([command = '', ...rest]) {
    if (command.startsWith('-')) return this.#options(this.helpOf(), [command, ...rest]);
    if (!this.commands.includes(command)) throw new Error(`unknown command "${command}"`);
    const help = this.helpOf(command);
    const positional = this.#options(help, rest);
    const most = [...help.split('\n')[0].matchAll(/[[<](?!options)\w+[\]>]/g)].length;
    if (positional.length > most) throw new Error(`"${command}" does not take "${positional[most]}"`);
  }

  /** @returns {string[]} */
  get commands() {
    return [...this.helpOf().matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
  }

  /** Whether any command has the option. */
  hasOption(name) {
    return ['', ...this.commands].some((command) => optionOf(this.helpOf(command), name) !== undefined);
  }

  helpOf(command = '') {
    const words = command === '' ? ['--help'] : [command, '--help'];
    if (!this.#help.has(command))
      this.#help.set(command, execFileSync(process.execPath, [this.cli, ...words], { encoding: 'utf8' }));
    return this.#help.get(command);
  }

  /** Checks the options. @returns the other words */
  #options(help, words) {
    const positional = [];
    for (let i = 0; i < words.length; i++) {
      if (!words[i].startsWith('-')) {
        positional.push(words[i]);
        continue;
      }
      const [name, given] = words[i].split('=');
      const option = optionOf(help, name);
      if (option === undefined) throw new Error(`unknown option ${name}`);
      if (!option.takesValue) continue;
      const value = given ?? words[++i];
      if (value === undefined) throw new Error(`${name} needs a value`);
      if (option.choices && !option.choices.includes(value)) throw new Error(`${name} does not take "${value}"`);
    }
    return positional;
  }

  #npm([command, ...rest]) {
    const { scripts, name, peerDependencies, devDependencies, dependencies } = this.manifest;
    if (command === 'run' || command === 'start' || command === 'test') {
      const script = command === 'run' ? rest[0] : command;
      if (scripts[script] === undefined) throw new Error(`package.json has no script "${script}"`);
    } else if (command === 'install') {
      // `tsx` is the one package that only readers need.
      const known = new Set([
        name,
        'tsx',
        ...Object.keys({ ...peerDependencies, ...devDependencies, ...dependencies }),
      ]);
      const unknown = rest.find((word) => !word.startsWith('-') && !known.has(word));
      if (unknown) throw new Error(`package.json does not list ${unknown}, so no test uses it`);
    } else if (command !== 'pkg') throw new Error(`cannot check "npm ${command}"`);
  }

  #npx([name, ...rest], files) {
    if (name === this.manifest.name) return this.ours(rest);
    if (name === '@modelcontextprotocol/inspector') return;
    if (name !== 'tsx') throw new Error(`cannot check "npx ${name}"`);
    if (!files.includes(rest[0])) throw new Error(`the page has no file ${rest[0]}`);
  }

  /** Checks a command of the Temporal CLI by its help. */
  #temporal(words) {
    const path = words.slice(
      0,
      words.findIndex((word) => word.startsWith('-')),
    );
    const help = execFileSync(this.temporal, [...path, '--help'], { encoding: 'utf8' });
    if (!help.includes(`temporal ${path.join(' ')}`)) throw new Error(`unknown command temporal ${path.join(' ')}`);
    const unknown = words.find((word) => word.startsWith('--') && !help.includes(` ${word} `));
    if (unknown) throw new Error(`temporal ${path.join(' ')} has no option ${unknown}`);
  }
}

/** Reads an option from a command's help. */
function optionOf(help, name) {
  const start = help.search(new RegExp(`^ {2}(-\\w, )?${name}(?![\\w-])`, 'm'));
  if (start < 0) return undefined;
  const [entry] = help.slice(start).split(/\n(?= {2}-)/);
  const choices = /\(choices: ([^;)]*?)(?:, default|, env|\))/.exec(entry.replace(/\s+/g, ' '))?.[1];
  return {
    takesValue:
      entry
        .split('  ')
        .find((part) => part.includes(name))
        ?.includes('<') ?? false,
    ...(choices ? { choices: [...choices.matchAll(/"([^"]+)"/g)].map(([, choice]) => choice) } : {}),
  };
}
