/** The tools that `tools/list` returns. @module */
import type { DurableTool } from '../../tool/define-tool.js';
import type { ToolHints } from '../../tool/options.js';
import type { ToolSchema } from '../../tool/schema.js';
import type { JsonSchema } from '../../tool/json-schema.js';
import { companions } from './companions.js';
import { outputJsonSchema } from '../tools/listed-output.js';
import type { Owner, RequestContext, RpcResult } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
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

export function listedTools(service: TaskService, version: ProtocolVersion, owner: Owner): readonly ListedTool[] {
  const durable = [...service.tools.values()].map(({ outputSchema, ...tool }) => {
    const output = outputSchema && service.tools.outputs(version).get(tool.name);
    return { ...tool, ...(output ? { outputSchema: output.listed } : {}) };
  });
  const added = companions(service, version, owner).map(({ outputSchema, ...tool }) => ({
    ...tool,
    ...(outputSchema ? { outputSchema: outputJsonSchema(outputSchema, tool.name, version) } : {}),
  }));
  return [...durable, ...added];
}

/**
 * Adapts the tool list to the request: clients that declare task support do not get the companions, and clients that
 * cannot support tasks do not get tools that run only as tasks.
 */
export function adaptList(
  service: TaskService,
  version: ProtocolVersion,
  ctx: RequestContext,
  list: RpcResult,
): RpcResult {
  const names = new Set(companions(service, version, ctx.owner).map(({ name }) => name));
  return version.listing.adapt(list, names, ctx);
}
