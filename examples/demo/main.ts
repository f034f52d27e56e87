/**
 * The demo: loads three million flights into PostgreSQL as one MCP task and kills the worker during the load. Every row
 * still arrives exactly once. `npm run demo [-- --json] [-- --keep]`
 * @module
 */
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startLocalStack, type LocalStack } from '../../src/cli/local-stack.js';
import { stopSignal } from '../../src/cli/process-end.js';
import { callTool, tasksCapability } from '../../src/client/index.js';
import { checkDatabase, compareRows, type Comparison } from './compare.js';
import { Crash } from './crash.js';
import { logger, Screen, say } from './screen.js';

// The package exports only its code; the data is next to it.
const DATA = fileURLToPath(new URL('../data', import.meta.resolve('vega-datasets')));
const SOURCE = join(DATA, 'flights-3m.parquet');
/** A name used only by the demo, because the table is replaced, even in your own database (`DATABASE_URL`). */
const TABLE = 'mcp_tasks_demo_flights';

/** Time limit for the whole load, in milliseconds. */
const LONGEST = 10 * 60_000;

interface Report extends Comparison {
  /** Milliseconds from the call to the task's handle. */
  readonly handleMs: number;
  /** Seconds from the call to its result, including recovery from the killed worker. */
  readonly loadSeconds: number;
  readonly workerKills: number;
  readonly chunks: number;
  readonly chunksRedone: number;
}

async function run(stack: LocalStack): Promise<Report> {
  const client = new Client(
    { name: 'demo', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' }, capabilities: tasksCapability },
  );
  await client.connect(new StreamableHTTPClientTransport(new URL(stack.url)));
  say(`Connected to ${stack.url}, protocol ${client.getNegotiatedProtocolVersion()}`);
  const screen = new Screen();
  const crash = new Crash(stack, screen);
  try {
    const called = performance.now();
    let handleMs: number | undefined;
    const result = await callTool(
      client,
      { name: 'load_dataset', arguments: { source: SOURCE, table: TABLE, mode: 'replace', chunkRows: 25_000 } },
      {
        signal: AbortSignal.any([crash.failed, AbortSignal.timeout(LONGEST)]),
        onStatus(status) {
          if (handleMs === undefined) {
            handleMs = performance.now() - called;
            say(`Received task ${status.taskId} after ${handleMs.toFixed(0)} ms`);
          }
          screen.show(status);
          crash.consider(status);
        },
      },
    );
    const loadSeconds = (performance.now() - called) / 1000;
    screen.stop();
    await crash.over();
    if (result.isError) throw new Error(`the load failed: ${JSON.stringify(result.content)}`);
    const { chunks, chunksRedone } = result.structuredContent as { chunks: number; chunksRedone: number };
    say('Comparing the table with the source, row by row');
    const comparison = await compareRows(SOURCE, stack.databaseUrl, TABLE);
    return {
      ...comparison,
      handleMs: Math.round(handleMs ?? 0),
      loadSeconds: Number(loadSeconds.toFixed(1)),
      workerKills: crash.kills,
      chunks,
      chunksRedone,
    };
  } finally {
    screen.stop();
    await client.close();
  }
}

/** Returns what is wrong with the run; empty if nothing is. */
function problems({ rowsIn, rowsOut, duplicates, missing, workerKills }: Report): string[] {
  return [
    rowsIn === rowsOut ? '' : `the source has ${rowsIn} rows, the table ${rowsOut}`,
    duplicates === 0 ? '' : `${duplicates} rows are duplicates`,
    missing === 0 ? '' : `${missing} rows are missing`,
    workerKills > 0 ? '' : 'the load finished before the worker could be killed',
  ].filter(Boolean);
}

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
});
let stack: LocalStack | undefined;
try {
  say('Starting Temporal, PostgreSQL, an MCP server and a worker');
  stack = await startLocalStack({ port: 0, env: { ...process.env, MCP_TASKS_ROOTS: DATA }, ui: options.keep, logger });
  await checkDatabase(stack.databaseUrl);
  const report = await run(stack);
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stdout.write(`${Screen.table(report)}\n`);
  const wrong = problems(report);
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  if (options.keep) {
    say(
      `Everything keeps running. Press Ctrl-C to stop it.\n  MCP server:        ${stack.url}\n  Temporal's web UI: ${stack.uiUrl ?? '(none)'}`,
    );
    await stopSignal();
  }
} catch (error) {
  process.stderr.write(`The demo failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await stack?.stop();
}
