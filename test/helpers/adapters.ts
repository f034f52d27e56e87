/** Adapters for both SDKs, for tests that must pass on either: an author's server with durable tools. @module */
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { TasksConnection } from '../../src/durable-tasks.js';
import type { DurableTasksOptions, DurableTool } from '../../src/index.js';
import { DurableTasks as V1DurableTasks, type FetchHandler, type HandlerOptions } from '../../src/sdk/index.js';
import { startStack, startStackOf, type Stack } from './stack.js';

export interface Adapted {
  readonly stack: Stack<TasksConnection>;
  readonly handler: FetchHandler;
}

type Adapter = (
  tools: DurableTool[],
  options?: Partial<DurableTasksOptions>,
  serving?: HandlerOptions,
) => Promise<Adapted>;

const v2: Adapter = async (tools, options, serving) => {
  const stack = await startStack(tools, options);
  const handler = stack.tasks.handler(() => {
    const mcp = new McpServer({ name: 'test', version: '1.0.0' });
    mcp.registerTool('plain', { inputSchema: z.object({ x: z.number() }) }, ({ x }) => plain(x));
    mcp.registerResource('note', 'note://1', {}, note);
    return mcp;
  }, serving);
  return { stack, handler };
};

const v1: Adapter = async (tools, options, serving) => {
  const stack = await startStackOf(V1DurableTasks, tools, options);
  return { stack, handler: stack.tasks.handler(v1Server, serving) };
};

/** Creates a v1 server as its author would write it, without tasks. */
export function v1Server(): V1McpServer {
  const mcp = new V1McpServer({ name: 'test', version: '1.0.0' });
  mcp.registerTool('plain', { inputSchema: { x: z.number() } }, ({ x }) => plain(x));
  mcp.registerResource('note', 'note://1', {}, note);
  return mcp;
}

function plain(x: number): { content: { type: 'text'; text: string }[] } {
  return { content: [{ type: 'text', text: `plain ${x}` }] };
}

function note(): { contents: { uri: string; text: string }[] } {
  return { contents: [{ uri: 'note://1', text: 'a note' }] };
}

export const adapters = [
  ['v2', v2],
  ['v1', v1],
] as const;
