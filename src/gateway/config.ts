/** The schema of a gateway file. It validates the file and drives completion in editors. @module */
import { z } from 'zod';
import { SHARED_LIMITS as SHARED, SINGLE_LIMITS as SINGLE, type SharedRow, type SingleRow } from '../durable-tasks.js';
import { amount } from '../limits/markdown.js';
import { durationProblem, type Duration } from '../task/duration.js';
import { JSON_POINTER } from '../task/json-pointer.js';
import { commandFields } from './command-config.js';
import { addressProblem, headerProblem, pathProblem } from '../temporal/connection/settings.js';

const text = z.string().min(1);
const duration = z
  .string({ error: ({ input }) => (input === null || input === undefined ? undefined : durationProblem(input)) })
  .superRefine((value, context) => {
    const message = durationProblem(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .transform((value) => value as Duration)
  .meta({ description: 'a number and its unit, such as "30 seconds", "5m" or "24h"' });
const pointer = z.string().regex(JSON_POINTER, 'write a JSON pointer, such as /rows/0, or "" for the whole value');
const jsonSchema = z.record(z.string(), z.unknown());
/**
 * Builds the schema of a connection setting. Its value may be a secret, so no message quotes any part of it.
 * Surrounding white space is trimmed.
 */
const setting = (problem: (value: string) => string | undefined) =>
  z
    .string()
    .trim()
    .min(1)
    .superRefine((value, context) => {
      const message = problem(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    });
const file = setting(pathProblem);
const schemaFile = setting(
  (value) =>
    pathProblem(value) && 'expected the path of a schema file: to write the schema itself, remove the quotes or the |',
);
const header = setting(headerProblem);

const connection = z
  .strictObject({
    address: setting(addressProblem)
      .optional()
      .describe('Host and port of the Temporal frontend. Default: TEMPORAL_ADDRESS, or the address in the profile'),
    namespace: header
      .optional()
      .describe(
        'The namespace of tools that do not set their own. Default: TEMPORAL_NAMESPACE, the namespace in the profile, or "default"',
      ),
    profile: text.optional().describe('A profile in temporal.toml. Default: TEMPORAL_PROFILE, or "default"'),
    configFile: file
      .optional()
      .describe("The path of temporal.toml. Default: TEMPORAL_CONFIG_FILE, or Temporal's standard location"),
    apiKey: header
      .optional()
      .describe(
        'The API key, for Temporal Cloud. Write ${NAME} to read it from the environment. Default: TEMPORAL_API_KEY',
      ),
    tls: z
      .union([
        z.boolean(),
        z.strictObject({
          serverName: header
            .optional()
            .describe("The name in the server's certificate, if it differs from the address"),
          ca: file.optional().describe("PEM file of the certificate authority that signed the server's certificate"),
          cert: file.optional().describe('PEM file of the client certificate, for mutual TLS'),
          key: file.optional().describe("PEM file of the client certificate's private key"),
        }),
      ])
      .optional()
      .describe('true, false, or the certificates. Default: the TEMPORAL_TLS variables; true if there is an API key'),
    codec: z
      .strictObject({
        endpoint: z
          .url({
            protocol: /^https?$/,
            error: ({ code }) =>
              code === 'invalid_format'
                ? 'write an http or https URL, such as https://codec.example/{namespace}'
                : undefined,
          })
          .refine((url) => !/^[^/]*\/\/[^/]*@/.test(url), 'a URL must not contain a password: use `auth` instead')
          .describe('The URL of the codec server, without /encode and /decode. {namespace} stands for the namespace'),
        auth: header
          .optional()
          .describe('The Authorization header to send. Write ${NAME} to read it from the environment'),
      })
      .optional()
      .describe('A codec server that encodes and decodes payloads'),
    encryption: z
      .boolean()
      .optional()
      .describe(
        "Whether payloads are encrypted with the keys in MCP_TASKS_ENCRYPTION_KEYS. The workflows' workers must use the same keys. Default: true if that variable is set and there is neither codec nor dataConverter",
      ),
    dataConverter: file
      .optional()
      .describe("A JavaScript module whose default export is the workers' data converter, such as { payloadCodecs }"),
  })
  .describe(
    'How to connect to Temporal. Settings missing here come from the environment or temporal.toml, as in other Temporal tools',
  );

const retry = z
  .strictObject({
    maximumAttempts: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('The maximum number of attempts. Default: no limit'),
    initialInterval: duration.optional().describe('The pause before the second attempt. Default: 1 second'),
    backoffCoefficient: z.number().min(1).optional().describe('The factor by which each pause grows. Default: 2'),
    maximumInterval: duration.optional().describe('The longest pause. Default: 100 times the first one'),
  })
  .describe(
    'The retry policy of the workflow itself: each attempt starts from the beginning. Most workflows retry their activities instead. Default: no retries; for a tool with command, 5 attempts',
  );

const status = z
  .strictObject({
    query: text.describe('A query that the workflow handles. It gets no arguments'),
    message: pointer
      .optional()
      .describe(
        'Where the message is in the answer to the query. Default: the answer itself if it is a string, or its field message',
      ),
    progress: pointer
      .optional()
      .describe(
        'Where the progress is in the answer: a number, or an object { progress, total, message }. Default: the answer itself if it is such an object',
      ),
    total: pointer
      .optional()
      .describe('Where the total is in the answer: the value that progress has when the work is done'),
  })
  .describe(
    'How to read the status from the workflow itself. Without this, the status shows what Temporal knows: activities, attempts, failures, heartbeats and child workflows',
  );

const input = z
  .strictObject({
    query: text
      .optional()
      .describe('The query whose answer shows whether the question is open. Default: the query of status'),
    when: pointer.describe(
      'Where the question is in the answer to the query. It is open while the value there is not null, false or "". A different value is a new question, and so is the same value after an answer',
    ),
    message: text.describe('What to ask the person. {field} stands for that field of the value at `when`'),
    schema: jsonSchema.describe('JSON Schema of the answer: an object whose properties are not objects'),
    update: text.optional().describe('The update that delivers the answer'),
    signal: text.optional().describe('The signal that delivers the answer, if the workflow has no update for it'),
    args: z
      .array(text)
      .optional()
      .describe(
        'The fields of the answer to pass as arguments of the update or signal, in order. Default: the whole answer as one argument',
      ),
    declined: text
      .optional()
      .describe(
        'The update or signal to send, without arguments, if the person declines. It is an update if the answer is an update, otherwise a signal. Default: declining cancels the task',
      ),
  })
  .refine(
    ({ update, signal }) => (update === undefined) !== (signal === undefined),
    'set how the workflow gets the answer: either `update: name` or `signal: name`',
  );

const tool = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/, 'use 1 to 128 letters, digits, "_", "-" or "."')
    .describe("The tool's name"),
  title: text.optional().describe('A display name'),
  description: text.optional().describe('What the tool does, for the model'),
  workflow: text.optional().describe('The workflow type. A tool has either this or command'),
  ...commandFields(duration),
  taskQueue: text
    .optional()
    .describe(
      'The task queue of the workers that run it. Default: taskQueue at the top of the file; for a tool with command, mcp-tasks-commands',
    ),
  namespace: text.optional().describe('The namespace of those workers. Default: the namespace of the connection'),
  input: z
    .union([schemaFile, jsonSchema])
    .optional()
    .describe('JSON Schema of the arguments, or the path of a JSON or YAML file with it. Default: no arguments'),
  args: z
    .array(text)
    .optional()
    .describe('The fields to pass as arguments of the workflow, in order. Default: all fields as one object'),
  output: z
    .union([
      schemaFile,
      z.strictObject({
        schema: z
          .union([schemaFile, jsonSchema])
          .optional()
          .describe(
            'JSON Schema of the result, or the path of a file with it. A result that does not match is a tool error',
          ),
        part: pointer
          .optional()
          .describe("The part of the workflow's result to return, as a JSON pointer. Default: the whole result"),
      }),
    ])
    .optional()
    .describe('The result. Default: what the workflow returns, without a check'),
  timeouts: z
    .strictObject({
      execution: duration.optional().describe('How long the workflow may take in total, including retries'),
      run: duration.optional().describe('How long a single run may take'),
      startToClose: duration
        .optional()
        .describe('With command: how long one attempt of the program may take. Default: 24 hours'),
      heartbeat: duration
        .optional()
        .describe('With command: how long a worker may be silent before its attempt counts as lost. Default: 1 minute'),
    })
    .optional()
    .describe("Temporal's workflow timeouts. Default: none"),
  retry: retry.optional(),
  ttl: duration
    .nullable()
    .optional()
    .describe(
      'How long the task stays readable, counted from its creation; null means as long as Temporal keeps it. Default: ttl at the top of the file',
    ),
  onTtl: z
    .enum(['keep', 'cancel'])
    .optional()
    .describe(
      'What to do with a task that is still running when its ttl passes: keep lets it finish, cancel cancels it. Default: onTtl at the top of the file',
    ),
  idempotencyKey: z
    .union([text, z.array(text).min(1)])
    .optional()
    .describe(
      'Calls with the same key share a task: a text such as "{table}-{date}", or the names of the fields. Takes effect only for callers with a token, or over stdio. Default: every call is a new task',
    ),
  annotations: z
    .strictObject({
      title: text.optional(),
      readOnlyHint: z.boolean().optional(),
      destructiveHint: z.boolean().optional(),
      idempotentHint: z.boolean().optional(),
      openWorldHint: z.boolean().optional(),
    })
    .optional()
    .describe('MCP tool annotations: hints for the host'),
  taskSupport: z
    .enum(['optional', 'required', 'forbidden'])
    .optional()
    .describe('Whether a call may become a task. Default: optional'),
  confirm: z
    .union([z.boolean(), text])
    .optional()
    .describe(
      'Whether to ask a person before starting: true, or the question to ask, in which {field} stands for an argument. Default: false',
    ),
  fallback: z
    .enum(['await', 'handle'])
    .optional()
    .describe('What a client without task support gets for a long call. Default: fallback at the top of the file'),
  status: status.optional(),
  inputs: z.record(text, input).optional().describe('Questions that the workflow asks a person, by name'),
  stackTraces: z.boolean().optional().describe('Whether failures include their stack traces. Default: false'),
});

const allowed = z.union([z.int().positive(), z.literal(false)]);
const shares = (name: keyof typeof SHARED) => {
  const { counted, unit, perOwner, perProcess }: SharedRow = SHARED[name];
  return z
    .union([
      z.strictObject({
        perOwner: allowed
          .optional()
          .describe(`Default: ${amount(perOwner, unit)}, but at most a quarter of perProcess`),
        perProcess: allowed.optional().describe(`Default: ${amount(perProcess, unit)}`),
      }),
      z.literal(false),
    ])
    .optional()
    .describe(`The maximum number of ${counted}, for each caller and for all callers of this process`);
};
const single = (name: keyof typeof SINGLE) => {
  const { counted, unit, each }: SingleRow = SINGLE[name];
  return allowed.optional().describe(`The maximum number of ${counted}. Default: ${amount(each, unit)}`);
};

const limits = z
  .strictObject({
    runningTasks: shares('runningTasks'),
    startsPerMinute: shares('startsPerMinute'),
    readsPerSecond: shares('readsPerSecond'),
    streams: shares('streams'),
    subscriptions: shares('subscriptions'),
    waitingRequests: shares('waitingRequests'),
    unansweredBytes: shares('unansweredBytes'),
    unreadBytes: shares('unreadBytes'),
    sessionBytes: shares('sessionBytes'),
    readsPerPoll: single('readsPerPoll'),
    tasksPerSubscription: single('tasksPerSubscription'),
    unreadBytesPerStream: single('unreadBytesPerStream'),
    requestBytes: single('requestBytes'),
    requestValues: single('requestValues'),
  } satisfies Record<keyof typeof SHARED | keyof typeof SINGLE, z.ZodType>)
  .describe('How much callers may use; false removes a limit. See limits.md');

/** The schema of the configuration. */
export const GatewayConfig = z
  .strictObject({
    temporal: connection.optional(),
    namespaces: z
      .record(text, connection.omit({ namespace: true }))
      .optional()
      .describe(
        'How to connect to the namespaces of tools, if different from `temporal`. With profile or configFile, address, apiKey and tls come from that profile, not from `temporal` or the environment',
      ),
    taskQueue: text.optional().describe('The task queue of tools that do not set their own'),
    ttl: duration
      .nullable()
      .optional()
      .describe(
        'How long tasks stay readable, counted from their creation; null means as long as Temporal keeps them. Default: 24 hours',
      ),
    longestTtl: duration.optional().describe('The longest ttl that a call may request. Default: 30 days'),
    onTtl: z
      .enum(['keep', 'cancel'])
      .optional()
      .describe(
        'What to do with a task that is still running when its ttl passes: keep lets it finish, cancel cancels it. Default: keep',
      ),
    resultRetention: duration
      .optional()
      .describe('How long a finished task stays readable, even after its ttl has passed. Default: 1 hour'),
    deleteExpired: z
      .boolean()
      .optional()
      .describe(
        'Whether to delete the closed workflows of expired tasks from Temporal, every hour, before its retention does. Only workflows that tools started with this setting are deleted. Default: false',
      ),
    pollInterval: duration.optional().describe('How often clients should poll. Default: 1 second'),
    fallback: z
      .enum(['await', 'handle'])
      .optional()
      .describe(
        'What a client without task support gets for a call that takes longer than handleAfter. With await, the call waits for the result. With handle, it returns a handle and the server adds tools to follow up. Default: the --fallback option of serve',
      ),
    handleAfter: duration
      .optional()
      .describe(
        'How long such a call waits before it returns a handle, and the longest wait of task_wait. Default: 45 seconds',
      ),
    limits: limits.optional(),
    tools: z.array(tool).min(1).describe('The tools, each of which starts a workflow or runs a program'),
  })
  .meta({ title: 'mcp-tasks-temporal', description: 'Existing Temporal workflows, and programs, as MCP tools' });

/** The configuration, checked. */
export type GatewayConfig = z.infer<typeof GatewayConfig>;
/** The configuration as written in the file. */
export type GatewayConfigInput = z.input<typeof GatewayConfig>;
export type ToolConfig = GatewayConfig['tools'][number];
export type ConnectionConfig = z.infer<typeof connection>;

/** Returns the JSON Schema of a gateway file, as published in the package. */
export function gatewayJsonSchema(): Record<string, unknown> {
  return {
    $id: 'https://unpkg.com/mcp-tasks-temporal/mcp-tasks.schema.json',
    ...z.toJSONSchema(GatewayConfig, { io: 'input' }),
  };
}
