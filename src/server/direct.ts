/** Finds the requests over HTTP that this SDK would accept, so that they can be answered in front of it. @module */
import { classifyInboundRequest, CLIENT_CAPABILITIES_META_KEY, isJsonContentType } from '@modelcontextprotocol/server';
import { acceptsEitherResponse, mayBeDirect, type AcceptedRequest } from '../mcp/handlers/direct.js';
import type { TaskService } from '../mcp/service.js';
import { versionNamed } from '../protocol/registry.js';
import type { StateCodec } from '../protocol/request.js';
import type { ToolSchema } from '../tool/schema.js';

/** The options with which an author changes how the SDK answers. */
export interface SdkOptions {
  readonly legacy?: unknown;
  readonly responseMode?: unknown;
}

/** A POST request. */
export interface Posted {
  readonly headers: Headers;
  /** Parsed, but not checked. */
  readonly body: unknown;
}

/** Returns the request if the SDK would pass it to a handler; `undefined` if the SDK has to answer it. */
export function acceptedRequest(
  service: TaskService,
  { headers, body }: Posted,
  { options, codec }: { readonly options: SdkOptions; readonly codec: StateCodec },
): AcceptedRequest | undefined {
  if (!mayBeDirect(service, body) || !isJsonContentType(headers.get('content-type'))) return undefined;
  const stated = headers.get('mcp-protocol-version');
  const version = stated === null ? undefined : versionNamed(service.versions, stated);
  if (!version) return undefined;
  const route = classifyInboundRequest({
    httpMethod: 'POST',
    protocolVersionHeader: version.name,
    ...optional('mcpMethodHeader', headers.get('mcp-method')),
    ...optional('mcpNameHeader', headers.get('mcp-name')),
    body,
  });
  if (route.kind === 'reject') return undefined;
  const { id, method, params = {} } = body as Pick<AcceptedRequest, 'id' | 'method'> & Partial<AcceptedRequest>;
  const requestState = { given: undefined, codec };
  if (version.stated === 'in-initialize') {
    if (route.kind !== 'legacy' || options.legacy === 'reject' || !acceptsEitherResponse(headers)) return undefined;
    return { version, id, method, params, context: { capabilities: {}, requestState } };
  }
  if (route.kind !== 'modern' || route.classification.revision !== version.name || options.responseMode === 'sse')
    return undefined;
  const name = method === 'tools/call' ? params['name'] : params['taskId'];
  if (headers.get('mcp-method') !== method || headers.get('mcp-name') !== name) return undefined;
  const tool = method === 'tools/call' ? service.tools.get(String(name)) : undefined;
  if (tool && hasHeaders(tool.inputSchema)) return undefined;
  const meta = params['_meta'] as Readonly<Record<string, unknown>>;
  const capabilities = meta[CLIENT_CAPABILITIES_META_KEY] as AcceptedRequest['context']['capabilities'];
  return { version, id, method, params, context: { capabilities, requestState } };
}

function optional<Name extends string>(name: Name, value: string | null): { readonly [name in Name]?: string } {
  return value === null ? {} : ({ [name]: value } as { readonly [name in Name]: string });
}

const withHeaders = new WeakMap<ToolSchema, boolean>();

/** Returns whether some of the tool's arguments are repeated in headers (`x-mcp-header`), which the SDK compares. */
function hasHeaders(schema: ToolSchema): boolean {
  const known = withHeaders.get(schema);
  if (known !== undefined) return known;
  const json = schema['~standard'].jsonSchema.input({ target: 'draft-2020-12' });
  const found = JSON.stringify(json).includes('"x-mcp-header"');
  withHeaders.set(schema, found);
  return found;
}
