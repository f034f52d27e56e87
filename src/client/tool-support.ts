/** Which tools of a 2025-11-25 server a client may call as a task. @module */
import type { Client } from '@modelcontextprotocol/client';

const known = new WeakMap<Client, Promise<ReadonlyMap<string, string | undefined>>>();

/** A client must not ask for a task where the server or the tool does not say that it takes one. */
export async function takesTask(client: Client, tool: string): Promise<boolean> {
  if (!client.getServerCapabilities()?.tasks?.requests?.tools?.call) return false;
  let support = known.get(client);
  if (!support || !(await support).has(tool)) {
    support = list(client);
    known.set(client, support);
    support.catch(() => known.delete(client));
  }
  const taskSupport = (await support).get(tool);
  return taskSupport === 'optional' || taskSupport === 'required';
}

async function list(client: Client): Promise<ReadonlyMap<string, string | undefined>> {
  const { tools } = await client.listTools();
  return new Map(tools.map((tool) => [tool.name, tool.execution?.taskSupport]));
}
