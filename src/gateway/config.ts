/** The schema of a gateway file. It validates the file and drives completion in editors. @module */
import { z } from 'zod';
import type { Duration } from '../task/duration.js';
import { JSON_POINTER } from '../task/json-pointer.js';
import { addressProblem, headerProblem, pathProblem } from '../temporal/connection/settings.js';
import { msToNumber } from '../temporal/seam.js';

const text = z.string().min(1);
const duration = z
  .union([
    z.number().nonnegative(),
    z.string().refine(isDuration, 'write a duration such as "30 seconds", "5m" or "24h"'),
  ])
  .transform((value) => value as Duration)
  .meta({ description: 'milliseconds, or text such as "30 seconds", "5m" or "24h"' });
const pointer = z.string().regex(JSON_POINTER, 'write a JSON pointer, such as /rows/0, or "" for the whole');
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
    pathProblem(value) &&
    'the path of a schema is expected here: to write the schema itself, leave out the quotes, or the |',
);
const header = setting(headerProblem);

const connection = z
  .strictObject({
    address: setting(addressProblem)
      .optional()
      .describe("Host and port of Temporal's frontend. Default: TEMPORAL_ADDRESS, or the profile's"),
    namespace: header.optional().describe("Default: TEMPORAL_NAMESPACE, the profile's, or default"),
    profile: text
      .optional()
      .describe('The profile of the configuration file (temporal.toml). Default: TEMPORAL_PROFILE, or default'),
    configFile: file.optional().describe("A temporal.toml. Default: TEMPORAL_CONFIG_FILE, or Temporal's usual place"),
    apiKey: header
      .optional()
      .describe('For Temporal Cloud; write ${NAME} to take it from the environment. Default: TEMPORAL_API_KEY'),
    tls: z
      .union([
        z.boolean(),
        z.strictObject({
          serverName: header.optional().describe("The name in the server's certificate, where it is not the address's"),
          ca: file.optional().describe('PEM file of the authority that signed the certificate of the server'),
          cert: file.optional().describe('PEM file of the client certificate, for mutual TLS'),
          key: file.optional().describe('PEM file of its private key'),
        }),
      ])
      .optional()
      .describe('true, or the certificates. Default: TEMPORAL_TLS and its kin; with an API key true'),
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
          .refine(
            (url) => !/^[^/]*\/\/[^/]*@/.test(url),
            'a URL that has a password in it is refused by HTTP clients: write `auth` instead',
          )
          .describe('Its URL, without /encode and /decode; {namespace} in it is the namespace'),
        auth: header
          .optional()
          .describe('The Authorization header that it wants; write ${NAME} to take it from the environment'),
      })
      .optional()
      .describe('A codec server that encodes and decodes payloads'),
    dataConverter: file
      .optional()
      .describe(
        "A JavaScript module that exports the workers' data converter, as default: { payloadCodecs } and the like",
      ),
  })
  .describe(
    'How to get to Temporal. What is not said here comes from the environment and temporal.toml, as for all Temporal tools',
  );

const retry = z
  .strictObject({
    maximumAttempts: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('How often it is run in all. Default: without end'),
    initialInterval: duration.optional().describe('The pause before the second run. Default: 1 second'),
    backoffCoefficient: z
      .number()
      .min(1)
      .optional()
      .describe('By how much each pause is longer than the one before. Default: 2'),
    maximumInterval: duration.optional().describe('The longest pause. Default: 100 times the first'),
  })
  .describe(
    'The retry policy of the workflow itself, which starts all over. Most workflows retry their activities instead. Default: none',
  );

const status = z
  .strictObject({
    query: text.describe("A query of the workflow's own, without arguments"),
    message: pointer
      .optional()
      .describe('Where in its answer the message is. Default: the answer if it is a string, or its field message'),
    progress: pointer
      .optional()
      .describe(
        'Where the progress is: a number, or an object { progress, total, message }. Default: the answer if it is such an object',
      ),
    total: pointer.optional().describe('Where the number is that the progress reaches in the end'),
  })
  .describe(
    'What the workflow says about itself. Without it the status shows what Temporal knows: activities, attempts, failures, heartbeats, child workflows',
  );

