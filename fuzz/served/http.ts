/** A fuzzed process: a server over HTTP, with access tokens. Its argument names the SDK: `v1` or `v2`. @module */
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { bearerAuth } from '../../src/auth/index.js';
import { DurableTasks } from '../../src/index.js';
import { DurableTasks as V1DurableTasks, serveHttp as serveV1 } from '../../src/sdk/index.js';
import { serveHttp } from '../../src/mcp/http/node-server.js';
import { trustBearers } from '../../test/helpers/bearers.js';
import { options } from './options.js';
import { reportVitals } from './vitals.js';

reportVitals();
const info = { name: 'fuzzed', version: '1.0.0' };
const served = process.argv[2] === 'v1' ? await v1() : await v2();
process.stdout.write(`${served.url}\n`);

async function v1(): Promise<{ url: string }> {
  const tasks = await V1DurableTasks.connect(options);
  return await serveV1(trustBearers(tasks.handler(() => new V1McpServer(info))), { port: 0 });
}

async function v2(): Promise<{ url: string }> {
  const tasks = await DurableTasks.connect(options);
  const guarded = await bearerAuth(
    tasks.handler(() => new McpServer(info)),
    {
      issuer: process.env['FUZZ_ISSUER'] as string,
      resource: process.env['FUZZ_RESOURCE'] as string,
      logger: options.logger,
    },
  );
  return await serveHttp(guarded, { port: 0 });
}
