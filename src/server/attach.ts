/** Makes an author's `McpServer` serve durable tools. Its other tools, resources and prompts stay unchanged. @module */
import {
  ResourceTemplate,
  UriTemplate,
  type InitializeResult,
  type McpServer,
  type RegisteredTool,
  type StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import { dispatchCall } from '../mcp/handlers/dispatch.js';
import { nameTaken } from '../mcp/tools/fallback.js';
import { listedTools, adaptList } from '../mcp/handlers/listing.js';
import { taskMethods } from '../mcp/handlers/methods.js';
import { taskResources } from '../mcp/handlers/resources.js';
import { TASKS_EXTENSION } from '../protocol/extension.js';
import { versionNamed } from '../protocol/registry.js';
import type { ProtocolVersion } from '../protocol/version.js';
import type { TaskService } from '../mcp/service.js';
import { capabilitiesFor } from '../task/input.js';
import type { JsonSchema } from '../tool/json-schema.js';
import { requestContext, type ConnectedPeer } from './context.js';
import { stateCodec } from './request-state.js';
import { declareCapabilities, intercept, onConnect } from './seam.js';

/** Attaches the durable tools to a server. Cheap and stateless, because over HTTP it runs once per request. */
export function attachTasks(mcp: McpServer, service: TaskService, version: ProtocolVersion, peer: ConnectedPeer): void {
  const codec = stateCodec(service.keys);
  mcp.server.registerCapabilities(version.capabilities(peer.owner));
  intercept(mcp, 'initialize', async (request, ctx, sdk) => {
    const result = (await sdk(request, ctx)) as InitializeResult;
    return versionNamed(service.versions, result.protocolVersion) ? result : withoutTasks(result);
  });
  for (const [method, { params, handle }] of Object.entries(taskMethods(service, version))) {
    mcp.server.setRequestHandler(
      method,
      { params },
      async (parsed, ctx) => await handle(parsed, requestContext(mcp, peer, ctx, codec)),
    );
  }
  askOverHttp(mcp, service, version, peer);
  for (const { name, uriTemplate, match, read, ...metadata } of taskResources(service))
    mcp.registerResource(
      name,
      new ResourceTemplate(new RangeTemplate(uriTemplate, match), { list: undefined }),
      metadata,
      async (uri, variables, ctx) =>
        (await read(uri.href, variables as never, requestContext(mcp, peer, ctx, codec))) as never,
    );
  // Without durable tools there are no calls to intercept, and the SDK may have no tool handlers to replace.
  if (service.tools.size === 0) return;
  let registered = registerTools(mcp, service, version, peer);
  // Over stdio a server lives as long as its connection, so re-register the tools when they change. The SDK then
  // notifies the client.
  if (peer.connection) {
    const renew = (): void => {
      for (const tool of registered) tool.remove();
      registered = registerTools(mcp, service, version, peer);
    };
    afterClose(mcp, service.tools.changed(renew));
  }
  intercept(mcp, 'tools/list', async (request, sdkContext, sdk) =>
    adaptList(service, version, requestContext(mcp, peer, sdkContext, codec), await sdk(request, sdkContext)),
  );
  intercept(
    mcp,
    'tools/call',
    async (request, sdkContext, sdk) =>
      await dispatchCall(service, version, {
        params: request.params,
        run: async (handle) => await handle(requestContext(mcp, peer, sdkContext, codec)),
        hasTool: (name) => mcp.toolInputSchemaJson(name) !== undefined,
        passOn: async () => await sdk(request, sdkContext),
      }),
  );
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

/** Returns the answer to `initialize` without task support, for a client of a version before tasks. */
function withoutTasks(result: InitializeResult): InitializeResult {
  const { tasks: _, extensions: { [TASKS_EXTENSION]: __, ...extensions } = {}, ...capabilities } = result.capabilities;
  const others = Object.keys(extensions).length === 0 ? {} : { extensions };
  return { ...result, capabilities: { ...capabilities, ...others } };
}

/** Lets the author's own tools ask a client with a session. Over stdio, the SDK does this itself. */
function askOverHttp(
  mcp: McpServer,
  service: TaskService,
  { stated }: ProtocolVersion,
  { session, connection }: ConnectedPeer,
): void {
  if (stated !== 'in-initialize' || !session || connection) return;
  declareCapabilities(mcp, capabilitiesFor(session.answers));
  onConnect(mcp, (transport) => service.clientRequests.serve(transport, session.id));
}

/**
 * Registers the tools so that the SDK lists them. Calls never reach the registered callbacks.
 * @throws McpTasksError `CONFIGURATION` if the server already has a tool with the name of a companion
 */
function registerTools(
  mcp: McpServer,
  service: TaskService,
  version: ProtocolVersion,
  { owner }: ConnectedPeer,
): RegisteredTool[] {
  return listedTools(service, version, owner).map(
    ({ name, title, description, inputSchema, outputSchema, annotations, taskSupport }) => {
      if (!service.tools.has(name) && mcp.toolInputSchemaJson(name)) throw nameTaken(name);
      const registered = mcp.registerTool(
        name,
        {
          inputSchema,
          ...(title === undefined ? {} : { title }),
          ...(description === undefined ? {} : { description }),
          ...(outputSchema === undefined ? {} : { outputSchema: asStandardSchema(outputSchema) }),
          ...(annotations === undefined ? {} : { annotations }),
        },
        () => {
          throw new Error(`the call to ${name} bypassed the tasks adapter`);
        },
      );
      if (taskSupport) registered.execution = { taskSupport };
      return registered;
    },
  );
}

function afterClose({ server }: McpServer, then: () => void): void {
  const { onclose } = server;
  server.onclose = () => {
    then();
    onclose?.();
  };
}

/**
 * Wraps a JSON Schema in the type that the SDK requires. The SDK never sees these tools' results, so it never
 * validates.
 */
function asStandardSchema(schema: JsonSchema): StandardSchemaWithJSON {
  const json = (): JsonSchema => schema;
  return {
    '~standard': {
      version: 1,
      vendor: 'mcp-tasks-temporal',
      validate: (value) => ({ value }),
      jsonSchema: { input: json, output: json },
    },
  };
}
