#!/usr/bin/env node
/** The command line, `mcp-tasks-temporal`. @module */
import { Command, Option } from 'commander';
import { stderrLogger } from '../local/log.js';
import { isMcpTasksError } from '../task/errors.js';
import { DEFAULT_TASK_QUEUE } from '../task/names.js';
import { each, hostName, path, port } from './arguments.js';
import type { InitOptions } from './init-command.js';
import { missingPackage, requirePeers, SERVER, WORKER } from './peers.js';
import type { ServeOptions } from './serve-command.js';
import type { WorkerOptions } from './worker-command.js';
import { version } from '../version.js';

const program = new Command('mcp-tasks-temporal')
  .description('Durable MCP tasks on Temporal')
  .version(version)
  .showHelpAfterError();

const dir = ['--dir <folder>', 'where a dev server and a local PostgreSQL keep their data', '.mcp-tasks'] as const;

const repeatable = (flags: string, description: string, parse: ReturnType<typeof each>): Option =>
  new Option(flags, `${description}; repeatable`).argParser(parse).default([], 'none');
const portOption = (): Option =>
  new Option('--port <port>', "the MCP server's port").env('PORT').default(3000).argParser(port);

program
  .command('start')
  .description('start Temporal, PostgreSQL, a worker and an MCP server with the reference tools on this machine')
  .addOption(portOption())
  .option(...dir)
  .action(async (options: { port: number; dir: string }) => {
    requirePeers('start', [...SERVER, ...WORKER]);
    // Each command loads only what it needs: a worker loads no server, a server no worker.
    const { start } = await import('./start-command.js');
    await start({ ...options, logger: stderrLogger() });
  });

program
  .command('worker')
  .description('run a worker for the tools of a module')
  .argument(
    '[file]',
    'a JavaScript or TypeScript module that exports the tools; without it, the worker runs the reference tools',
  )
  .option('--task-queue <name>', 'the Temporal task queue to take work from', DEFAULT_TASK_QUEUE)
  .option(...dir)
  .action(async (file: string | undefined, options: Omit<WorkerOptions, 'logger'>) => {
    requirePeers('worker', WORKER);
    const { runWorker } = await import('./worker-command.js');
    await runWorker(file, { ...options, logger: stderrLogger() });
  });

program
  .command('serve')
  .description('serve durable tools over MCP, against a Temporal whose workers run elsewhere')
  .argument(
    '[file]',
    'existing workflows (mcp-tasks.yaml), or a JavaScript or TypeScript module that exports the tools; without it the reference tools are served',
  )
  .addOption(new Option('--transport <transport>', 'how clients come').choices(['http', 'stdio']).default('http'))
  .option('--host <address>', 'the address to listen at', '127.0.0.1')
  .addOption(portOption())
  .addOption(new Option('--path <path>', 'where the MCP endpoint is').default('/mcp').argParser(path))
  .option('--auth <issuer>', 'ask for access tokens of this authorization server')
  .option('--no-auth', 'ask for none, even where other machines can call')
  .option('--resource <url>', 'the public URL of this server, which tokens are for (default: the URL it listens at)')
  .option('--audience <audience>', 'what tokens name as their audience (default: the resource)')
  .addOption(repeatable('--scope <scope>', 'a scope that tokens need', each()))
  .addOption(repeatable('--allow-host <name>', 'a host name that requests may be addressed to', each(hostName)))
  .addOption(repeatable('--allow-origin <name>', 'a host name whose web pages may call', each(hostName)))
  .option('--task-queue <name>', 'the Temporal task queue of tools that name none', DEFAULT_TASK_QUEUE)
  .addOption(
    new Option(
      '--fallback <what>',
      'what clients that do not speak tasks get for a long call: a handle and tools to go on with, or they wait',
    )
      .choices(['handle', 'await'])
      .default('handle'),
  )
  .option('--worker', "run a worker for the file's tools in this process as well")
  .option(...dir)
  .action(async (file: string | undefined, options: Omit<ServeOptions, 'logger'>) => {
    requirePeers('serve', [...SERVER, ...(options.worker ? WORKER : [])]);
    const { serve } = await import('./serve-command.js');
    await serve(file, { ...options, logger: stderrLogger() });
  });

program
  .command('init')
  .description('write a first mcp-tasks.yaml, which makes existing workflows tools')
  .argument('[file]', 'where', 'mcp-tasks.yaml')
  .option('--from-cluster', 'propose tools from the workflows that ran lately (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE …)')
  .option(...dir)
  .action(async (file: string, options: InitOptions) => {
    const { init } = await import('./init-command.js');
    await init(file, options);
  });

program
  .command('check')
  .description('check an mcp-tasks.yaml: says everything that is wrong with it, and then ends with 1')
  .argument('[file]', 'the file', 'mcp-tasks.yaml')
  .action(async (file: string) => {
    const { check } = await import('./check-command.js');
    await check(file);
  });

program
  .command('doctor')
  .description(
    'examine what an mcp-tasks.yaml depends on: cluster, namespace, rights, workers; ends with 1 for a warning, 2 for an error',
  )
  .argument('[file]', 'the file', 'mcp-tasks.yaml')
  .option(...dir)
  .action(async (file: string, options: { dir: string }) => {
    const { doctor } = await import('./doctor-command.js');
    await doctor(file, options.dir);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}

/** The package's own errors, and missing packages, need only a line. Anything else is a bug, so its stack is shown. */
function messageOf(error: unknown): string {
  if (isMcpTasksError(error)) return error.message;
  return missingPackage(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}
