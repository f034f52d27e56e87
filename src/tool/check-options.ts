/** Checks the options of a tool at run time, because JavaScript authors get no type errors. @module */
import { durationProblem } from '../task/duration.js';
import { INPUT_KINDS } from '../task/input.js';
import { similarTo } from '../task/similar.js';
import type { FunctionToolOptions, LargeResult, ToolHints, WorkflowToolOptions } from './options.js';
import type { ToolRetry, ToolTimeouts } from './policy.js';
import type { ToolSchema } from './schema.js';

/** Returns what is wrong with the value of the option called `name`. Each text says what to write instead. */
type Check = (value: unknown, name: string) => readonly string[];

type Option = keyof FunctionToolOptions<ToolSchema, ToolSchema> | keyof WorkflowToolOptions<ToolSchema, ToolSchema>;

// https://modelcontextprotocol.io/specification/2025-11-25/server/tools#tool-names
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;

const text = typed('string');
const bool = typed('boolean');
const func = typed('function');

const RETRY: Readonly<Record<keyof ToolRetry, Check>> = {
  maximumAttempts: typed('number'),
  initialInterval: duration,
  backoffCoefficient: typed('number'),
  maximumInterval: duration,
};

const TIMEOUTS: Readonly<Record<keyof ToolTimeouts, Check>> = {
  startToClose: duration,
  heartbeat: duration,
  execution: duration,
  run: duration,
};

const LARGE_RESULT: Readonly<Record<keyof LargeResult, Check>> = {
  above: count,
  preview: count,
};

const HINTS: Readonly<Record<keyof ToolHints, Check>> = {
  title: text,
  readOnlyHint: bool,
  destructiveHint: bool,
  idempotentHint: bool,
  openWorldHint: bool,
};

const OPTIONS: Readonly<Record<Option, Check>> = {
  name: toolName,
  title: text,
  description: text,
  inputSchema: argumentsSchema,
  outputSchema: schema,
  largeResult: fields(LARGE_RESULT),
  annotations: fields(HINTS),
  taskSupport: oneOf(['optional', 'required', 'forbidden']),
  fallback: oneOf(['await', 'handle']),
  beforeStart: func,
  immediateResponse: text,
  ttl: (value, name) => (value === null ? [] : duration(value, name)),
  onTtl: oneOf(['keep', 'cancel']),
  taskQueue: text,
  timeouts: fields(TIMEOUTS),
  idempotencyKey: func,
  run: func,
  retry: fields(RETRY),
  expected: oneOf(['seconds']),
  workflow: workflowType,
  asks: inputKinds,
};

/** Returns everything that is wrong with the options given to `defineTool`. */
export function optionProblems(options: unknown): readonly string[] {
  if (!isObject(options)) return [`defineTool takes an object of options, not ${kindOf(options)}`];
  const { name } = options;
  const at = typeof name === 'string' ? `tool "${name}": ` : 'a tool: ';
  const problems = [...missing(options), ...fieldProblems(OPTIONS, options, ''), ...contradictions(options)];
  return problems.map((problem) => `${at}${problem}`);
}

type Given = Readonly<Record<string, unknown>>;

function missing({ name, inputSchema }: Given): string[] {
  return [
    ...(name === undefined ? ['`name` is missing'] : []),
    ...(inputSchema === undefined
      ? ['`inputSchema` is missing; for a tool without arguments, write `z.object({})`']
      : []),
  ];
}

function contradictions({
  run,
  workflow,
  asks,
  retry,
  expected,
  taskSupport,
  fallback,
  largeResult,
  outputSchema,
}: Given): string[] {
  const problems: string[] = [];
  if (largeResult !== undefined && outputSchema !== undefined)
    problems.push(
      '`largeResult` and `outputSchema` exclude each other: a linked result has no structured content. Remove one of them',
    );
  if ((run === undefined) === (workflow === undefined))
    problems.push('set either `run` (a function) or `workflow`, not both');
  else if (run !== undefined && asks !== undefined)
    problems.push(
      '`asks` is for workflows: only a workflow can ask while it runs. To ask before `run` starts, use `beforeStart`',
    );
  else if (workflow !== undefined && retry !== undefined)
    problems.push('`retry` is for `run`: a workflow sets the retry policy of its own activities');
  if (workflow !== undefined && expected !== undefined)
    problems.push('`expected` is for `run`: in a workflow, use local activities for short steps');
  if (taskSupport === 'forbidden' && fallback === 'handle')
    problems.push("fallback 'handle' turns a long call into a task, which taskSupport 'forbidden' does not allow");
  if (taskSupport === 'forbidden' && workflow !== undefined && Array.isArray(asks) && asks.length > 0)
    problems.push("only a task can ask for input: remove `asks`, or change taskSupport 'forbidden'");
  return problems;
}

