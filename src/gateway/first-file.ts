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
# Existing Temporal workflows as MCP tools: mcp-tasks-temporal serve FILE
# All that can be said here: docs/gateway.md of mcp-tasks-temporal. \`mcp-tasks-temporal check FILE\` checks it.

# Which Temporal: as for all Temporal tools, TEMPORAL_ADDRESS and the like, or temporal.toml. Or here:
# temporal:
#   address: localhost:7233
#   namespace: default
#   apiKey: \${TEMPORAL_API_KEY}

`;

const EXAMPLE = `tools:
  - name: nightly_load
    description: Loads one day's orders into the warehouse
    workflow: NightlyLoad # the workflow's type
    taskQueue: etl # of the workers that run it
    input: # JSON Schema of the arguments, which the workflow gets as one object; \`args: [date]\` passes them one by one
      properties:
        date: { type: string, format: date }
      required: [date]
    # confirm: Load the orders of {date}? # asks a person first
    # idempotencyKey: "{date}" # calls for the same day are one task
    # status: { query: progress, message: /step, progress: /done, total: /all } # a query of the workflow's own
`;

/**
 * Returns the text of a starter file.
 * @param tools from {@link proposals}; without them, the file has an example
 */
export function firstFile(tools?: readonly ProposedTool[]): string {
  if (!tools) return HEAD + EXAMPLE;
  const entries = tools.map(({ name, workflow, taskQueue, input, args }) => ({
    name,
    description: `TODO: say what ${asItStands(workflow)} does, for the model`,
    workflow: asItStands(workflow),
    taskQueue: asItStands(taskQueue),
    ...(input ? { input } : {}),
    ...(args ? { args } : {}),
  }));
  const document = new Document({ tools: entries });
  for (const [index, { comment }] of tools.entries()) {
    const entry = document.getIn(['tools', index]);
    if (comment !== undefined && isMap(entry)) entry.comment = ` ${comment}`;
  }
  return `${HEAD}# Proposed from workflows that ran lately: remove what is not for agents, and say what the rest does and takes.\n${document.toString({ flowCollectionPadding: true, lineWidth: 0 })}`;
}

/** Escapes `${`, which would otherwise begin a variable. */
function asItStands(text: string): string {
  return text.replaceAll('${', () => '$${');
}
