/** The tools that `tools/list` returns. @module */
import type { DurableTool } from '../../tool/define-tool.js';
import type { ToolHints } from '../../tool/options.js';
import type { ToolSchema } from '../../tool/schema.js';
import type { JsonSchema } from '../../wire/output-schema.js';
import { companions } from './companions.js';
import { declaresTasks } from '../request/capabilities.js';
import { outputJsonSchema } from '../tools/listed-output.js';
import type { Owner } from '../request/owner.js';
import type { Answer, Era, RequestContext } from '../request/request.js';
import type { TaskService } from '../service.js';

export interface ListedTool {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: ToolSchema;
  readonly outputSchema?: JsonSchema;
  readonly annotations?: ToolHints;
  /** Not set for companions. */
  readonly taskSupport?: DurableTool['taskSupport'];
}

export function listedTools(service: TaskService, era: Era, owner: Owner): readonly ListedTool[] {
  const durable = [...service.tools.values()].map(({ outputSchema, ...tool }) => {
    const output = outputSchema && service.tools.outputs.get(tool.name);
    return { ...tool, ...(output ? { outputSchema: output.listed[era] } : {}) };
  });
  const added = companions(service, era, owner).map(({ outputSchema, ...tool }) => ({
    ...tool,
    ...(outputSchema ? { outputSchema: outputJsonSchema(outputSchema, tool.name, era) } : {}),
  }));
  return [...durable, ...added];
}

/**
 * Adapts the tool list to the request: clients that speak tasks do not get the companions. Because the list depends on
 * the requestor, shared caches must not store it.
 */
export function listFor(service: TaskService, era: Era, ctx: RequestContext, list: Answer): Answer {
  if (era === '2025-11-25' || service.tools.fallback.handles.size === 0) return list;
  const names = new Set(companions(service, era, ctx.owner).map(({ name }) => name));
  const tools = (list['tools'] as readonly { name: string }[]).filter(
    ({ name }) => !declaresTasks(ctx) || !names.has(name),
  );
  return { ...list, tools, cacheScope: 'private' };
}