function toolName(value: unknown, name: string): readonly string[] {
  const problems = text(value, name);
  if (problems.length > 0 || TOOL_NAME.test(value as string)) return problems;
  return ['this is not a tool name: use 1 to 128 letters, digits, "_", "-" or "."'];
}

function workflowType(value: unknown, name: string): readonly string[] {
  if (typeof value === 'function')
    return value.name ? [] : ['the `workflow` function has no name: export a named function'];
  return typeof value === 'string' && value !== ''
    ? []
    : [`\`${name}\` must be a workflow function or the name of its type, not ${kindOf(value)}`];
}

function duration(value: unknown, name: string): readonly string[] {
  const problem = durationProblem(value);
  return problem === undefined ? [] : [`\`${name}\` ${problem}`];
}

function count(value: unknown, name: string): readonly string[] {
  return Number.isSafeInteger(value) && (value as number) > 0
    ? []
    : [`\`${name}\` must be a whole number of characters greater than 0`];
}

function inputKinds(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) return [`\`${name}\` must be an array such as ['elicitation.form'], not ${kindOf(value)}`];
  return value.flatMap((kind) => oneOf(INPUT_KINDS)(kind, name));
}

function schema(value: unknown, name: string): readonly string[] {
  const standard = isSchemaLike(value) ? value['~standard'] : undefined;
  if (isObject(standard))
    return isObject(standard['jsonSchema'])
      ? []
      : [`\`${name}\` cannot be converted to JSON Schema: use zod 4.2 or later, or a Standard Schema that can`];
  if (isObject(value) && Object.values(value).every(isSchemaLike))
    return [`\`${name}\` is a plain object of schemas: wrap it in z.object(...)`];
  return [`\`${name}\` must be a schema such as z.object({ ... }), not ${kindOf(value)}`];
}

/** Checks here what would otherwise fail in `tools/list`, for all tools of the server at once. */
function argumentsSchema(value: unknown, name: string): readonly string[] {
  const problems = schema(value, name);
  if (problems.length > 0) return problems;
  try {
    const { type = 'object' } = (value as ToolSchema)['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
    return type === 'object' ? [] : [`\`${name}\` must describe an object, such as z.object({ ... })`];
  } catch (error) {
    return [
      `\`${name}\` cannot be converted to JSON Schema: ${error instanceof Error ? error.message : String(error)}`,
    ];
  }
}

function isSchemaLike(value: unknown): value is Given {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value;
}

function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value, name) =>
    isObject(value)
      ? fieldProblems(checks, value, `${name}.`)
      : [`\`${name}\` must be an object, not ${kindOf(value)}`];
}

/** @param before what to put in front of the fields' names */
function fieldProblems(checks: Readonly<Record<string, Check>>, given: Given, before: string): string[] {
  return Object.entries(given).flatMap(([key, value]) => {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check) return value === undefined ? [] : check(value, `${before}${key}`);
    const known = Object.keys(checks);
    const meant = similarTo(key, known);
    return [
      `unknown option \`${before}${key}\`${meant === undefined ? `; the options are ${known.join(', ')}` : `: did you mean \`${before}${meant}\`?`}`,
    ];
  });
}

function typed(type: 'string' | 'number' | 'boolean' | 'function'): Check {
  return anyOf(type === 'boolean' ? 'true or false' : `a ${type}`, [type]);
}

function anyOf(what: string, types: readonly string[]): Check {
  return (value, name) => (types.includes(typeof value) ? [] : [`\`${name}\` must be ${what}, not ${kindOf(value)}`]);
}

function oneOf(values: readonly string[]): Check {
  return (value, name) =>
    values.includes(value as string)
      ? []
      : [
          `\`${name}\` must be ${alternatives(values)}, not ${typeof value === 'string' ? `'${value}'` : kindOf(value)}`,
        ];
}

function alternatives(values: readonly string[]): string {
  const quoted = values.map((value) => `'${value}'`);
  return [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ');
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names the type of a value, and never the value, which may be a secret. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
