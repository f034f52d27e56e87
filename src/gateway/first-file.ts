/** Writes a starter gateway file for a person to edit. Pure. @module */
import { Document, isMap } from 'yaml';
import type { JsonSchema } from '../tool/json-schema.js';

export interface ProposedTool {
  readonly name: string;
  readonly workflow: string;
  readonly taskQueue: string;
  readonly input?: JsonSchema;
  readonly args?: readonly string[];
  /** A YAML comment for the person who edits the file. */
  readonly comment?: string;
}

const HEAD = `# yaml-language-server: $schema=https://unpkg.com/mcp-tasks-temporal/mcp-tasks.schema.json
# Existing Temporal workflows as MCP tools. Serve them with: mcp-tasks-temporal serve FILE
# Check this file with: mcp-tasks-temporal check FILE
# All settings are described in docs/gateway.md of the package mcp-tasks-temporal.

# Where Temporal is: set TEMPORAL_ADDRESS and the other TEMPORAL_ variables, use a temporal.toml, or set it here:
# temporal:
#   address: localhost:7233
#   namespace: default
#   apiKey: \${TEMPORAL_API_KEY}

`;

const EXAMPLE = `tools:
  - name: nightly_load
    description: Loads one day's orders into the warehouse
    workflow: NightlyLoad # the workflow type
    taskQueue: etl # the task queue of the workers that run it
    input: # JSON Schema of the arguments. The workflow gets them as one object; with \`args: [date]\`, one by one
      properties:
        date: { type: string, format: date }
      required: [date]
    # confirm: Load the orders of {date}? # ask a person before starting
    # idempotencyKey: "{date}" # calls with the same date share a task
    # status: { query: progress, message: /step, progress: /done, total: /all } # read the status with a query
`;

/**
 * Returns the text of a starter file.
 * @param tools from {@link proposals}; without them, the file has an example
 */
export function firstFile(tools?: readonly ProposedTool[]): string {
  if (!tools) return HEAD + EXAMPLE;
  const entries = tools.map(({ name, workflow, taskQueue, input, args }) => ({
    name,
    description: `TODO: describe what ${escaped(workflow)} does, for the model`,
    workflow: escaped(workflow),
    taskQueue: escaped(taskQueue),
    ...(input ? { input } : {}),
    ...(args ? { args } : {}),
  }));
  const document = new Document({ tools: entries });
  for (const [index, { comment }] of tools.entries()) {
    const entry = document.getIn(['tools', index]);
    if (comment !== undefined && isMap(entry)) entry.comment = ` ${comment}`;
  }
  return `${HEAD}# Proposed from workflows that ran recently. Remove those that agents should not start, and complete the descriptions
# and inputs of the others.\n${document.toString({ flowCollectionPadding: true, lineWidth: 0 })}`;
}

/** Escapes `${`, which would otherwise begin a variable. */
function escaped(text: string): string {
  return text.replaceAll('${', () => '$${');
}
