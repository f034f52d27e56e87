/**
 * Makes an author's v1 `McpServer` serve durable tools. Its other tools, resources and prompts stay unchanged.
 * @module
 */
import { ResourceTemplate, type McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { UriTemplate } from '@modelcontextprotocol/sdk/shared/uriTemplate.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { InitializeResult, ReadResourceResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { invalidParams } from '../protocol/errors.js';
import { taskMethods } from '../mcp/handlers/methods.js';
import { taskResources } from '../mcp/handlers/resources.js';
import { pickVersion, versionNamed } from '../protocol/registry.js';
import type { Owner, RpcResult } from '../protocol/request.js';
import type { ProtocolVersion } from '../protocol/version.js';
import type { TaskService } from '../mcp/service.js';
import { McpTasksError } from '../task/errors.js';
import { Link, type Clients, type RunRequest } from './link.js';
import { handlerOf, handles, onConnect, replaceHandler } from './seam.js';
import { serveTools } from './tools.js';

/**
 * Attaches the durable tools to a server. Cheap and stateless, because over HTTP it may run once per request.
 * @param clientsOf returns the clients of a connection, once the server is connected
 * @throws McpTasksError `CONFIGURATION` if the server is already connected or already serves tasks
 */
export function attachTasks(mcp: McpServer, service: TaskService, clientsOf: (transport: Transport) => Clients): void {
  if (mcp.isConnected())
    throw new McpTasksError('CONFIGURATION', 'attach durable tools before the server is connected');
  if (handles(mcp, 'tasks/get'))
    throw new McpTasksError(
      'CONFIGURATION',
      'the server already serves tasks: attach durable tools only once, and to a server without a `taskStore`',
    );
  const version = pickVersion(service.versions, 'in-initialize');
  let link: Link | undefined;
  onConnect(mcp, (transport) => {
    link = new Link(transport, service, clientsOf(transport));
  });
  const serve: RunRequest = async (extra, handle) => {
    if (!link) throw new McpTasksError('CONFIGURATION', 'connect the server with its own `connect` method');
    return await link.serve(extra, handle);
  };
  declareTasks(mcp, service, version, serve);
  serveMethods(mcp, service, version, serve);
  serveResources(mcp, service, serve);
  // Without durable tools there are no calls to intercept, and the SDK may have no tool handlers to replace.
  if (service.tools.size > 0) serveTools(mcp, service, version, serve);
}

/** A template of which each variable of the range may be left out. */
class RangeTemplate extends UriTemplate {
  constructor(
    template: string,
    private readonly matches: (uri: string) => Record<string, string> | null,
  ) {
    super(template);
  }

  override match(uri: string): Record<string, string> | null {
    return this.matches(uri);
  }
}

/** Serves large results, and the files of command tools, as resources. */
function serveResources(mcp: McpServer, service: TaskService, serve: RunRequest): void {
  for (const { name, uriTemplate, match, read, ...metadata } of taskResources(service))
    mcp.registerResource(
      name,
      new ResourceTemplate(new RangeTemplate(uriTemplate, match), { list: undefined }),
      metadata,
      async (uri, variables, extra) =>
        (await serve(extra, async (ctx) => await read(uri.href, variables as never, ctx))) as ReadResourceResult,
    );
}

/** Declares tasks to clients of the protocol version that has them. Whether `list` is included depends on the owner. */
function declareTasks(mcp: McpServer, service: TaskService, version: ProtocolVersion, serve: RunRequest): void {
  // The SDK only lets a server register handlers for capabilities that it declares.
  mcp.server.registerCapabilities(tasksCapability(version, { mayList: false }));
  const initialize = handlerOf(mcp, 'initialize');
  replaceHandler(
    mcp,
    'initialize',
    async (request, extra) =>
      await serve(extra, async ({ owner }): Promise<RpcResult> => {
        const result = (await initialize(request, extra)) as InitializeResult;
        const { tasks: _, ...capabilities } = result.capabilities;
        const agreed = versionNamed(service.versions, result.protocolVersion);
        return { ...result, capabilities: { ...capabilities, ...tasksCapability(agreed, owner) } };
      }),
  );
}

/** Returns the `tasks` capability, the only one of the version's that clients of this SDK look at. */
function tasksCapability(version: ProtocolVersion | undefined, owner: Pick<Owner, 'mayList'>) {
  const tasks = version?.capabilities(owner).tasks;
  return tasks ? { tasks } : {};
}

function serveMethods(mcp: McpServer, service: TaskService, version: ProtocolVersion, serve: RunRequest): void {
  for (const [method, { params, handle }] of Object.entries(taskMethods(service, version))) {
    mcp.server.setRequestHandler(
      z.looseObject({ method: z.literal(method), params: z.unknown().optional() }),
      async (request, extra) => {
        const parsed = params.safeParse(request.params ?? {});
        if (!parsed.success) throw invalidParams(`Invalid ${method} request: ${z.prettifyError(parsed.error)}`);
        return await serve(extra, async (ctx) => await handle(parsed.data, ctx));
      },
    );
  }
}
