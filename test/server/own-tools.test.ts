/** An author's own tools, which are not durable, ask a 2025-11-25 client behind `tasks.handler`. */
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, DurableTasks } from '../../src/index.js';
import { DurableTasks as V1DurableTasks } from '../../src/sdk/index.js';
import { Session, type Endpoint, type Message } from '../helpers/session-client.js';
import { startStackOf } from '../helpers/stack.js';

const tools = [
  defineTool({ name: 'durable', inputSchema: z.object({}), run: async () => await Promise.resolve('done') }),
];
const form = {
  message: 'Name?',
  requestedSchema: { type: 'object' as const, properties: { name: { type: 'string' as const } } },
};
const prompt = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Hi' } }], maxTokens: 10 };
const text = (value: unknown) => ({ content: [{ type: 'text' as const, text: JSON.stringify(value) }] });

const v2 = async () => {
  const stack = await startStackOf(DurableTasks, tools);
  const handler = stack.tasks.handler(() => {
    const mcp = new McpServer({ name: 'test', version: '1.0.0' });
    mcp.registerTool('ask', {}, async (ctx) => text(await ctx.mcpReq.elicitInput({ mode: 'form', ...form })));
    mcp.registerTool('hasty', {}, async () => text(await mcp.server.elicitInput(form, { timeout: 50 })));
    mcp.registerTool('sample', {}, async () => text(await mcp.server.createMessage(prompt)));
    return mcp;
  });
  return { stack, handler };
};
const v1 = async () => {
  const stack = await startStackOf(V1DurableTasks, tools);
  const handler = stack.tasks.handler(() => {
    const mcp = new V1McpServer({ name: 'test', version: '1.0.0' });
    mcp.registerTool('ask', {}, async () => text(await mcp.server.elicitInput(form)));
    mcp.registerTool('hasty', {}, async () => text(await mcp.server.elicitInput(form, { timeout: 50 })));
    mcp.registerTool('sample', {}, async () => text(await mcp.server.createMessage(prompt)));
    return mcp;
  });
  return { stack, handler };
};

describe.each([
  ['v2', v2],
  ['v1', v1],
] as const)('%s SDK', (_sdk, serve) => {
  let at: Endpoint;
  let other: Endpoint;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const [here, there] = [await serve(), await serve()];
    [at, other] = [here.handler, there.handler];
    close = async () => {
      await here.stack.close();
      await there.stack.close();
    };
  });
  afterAll(async () => await close());
  const isQuestion = ({ method, id }: Message): boolean => method !== undefined && id !== undefined;
  const answer = (name: string) => ({ result: { action: 'accept', content: { name } } });

  it('a tool asks, and many calls at once each get their own answer', async () => {
    const session = await Session.begin(at);
    const calls = await Promise.all(
      ['Ann', 'Bea', 'Cid'].map(async (name) => ({
        name,
        call: await session.open(at, 'tools/call', { name: 'ask' }),
      })),
    );
    const asked = await Promise.all(calls.map(async ({ call }) => (await call.next(isQuestion)).id));
    expect(new Set(asked).size).toBe(3);
    for (const [index, { name }] of calls.entries())
      expect(await session.reply(at, asked[index], answer(name))).toBe(202);
    for (const { name, call } of calls)
      expect((await call.next(({ id }) => id === call.requestId)).result.content[0].text).toBe(
        JSON.stringify({ action: 'accept', content: { name } }),
      );
  });

  it('a tool asks the model of the client', async () => {
    const session = await Session.begin(at);
    const call = await session.open(at, 'tools/call', { name: 'sample' });
    const { id } = await call.next(({ method }) => method === 'sampling/createMessage');
    await session.reply(at, id, { result: { role: 'assistant', content: { type: 'text', text: 'Ho' }, model: 'm' } });
    expect((await call.next((message) => message.id === call.requestId)).result.content[0].text).toContain('Ho');
  });

  it('a reply at another process or of another session is refused with the reason, and changes nothing', async () => {
    const session = await Session.begin(at);
    const call = await session.open(at, 'tools/call', { name: 'ask' });
    const { id } = await call.next(isQuestion);
    expect(await session.reply(other, id, answer('Dan'))).toBe(409);
    expect(await (await Session.begin(at)).reply(at, id, answer('Eve'))).toBe(409);
    expect(await session.reply(at, id, answer('Fay'))).toBe(202);
    expect((await call.next((message) => message.id === call.requestId)).result.content[0].text).toContain('Fay');
    expect(await session.reply(at, id, answer('Gus'))).toBe(409);
  });

  it('a question that is withdrawn is cancelled under its own ID', async () => {
    const session = await Session.begin(at);
    const call = await session.open(at, 'tools/call', { name: 'hasty' });
    const { id } = await call.next(isQuestion);
    const cancelled = await call.next(({ method }) => method === 'notifications/cancelled');
    expect(cancelled.params.requestId).toBe(id);
    expect((await call.next((message) => message.id === call.requestId)).result.isError).toBe(true);
    expect(await session.reply(at, id, answer('Hal'))).toBe(409);
  });

  it('a client that did not declare it is not asked', async () => {
    const session = await Session.begin(at, {});
    const call = await session.open(at, 'tools/call', { name: 'ask' });
    expect((await call.next(({ id }) => id === call.requestId)).result).toMatchObject({ isError: true });
    expect(call.messages.filter(isQuestion)).toEqual([]);
  });
});
