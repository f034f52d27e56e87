/** The canary for src/client/seam.ts: both SDKs' clients still hear their transport by its `onmessage`. @module */
import { Client as ClientV2, InMemoryTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport as TransportV1 } from '@modelcontextprotocol/sdk/inMemory.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/client/message.js';
import { MOVED_TASK } from '../../src/client/moved-task.js';
import { Tap } from '../../src/client/seam.js';
import { installed } from '../helpers/sdk-version.js';

/** The far end of a transport pair, which answers `initialize` and `tools/call` as a server would. */
interface FarEnd {
  onmessage?: ((message: never) => void) | undefined;
  start(): Promise<void>;
  send(message: never): Promise<void>;
}

function answer(far: FarEnd): void {
  const send = (message: object): void => void far.send(message as never);
  far.onmessage = (message: Message) => {
    const { id, method, params } = message;
    if (method === 'initialize') {
      const protocolVersion = params?.['protocolVersion'];
      const capabilities = { tools: {} };
      send({ jsonrpc: '2.0', id, result: { protocolVersion, capabilities, serverInfo: { name: 's', version: '1' } } });
    }
    if (method === 'tools/call') send({ jsonrpc: '2.0', id, result: { resultType: 'task', taskId: 'a task' } });
  };
}

const clients = {
  [installed('@modelcontextprotocol/client')]: async () => {
    const [near, far] = TransportV2.createLinkedPair();
    answer(far);
    await far.start();
    const client = new ClientV2({ name: 'c', version: '1' });
    await client.connect(near);
    return { client, far: far as FarEnd, call: async () => await client.callTool({ name: 't' }) };
  },
  [installed('@modelcontextprotocol/sdk')]: async () => {
    const [near, far] = TransportV1.createLinkedPair();
    answer(far);
    await far.start();
    const client = new ClientV1({ name: 'c', version: '1' });
    await client.connect(near);
    const request = { method: 'tools/call', params: { name: 't' } } as const;
    return { client, far: far as FarEnd, call: async () => await client.request(request, CallToolResultSchema) };
  },
};

describe.each(Object.entries(clients))('beneath %s', (_, connect) => {
  it('a task handle reaches the caller, in _meta', async () => {
    const { client, call } = await connect();
    Tap.of(client);
    expect((await call())._meta).toMatchObject({ [MOVED_TASK]: { taskId: 'a task' } });
    await client.close();
  });

  it('raw responses and progress can be taken before the client sees them', async () => {
    const { client, far } = await connect();
    const errors: unknown[] = [];
    client.onerror = (error) => errors.push(error);
    const tap = Tap.of(client);
    const response = new Promise<Message>((resolve) => tap.rawResponses.set('ours', resolve));
    const progress = new Promise((resolve) => tap.progressListeners.set('token', resolve));
    await far.send({ jsonrpc: '2.0', id: 'ours', result: { raw: true } } as never);
    const params = { progressToken: 'token', progress: 1 };
    await far.send({ jsonrpc: '2.0', method: 'notifications/progress', params } as never);
    expect(await response).toMatchObject({ result: { raw: true } });
    expect(await progress).toEqual({ progress: 1 });
    expect(errors).toEqual([]);
    await client.close();
  });
});
