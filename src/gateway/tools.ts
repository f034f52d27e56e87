/** Builds the tools of a gateway file. Pure. @module */
import { asksNothing, type FormRequest } from '../task/form.js';
import { fillIn } from '../task/template.js';
import type { InputMapping, WorkflowMapping } from '../task/workflow-mapping.js';
import type { DurableTool } from '../tool/define-tool.js';
import { fromJsonSchema, type JsonSchema } from '../tool/json-schema.js';
import type { ToolSchema } from '../tool/schema.js';
import type { GatewayConfig, ToolConfig } from './config.js';

/** The schemas of a tool, whether written in the gateway file or in files of their own. */
export interface ToolSchemas {
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
}

export const NO_ARGUMENTS: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };

/** Returns the settings that workflows and programs share. */
export function settingsOf(config: ToolConfig): Partial<DurableTool> {
  const { title, description, namespace, annotations, ttl, onTtl, fallback, taskSupport } = config;
  return defined({
    title,
    description,
    namespace,
    annotations,
    ttl,
    onTtl,
    fallback,
    taskSupport,
    idempotencyKey: keyOf(config),
    beforeStart: confirmationOf(config),
  });
}

/** Builds a tool that starts an existing workflow. */
export function durableTool(
  config: ToolConfig,
  { input, output }: ToolSchemas,
  defaults: Pick<GatewayConfig, 'taskQueue'>,
): DurableTool {
  const { name, workflow = '', timeouts, retry } = config;
  const taskQueue = config.taskQueue ?? defaults.taskQueue;
  const result = output && fromJsonSchema(output);
  // Without an input schema, the workflow gets no arguments.
  const args = config.args ?? (input ? undefined : []);
  return {
    name,
    inputSchema: fromJsonSchema(input ? { type: 'object', ...input } : NO_ARGUMENTS),
    taskSupport: 'optional',
    work: {
      kind: 'workflow',
      workflowType: workflow,
      existing: { ...(args ? { args } : {}), mapping: mappingOf(config, result) },
    },
    ...settingsOf(config),
    ...defined({ timeouts, retry, taskQueue }),
    ...(result ? { outputSchema: result } : {}),
    ...(config.inputs ? { asks: ['elicitation.form'] as const } : {}),
  };
}

function mappingOf(
  { output, status, inputs, stackTraces }: ToolConfig,
  result: ToolSchema | undefined,
): WorkflowMapping {
  const part = typeof output === 'object' ? output.part : undefined;
  const questions =
    inputs && Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, questionOf(input)]));
  return defined({
    part,
    output: result?.['~standard'].jsonSchema.output({ target: 'draft-2020-12' }) ?? null,
    status,
    inputs: questions,
    stackTraces,
  });
}

function questionOf({
  query,
  when,
  message,
  schema,
  update,
  signal,
  args,
  declined,
}: NonNullable<ToolConfig['inputs']>[string]): InputMapping {
  const kind = update === undefined ? 'signal' : 'update';
  return {
    when,
    message,
    schema: { type: 'object', ...schema },
    answer: { kind, name: update ?? signal ?? '', ...(args ? { args } : {}) },
    ...(query === undefined ? {} : { query }),
    ...(declined === undefined ? {} : { declined: { kind, name: declined } }),
  };
}

function keyOf({ idempotencyKey }: ToolConfig): DurableTool['idempotencyKey'] {
  if (idempotencyKey === undefined) return undefined;
  if (typeof idempotencyKey === 'string') return (args: unknown) => fillIn(idempotencyKey, args) || undefined;
  return (args: unknown) =>
    JSON.stringify(idempotencyKey.map((name) => (args as Record<string, unknown>)[name] ?? null));
}

function confirmationOf({ name, title, confirm }: ToolConfig): DurableTool['beforeStart'] {
  if (confirm === undefined || confirm === false) return undefined;
  const question = (args: unknown): string =>
    typeof confirm === 'string' ? fillIn(confirm, args) : `Start ${title ?? name} with ${JSON.stringify(args)}?`;
  return (args: unknown): FormRequest => ({ message: question(args), requestedSchema: asksNothing });
}

/** Drops the keys whose value is `undefined`. */
function defined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
