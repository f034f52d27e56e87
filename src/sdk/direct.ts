/** Finds the requests over HTTP that this SDK would accept, so that they can be answered in front of it. @module */
import { isJsonContentType } from '@modelcontextprotocol/sdk/shared/mediaType.js';
import { isJSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { acceptsEitherResponse, mayBeDirect, type AcceptedRequest } from '../mcp/handlers/direct.js';
import type { TaskService } from '../mcp/service.js';
import { versionNamed } from '../protocol/registry.js';

/**
 * Returns the request if the SDK would pass it to a handler; `undefined` if the SDK has to answer it.
 * @param body parsed, but not checked
 */
export function acceptedRequest(
  service: TaskService,
  { headers, body }: { readonly headers: Headers; readonly body: unknown },
): AcceptedRequest | undefined {
  if (!mayBeDirect(service, body) || !isJsonContentType(headers.get('content-type'))) return undefined;
  const version = versionNamed(service.versions, headers.get('mcp-protocol-version') ?? '');
  if (version?.stated !== 'in-initialize' || !acceptsEitherResponse(headers) || !isJSONRPCRequest(body))
    return undefined;
  const { id, method, params = {} } = body;
  return { version, id, method, params, context: { capabilities: {} } };
}
