/** A fuzzed process: a server over stdio. Its argument names the SDK: `v1` or `v2`. @module */
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { McpServer } from '@modelcontextprotocol/server';
import { DurableTasks } from '../../src/index.js';
import { DurableTasks as V1DurableTasks } from '../../src/sdk/index.js';
import { options } from './options.js';
import { reportVitals } from './vitals.js';

reportVitals();
const info = { name: 'fuzzed', version: '1.0.0' };
if (process.argv[2] === 'v1') {
  const mcp = new V1McpServer(info);
  const tasks = await V1DurableTasks.connect(options);
  tasks.attach(mcp);
  await mcp.connect(new StdioServerTransport());
} else {
  const tasks = await DurableTasks.connect(options);
  tasks.stdio(() => new McpServer(info));
}
