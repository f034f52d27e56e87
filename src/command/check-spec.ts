/** Finds what is wrong with a command tool before it runs. Pure. @module */
import { isAbsolute, normalize } from 'node:path';
import { groupNames, patternProblem } from '../json-schema/pattern.js';
import { durationProblem, milliseconds } from '../task/duration.js';
import { similarTo } from '../task/similar.js';
import { namesIn } from './arguments.js';
import { ambiguousCodes } from './exit.js';
import { placeholdersIn } from './placeholders.js';
import { PROGRESS_GROUPS } from './progress.js';
import type { CommandProgress, CommandSpec, ProgressFields } from './spec.js';

/** A mistake, and where it is in the specification. */
export interface SpecProblem {
  readonly path: readonly string[];
  readonly message: string;
}

const LINES = ['command', 'resume', 'cleanup', 'plan'] as const;
/** The longest time that a program may take to stop, in milliseconds. */
const LONGEST_GRACE = 600_000;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Returns everything that is wrong.
 * @param known the tool's arguments; `undefined` if its schema allows others too
 */
export function specProblems(spec: CommandSpec, known: readonly string[] | undefined): SpecProblem[] {
  return [
    ...LINES.flatMap((name) => lineProblems(spec, name, known)),
    ...unknown(placeholdersIn(spec.key ?? ''), known && [...known, 'cwd']).map((message) => ({
      path: ['key'],
      message,
    })),
    ...unknown(placeholdersIn(spec.question ?? ''), known).map((message) => ({ path: ['question'], message })),
    ...progressProblems(spec.progress, known).map(({ path, message }) => ({ path: ['progress', ...path], message })),
    ...exitProblems(spec),
    ...pathProblems(spec),
    ...environmentProblems(spec),
    ...durationProblems(spec),
    ...(spec.resumeIf !== undefined && spec.resume === undefined
      ? [{ path: ['resumeIf'], message: '`resumeIf` needs `resume`: the command line to resume with' }]
      : []),
    ...(spec.question !== undefined && spec.plan === undefined
      ? [{ path: ['question'], message: '`question` needs `plan`: the command line whose output it shows' }]
      : []),
  ];
}

function lineProblems(
  spec: CommandSpec,
  name: (typeof LINES)[number],
  known: readonly string[] | undefined,
): SpecProblem[] {
  const line = spec[name];
  if (line === undefined) return [];
  const [program, ...entries] = line as readonly unknown[];
  const problems: string[] = [];
  if (typeof program !== 'string' || program === '') problems.push(`\`${name}\` must begin with the name of a program`);
  else if (placeholdersIn(program).length > 0)
    problems.push(`\`${name}\` must begin with the name of a program: an argument cannot choose it`);
  if (entries.length > 0) problems.push(...unknown(namesIn(line), known));
  return problems.map((message) => ({ path: [name], message }));
}

function unknown(names: readonly string[], known: readonly string[] | undefined): string[] {
  if (!known) return [];
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const meant = similarTo(name, known);
      const help =
        meant === undefined ? `its arguments are: ${known.join(', ') || 'none'}.` : `did you mean {${meant}}?`;
      return `{${name}} is not an argument of this tool; ${help} For a literal {${name}}, write {{${name}}}`;
    });
}

function progressProblems(progress: CommandProgress | undefined, known: readonly string[] | undefined): SpecProblem[] {
  if (!progress) return [];
  const { json, regex, keyValue } = progress;
  const given = [json, regex, keyValue].filter((way) => way !== undefined);
  if (given.length !== 1) return [{ path: [], message: 'set one of `json`, `regex` and `keyValue`' }];
  if (regex !== undefined) return regexProblems(regex).map((message) => ({ path: ['regex'], message }));
  const name = json ? 'json' : 'keyValue';
  const fields: ProgressFields = json ?? keyValue ?? {};
  const { current, percent, message, total } = fields;
  if ([current, percent, message].every((place) => place === undefined))
    return [{ path: [name], message: 'set `current`, `percent` or `message`: where a line has it' }];
  const named = typeof total === 'string' ? unknown(placeholdersIn(total), known) : [];
  return named.map((text) => ({ path: [name, 'total'], message: text }));
}

function regexProblems(regex: string): string[] {
  const problem = patternProblem(regex);
  if (problem !== undefined) return [problem];
  const names = groupNames(regex);
  const strange = names.filter((name) => !(PROGRESS_GROUPS as readonly string[]).includes(name));
  if (names.length > 0 && strange.length === 0) return [];
  return [`name the groups that have the values: ${PROGRESS_GROUPS.map((name) => `(?<${name}>…)`).join(', ')}`];
}

function exitProblems({ exit, resume }: CommandSpec): SpecProblem[] {
  if (!exit) return [];
  const ambiguous = ambiguousCodes(exit);
  return [
    ...(ambiguous.length > 0
      ? [{ path: ['exit'], message: `exit code ${ambiguous.join(' and ')} has two meanings: list it once` }]
      : []),
    ...(exit.partial && exit.partial.length > 0 && !resume
      ? [{ path: ['exit', 'partial'], message: '`partial` needs `resume`: the command line that does the rest' }]
      : []),
  ];
}

/** Outputs are read and returned, so they must not be anywhere on the machine. */
function pathProblems({ outputs = [], result, resumeIf }: CommandSpec): SpecProblem[] {
  const paths = [
    ...outputs.map((path, index) => [['outputs', String(index)], path] as const),
    ...(result === undefined ? [] : [[['result'], result] as const]),
    ...(resumeIf === undefined ? [] : [[['resumeIf'], resumeIf] as const]),
  ];
  return paths
    .filter(([, path]) => path === '' || isAbsolute(path) || normalize(path).split(/[\\/]/)[0] === '..')
    .map(([path]) => ({ path, message: 'must be a path within the working directory' }));
}

function environmentProblems({ env = {} }: CommandSpec): SpecProblem[] {
  return Object.keys(env)
    .filter((name) => !VARIABLE.test(name))
    .map((name) => ({ path: ['env', name], message: 'is not the name of an environment variable' }));
}

function durationProblems({ stop, log }: CommandSpec): SpecProblem[] {
  const grace = stop?.grace;
  const problems = [
    [['stop', 'grace'], grace],
    [['log', 'keep'], log?.keep],
  ] as const;
  const wrong = problems.flatMap(([path, value]): SpecProblem[] => {
    const problem = value === undefined ? undefined : durationProblem(value);
    return problem === undefined ? [] : [{ path, message: `\`${path.join('.')}\` ${problem}` }];
  });
  if (wrong.length > 0 || grace === undefined || milliseconds(grace, 'stop.grace') <= LONGEST_GRACE) return wrong;
  return [{ path: ['stop', 'grace'], message: '`stop.grace` must be at most 10 minutes' }];
}
