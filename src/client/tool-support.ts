/** Finds out which tools of a 2025-11-25 server can be called as a task. @module */
import type { McpClient } from './mcp-client.js';

const known = new WeakMap<McpClient, Promise<ReadonlyMap<string, string | undefined>>>();
/** The maximum number of pages, in case a server's list never ends. */
const MAX_PAGES = 1_000;

/** Returns whether a call may ask for a task. A client may do so only if both server and tool declare support. */
export async function takesTask(client: McpClient, tool: string): Promise<boolean> {
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

async function list(client: McpClient): Promise<ReadonlyMap<string, string | undefined>> {
  const support = new Map<string, string | undefined>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { tools, nextCursor } = await client.listTools(cursor === undefined ? undefined : { cursor });
    for (const { name, execution } of tools) support.set(name, execution?.taskSupport);
    if (nextCursor === undefined) return support;
    cursor = nextCursor;
  }
  throw new Error(`The server's tool list has more than ${MAX_PAGES} pages`);
}
