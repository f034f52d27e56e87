/** What attaching durable tools adds to a v1 server, and what it leaves unchanged. */
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { defineTool, type ToolSchema } from '../../src/index.js';
import { DurableTasks } from '../../src/sdk/index.js';
import { v1Server } from '../helpers/adapters.js';
import { silent, startStackOf, type Stack } from '../helpers/stack.js';

/** A schema made without a library: only what the interface requires. */
const handMade: ToolSchema<unknown, { n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'hand',
    validate: (value) =>
      typeof (value as { n?: unknown }).n === 'number'
        ? { value: value as { n: number } }
        : { issues: [{ message: 'no number', path: ['n'] }] },
    jsonSchema: {
      input: () => ({ type: 'object', properties: { n: { type: 'number' } } }),
      output: () => ({ type: 'object' }),
    },
  },
};
const run = async (): Promise<never> => await Promise.reject(new Error('never called'));
const tools = [
  defineTool({
    name: 'described',
    title: 'Described',
    description: 'Says so',
    annotations: { readOnlyHint: true },
    taskSupport: 'required',
    inputSchema: z.object({ a: z.number(), b: z.number().default(1) }),
    outputSchema: z.object({ sum: z.number() }),
    run,
  }),
  defineTool({ name: 'hand-made', inputSchema: handMade, run }),
  defineTool({
    name: 'either',
    inputSchema: z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]),
    outputSchema: z.union([z.object({ c: z.string() }), z.object({ d: z.string() })]),
    run,
  }),
  defineTool({ name: 'texts', inputSchema: z.object({}), outputSchema: z.string(), run }),
];

let stack: Stack<DurableTasks>;
beforeAll(async () => {
  stack = await startStackOf(DurableTasks, tools, { owner: (authInfo) => authInfo?.clientId ?? 'nobody' });
});
afterAll(async () => await stack.close());

/* eslint-disable typescript/no-explicit-any -- raw protocol results, to assert on */
/** Connects to the server in memory, sends a request and returns the result or error. */
async function ask(mcp: McpServer, method: string, params: object = {}): Promise<any> {
  const [near, far] = InMemoryTransport.createLinkedPair();
  await mcp.connect(far);
  const answer = new Promise<JSONRPCMessage>((resolve) => (near.onmessage = resolve));
  await near.start();
  await near.send({ jsonrpc: '2.0', id: 1, method, params: { ...params } });
  const { result, error } = (await answer) as { result?: unknown; error?: unknown };
  await mcp.close();
  return result ?? error;
}

function attached(mcp = v1Server()): McpServer {
  stack.tasks.attach(mcp);
  return mcp;
}

const initialize = (protocolVersion: string) => ({
  protocolVersion,
  capabilities: {},
  clientInfo: { name: 't', version: '1' },
});

describe('a server with durable tools', () => {
  it('lists them with their schemas, next to the author’s own tools', async () => {
    const { tools: listed } = await ask(attached(), 'tools/list');
    const own = (await ask(v1Server(), 'tools/list')).tools;
    expect(listed).toEqual([...own, ...listed.slice(own.length)]);
    expect(listed.slice(own.length)).toMatchObject([
      {
        name: 'described',
        title: 'Described',
        description: 'Says so',
        annotations: { readOnlyHint: true },
        execution: { taskSupport: 'required' },
        inputSchema: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          properties: { a: { type: 'number' }, b: { type: 'number' } },
          required: ['a'],
        },
        outputSchema: { type: 'object', properties: { sum: { type: 'number' } } },
      },
      {
        name: 'hand-made',
        inputSchema: { type: 'object', properties: { n: { type: 'number' } } },
        execution: { taskSupport: 'optional' },
      },
      {
        name: 'either',
        inputSchema: { type: 'object', anyOf: [{}, {}] },
        outputSchema: { type: 'object', anyOf: [{}, {}] },
      },
      // Structured content must be an object in this version, so any other value goes under `result`.
      {
        name: 'texts',
        outputSchema: { type: 'object', properties: { result: { type: 'string' } }, required: ['result'] },
      },
    ]);
  });

  it('accepts more of the author’s own tools afterwards', async () => {
    const mcp = attached(new McpServer({ name: 'late', version: '1' }));
    mcp.registerTool('late', { inputSchema: { x: z.string() } }, ({ x }) => ({ content: [{ type: 'text', text: x }] }));
    expect(await ask(mcp, 'tools/call', { name: 'late', arguments: { x: 'yes' } })).toEqual({
      content: [{ type: 'text', text: 'yes' }],
    });
    expect((await ask(mcp, 'tools/list')).tools).toHaveLength(tools.length + 1);
  });

  it('declares tasks only to clients whose protocol version has them', async () => {
    const plain = await ask(v1Server(), 'initialize', initialize('2025-11-25'));
    const declared = { list: {}, cancel: {}, requests: { tools: { call: {} } } };
    expect(await ask(attached(), 'initialize', initialize('2025-11-25'))).toEqual({
      ...plain,
      capabilities: { ...plain.capabilities, tasks: declared },
    });
    for (const version of ['2025-06-18', '2025-03-26', '2024-11-05']) {
      expect(await ask(attached(), 'initialize', initialize(version))).toEqual(
        await ask(v1Server(), 'initialize', initialize(version)),
      );
    }
  });

  it('answers a malformed request with -32602', async () => {
    expect(await ask(attached(), 'tasks/get', {})).toMatchObject({
      code: -32602,
      message: expect.stringContaining('taskId'),
    });
    expect(await ask(attached(), 'tools/call', { name: 'described', arguments: 7, task: {} })).toMatchObject({
      code: -32602,
    });
  });

  it('serves the author’s prompts', async () => {
    const mcp = v1Server();
    mcp.registerPrompt('hello', {}, () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }] }));
    expect(await ask(attached(mcp), 'prompts/get', { name: 'hello' })).toEqual({
      messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }],
    });
  });

  it('can be connected again after a disconnect', async () => {
    const mcp = attached();
    for (const _ of [1, 2]) expect(await ask(mcp, 'tasks/list')).toMatchObject({ tasks: [] });
  });
});

describe('setup is refused', () => {
  it('for a connected server', async () => {
    const mcp = v1Server();
    await mcp.connect(InMemoryTransport.createLinkedPair()[0]);
    expect(() => stack.tasks.attach(mcp)).toThrow(/before the server is connected/);
  });

  it('the second time, and on a server with the SDK’s own tasks', () => {
    const mcp = attached();
    expect(() => stack.tasks.attach(mcp)).toThrow(/already serves tasks/);
    const withStore = new McpServer(
      { name: 't', version: '1' },
      { capabilities: { tasks: {} }, taskStore: new InMemoryTaskStore() },
    );
    expect(() => stack.tasks.attach(withStore)).toThrow(/without a `taskStore`/);
  });

  it('for a tool name that the server already uses', () => {
    const mcp = v1Server();
    mcp.registerTool('described', {}, () => ({ content: [] }));
    expect(() => stack.tasks.attach(mcp)).toThrow('Tool described is already registered');
  });

  it('beyond stdio on an external cluster without a key', async () => {
    const tasks = await DurableTasks.connect({
      tools,
      temporal: { address: inject('temporalAddress') },
      logger: silent,
    });
    expect(() => tasks.handler(v1Server)).toThrow(/MCP_TASKS_KEY/);
    const mcp = v1Server();
    tasks.attach(mcp);
    await expect(mcp.connect(InMemoryTransport.createLinkedPair()[0])).rejects.toThrow(/MCP_TASKS_KEY/);
    await tasks.close();
  });
});
