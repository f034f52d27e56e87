/** Everything that a run needs: Temporal, a token issuer, a worker, and the servers to fuzz. @module */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acquireDevServer } from '../src/temporal/dev-server/index.js';
import { Owned } from '../src/cli/owned.js';
import { startAuthorizationServer } from '../test/helpers/authorization-server.js';
import type { Live } from './cases/markers.js';
import { StdioPeer } from './send/stdio.js';
import { FuzzedProcess } from './served/process.js';
import { createWorld, type Users } from './world.js';

export interface HttpServed {
  readonly sdk: 'v1' | 'v2';
  readonly process: FuzzedProcess;
  readonly url: string;
  readonly port: number;
  readonly users: Users;
  readonly live: Live;
}

export interface Services {
  readonly http: Readonly<Record<'v1' | 'v2', HttpServed>>;
  readonly stdio: Readonly<Record<'v1' | 'v2', StdioPeer>>;
  readonly processes: readonly FuzzedProcess[];
  /** Returns the end of the dev server's log. */
  temporalLog(): string;
  stop(): Promise<void>;
}

/** How much of the log that is, in characters. */
const END_OF_LOG = 4_000;
const RESOURCE = 'https://mcp.example.com/mcp';

export async function startServices(log: (line: string) => void): Promise<Services> {
  const owned = new Owned();
  try {
    const dir = await mkdtemp(join(tmpdir(), 'mcp-tasks-fuzz-'));
    owned.add(async () => await rm(dir, { recursive: true, force: true }));
    const temporal = await acquireDevServer({ dir, log });
    owned.add(async () => await temporal.release());
    const issuer = await startAuthorizationServer();
    owned.add(async () => await issuer.close());
    const env = {
      FUZZ_TEMPORAL: temporal.address,
      FUZZ_ISSUER: issuer.issuer,
      FUZZ_RESOURCE: RESOURCE,
      MCP_TASKS_KEY: randomBytes(32).toString('hex'),
    };
    const start = (name: string, script: string, ...args: string[]): FuzzedProcess => {
      const process = new FuzzedProcess(name, script, args, env);
      owned.add(async () => await process.stop());
      return process;
    };
    const worker = start('worker', 'worker.js');
    await worker.firstLine();
    const exp = Math.floor(Date.now() / 1000) + 24 * 3_600;
    const token = async (sub: string): Promise<string> => await issuer.forge({ sub, aud: RESOURCE, exp });
    const tokens = {
      // The v1 server takes the token itself as the user.
      v1: { ann: 'ann', bob: 'bob' },
      v2: { ann: await token('ann'), bob: await token('bob') },
    };
    const serve = async (sdk: 'v1' | 'v2'): Promise<HttpServed> => {
      const process = start(`http-${sdk}`, 'http.js', sdk);
      const url = await process.firstLine();
      const users = tokens[sdk];
      return { sdk, process, url, port: Number(new URL(url).port), users, live: await createWorld(url, sdk, users) };
    };
    const http = { v1: await serve('v1'), v2: await serve('v2') };
    const stdio = {
      v1: new StdioPeer(start('stdio-v1', 'stdio.js', 'v1')),
      v2: new StdioPeer(start('stdio-v2', 'stdio.js', 'v2')),
    };
    for (const peer of Object.values(stdio)) {
      await peer.good('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: { elicitation: {} },
        clientInfo: { name: 'fuzz', version: '0' },
      });
      peer.write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }));
    }
    return {
      http,
      stdio,
      processes: [worker, http.v1.process, http.v2.process, stdio.v1.process, stdio.v2.process],
      temporalLog: () => readFileSync(join(dir, 'temporal', 'server.log'), 'utf8').slice(-END_OF_LOG),
      stop: async () => await owned.release(),
    };
  } catch (error) {
    await owned.release();
    throw error;
  }
}