const input = z
  .strictObject({
    query: text.optional().describe('The query that tells whether the question is open. Default: that of status'),
    when: pointer.describe(
      'Where in its answer the question is: it is open while there is a value other than null, false and "". A new question needs a new value',
    ),
    message: text.describe('What the person is asked; {field} is that field of the value at `when`'),
    schema: jsonSchema.describe('JSON Schema of the answer: an object of primitive properties'),
    update: text.optional().describe('The update that takes the answer'),
    signal: text.optional().describe('The signal that takes the answer, where there is no update'),
    args: z
      .array(text)
      .optional()
      .describe(
        "Which fields of the answer are the update's or signal's arguments. Default: the answer is the one argument",
      ),
    declined: text
      .optional()
      .describe(
        'The update or signal, as above, that tells that the question was declined; it gets no arguments. Default: the task is cancelled',
      ),
  })
  .refine(
    ({ update, signal }) => (update === undefined) !== (signal === undefined),
    'say how the workflow takes the answer: either `update: name` or `signal: name`',
  );

const tool = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/, 'use 1 to 128 letters, digits, "_", "-" or "."')
    .describe("The tool's name"),
  title: text.optional().describe('A name for people'),
  description: text.optional().describe('What the tool does, for the model'),
  workflow: text.describe("The workflow's type"),
  taskQueue: text.optional().describe('The task queue of its workers. Default: taskQueue at the top of the file'),
  namespace: text.optional().describe("The namespace of its workers. Default: the connection's"),
  input: z
    .union([schemaFile, jsonSchema])
    .optional()
    .describe('JSON Schema of the arguments, here or in a file beside this one (JSON or YAML). Default: no arguments'),
  args: z
    .array(text)
    .optional()
    .describe("Which fields are the workflow's arguments, in order. Default: all of them as one object"),
  output: z
    .union([
      schemaFile,
      z.strictObject({
        schema: z
          .union([schemaFile, jsonSchema])
          .optional()
          .describe('JSON Schema of the result, here or in a file. A result that does not fit is a tool error'),
        part: pointer.optional().describe("A JSON pointer: which part of the workflow's result is the tool's"),
      }),
    ])
    .optional()
    .describe('The result. Default: what the workflow returns, unchecked'),
  timeouts: z
    .strictObject({
      execution: duration.optional().describe('How long the workflow may take in all'),
      run: duration.optional().describe('How long one of its runs may take'),
    })
    .optional()
    .describe("Temporal's timeouts. Default: none"),
  retry: retry.optional(),
  ttl: duration
    .nullable()
    .optional()
    .describe(
      'How long a finished task stays readable, from its creation; null: as long as Temporal keeps it. Default: ttl at the top of the file',
    ),
  idempotencyKey: z
    .union([text, z.array(text).min(1)])
    .optional()
    .describe(
      'What makes two calls the same work: a text such as "{table}-{date}", or the names of the fields. Of callers with a token, or over stdio. Default: every call is a task of its own',
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
    .describe("MCP's hints for the host"),
  taskSupport: z
    .enum(['optional', 'required', 'forbidden'])
    .optional()
    .describe('Whether a call may become a task. Default: optional'),
  confirm: z
    .union([z.boolean(), text])
    .optional()
    .describe(
      'Asks a person before anything starts: true, or the question, in which {field} is an argument. Default: false',
    ),
  fallback: z
    .enum(['await', 'handle'])
    .optional()
    .describe('What clients that do not speak tasks get for a long call. Default: fallback at the top of the file'),
  status: status.optional(),
  inputs: z.record(text, input).optional().describe("The workflow's own questions to a person, by name"),
  stackTraces: z.boolean().optional().describe('Whether failures show their stack traces. Default: false'),
});

export const GatewayConfig = z
  .strictObject({
    temporal: connection.optional(),
    namespaces: z
      .record(text, connection.omit({ namespace: true }))
      .optional()
      .describe(
        'How to get to the namespaces that tools name, where it differs from `temporal`; with a profile or configFile, address, apiKey and tls come from there, and not from the environment',
      ),
    taskQueue: text.optional().describe('The task queue of tools that name none'),
    ttl: duration
      .nullable()
      .optional()
      .describe(
        'How long finished tasks stay readable, from their creation; null: as long as Temporal keeps them. Default: 24 hours',
      ),
    longestTtl: duration.optional().describe('The most that a call may ask for. Default: 30 days'),
    pollInterval: duration.optional().describe('How often clients are asked to poll. Default: 1 second'),
    fallback: z
      .enum(['await', 'handle'])
      .optional()
      .describe(
        'What clients that do not speak tasks get for a call that takes longer than handleAfter: they wait (await), or get a handle and tools to go on with (handle). Default: what serve is told by --fallback',
      ),
    handleAfter: duration.optional().describe('How long such a call waits. Default: 45 seconds'),
    tools: z.array(tool).min(1).describe('Workflows as tools'),
  })
  .meta({ title: 'mcp-tasks-temporal', description: 'Existing Temporal workflows as MCP tools' });

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

function isDuration(value: string): boolean {
  try {
    return msToNumber(value) >= 0;
  } catch {
    return false;
  }
}
