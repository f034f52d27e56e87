#!/usr/bin/env node
/** The command line, `mcp-tasks-temporal`. @module */
import { Command, Option } from 'commander';
import { DURABILITIES } from '../local/durability.js';
import { stderrLogger } from '../local/log.js';
import { isMcpTasksError } from '../task/errors.js';
import { DEFAULT_TASK_QUEUE } from '../task/names.js';
import { each, hostName, origin, path, port } from './arguments.js';
import type { InitOptions } from './init-command.js';
import { missingPackage, requirePeers, SERVER, WORKER } from './peers.js';
import type { ServeOptions } from './serve-command.js';
import type { StartOptions } from './start-command.js';
import type { WorkerOptions } from './worker-command.js';
import { endCommand } from './process-end.js';
import { version } from '../version.js';

const program = new Command('mcp-tasks-temporal')
  .description('Durable MCP tasks on Temporal')
  .version(version)
  .showHelpAfterError();

const dir = [
  '--dir <folder>',
  'the folder where a dev server and a local PostgreSQL keep their data',
  '.mcp-tasks',
] as const;

const durability = (): Option =>
  new Option(
    '--durability <level>',
    "what a dev server's data survives: full, also a power cut; normal, killed processes; memory, nothing",
  )
    .choices(DURABILITIES)
    .default('full');

const repeatable = (flags: string, description: string, parse: ReturnType<typeof each>, unless = 'none'): Option =>
  new Option(flags, `${description}; repeatable`).argParser(parse).default([], unless);
const portOption = (): Option =>
  new Option('--port <port>', 'the port to listen on').env('PORT').default(3000).argParser(port);

program
  .command('start')
  .description('start Temporal, PostgreSQL, a worker and an MCP server with the reference tools on this machine')
  .addOption(portOption())
  .option(...dir)
  .addOption(durability())
  .option('--no-ui', "don't serve Temporal's web UI")
  .action(async (options: Omit<StartOptions, 'logger'>) => {
    requirePeers('start', [...SERVER, ...WORKER]);
    // Each command loads only what it needs: a worker loads no server, a server no worker.
    const { start } = await import('./start-command.js');
    await start({ ...options, logger: stderrLogger() });
  });

program
  .command('worker')
  .description('run a worker for the tools of a module, or for the programs of a gateway file')
  .argument(
    '[file]',
    'a JavaScript or TypeScript module that exports tools, or a gateway file (.yaml) with tools that run programs; without it, the worker runs the reference tools',
  )
  .option('--task-queue <name>', 'the Temporal task queue to poll', DEFAULT_TASK_QUEUE)
  .option(...dir)
  .addOption(durability())
  .action(async (file: string | undefined, options: Omit<WorkerOptions, 'logger'>) => {
    requirePeers('worker', WORKER);
    const { runWorker } = await import('./worker-command.js');
    await runWorker(file, { ...options, logger: stderrLogger() });
  });

program
  .command('serve')
  .description('serve durable tools over MCP')
  .argument(
    '[file]',
    'a gateway file for existing workflows (.yaml), or a JavaScript or TypeScript module that exports tools; without it, the reference tools are served',
  )
  .addOption(new Option('--transport <transport>', 'how clients connect').choices(['http', 'stdio']).default('http'))
  .option('--host <address>', 'the address to listen on', '127.0.0.1')
  .addOption(portOption())
  .addOption(new Option('--path <path>', 'the path of the MCP endpoint').default('/mcp').argParser(path))
  .option('--auth <issuer>', 'require access tokens from this authorization server')
  .option('--no-auth', 'require no tokens, even if other machines can connect')
  .option(
    '--resource <url>',
    'the public URL of this server, for which tokens must be issued (default: the URL it listens on)',
  )
  .option('--audience <audience>', 'the audience that tokens must have (default: the resource)')
  .addOption(repeatable('--scope <scope>', 'a scope that tokens must have', each()))
  .addOption(repeatable('--allow-host <name>', 'a host name that clients may use to reach this server', each(hostName)))
  .addOption(repeatable('--allow-origin <name>', 'a host name whose web pages may call this server', each(hostName)))
  .option('--task-queue <name>', "the Temporal task queue of tools that don't set one", DEFAULT_TASK_QUEUE)
  .addOption(
    new Option(
      '--fallback <what>',
      'what clients without task support get for a long call: a handle, with tools to follow it, or the result when it is ready',
    )
      .choices(['handle', 'await'])
      .default('handle'),
  )
  .option('--worker', "also run a worker for the module's tools, or for the programs of a gateway file")
  .option('--ui', 'also serve the web UI of a dev server, on this machine only')
  .option(...dir)
  .addOption(durability())
  .action(async (file: string | undefined, options: Omit<ServeOptions, 'logger'>) => {
    requirePeers('serve', [...SERVER, ...(options.worker ? WORKER : [])]);
    const { serve } = await import('./serve-command.js');
    await serve(file, { ...options, logger: stderrLogger() });
  });

program
  .command('codec-server')
  .description("decrypt payloads for Temporal's UI and CLI on this machine, with the keys in MCP_TASKS_ENCRYPTION_KEYS")
  .addOption(new Option('--port <port>', 'the port to listen on, on 127.0.0.1').default(8081).argParser(port))
  .addOption(
    repeatable(
      '--ui <origin>',
      'the origin of the UI whose pages may call this server, such as https://temporal.example.com',
      each(origin),
      'that of the dev server in --dir, and that of `temporal server start-dev`, http://localhost:8233',
    ),
  )
  .option(...dir)
  .action(async (options: { port: number; ui: readonly string[]; dir: string }) => {
    const { codecServer } = await import('./codec-server-command.js');
    await codecServer({ ...options, logger: stderrLogger() });
  });

program
  .command('init')
  .description('write a first gateway file, which exposes existing workflows as tools')
  .argument('[file]', 'the file to write', 'mcp-tasks.yaml')
  .option(
    '--from-cluster',
    'propose tools from the workflows that ran recently (in TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE)',
  )
  .option(...dir)
  .action(async (file: string, options: InitOptions) => {
    const { init } = await import('./init-command.js');
    await init(file, options);
  });

program
  .command('check')
  .description('check a gateway file: report its mistakes with their lines, and exit with 1 if there is one')
  .argument('[file]', 'the file to check', 'mcp-tasks.yaml')
  .action(async (file: string) => {
    const { check } = await import('./check-command.js');
    await check(file);
  });

program
  .command('doctor')
  .description(
    'check what a gateway file depends on: connection, namespace, permissions, workers and programs; exit with 1 for a warning, 2 for an error',
  )
  .argument('[file]', 'the file to check', 'mcp-tasks.yaml')
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
  // Temporal's native runtime, if the command has loaded it, would keep the process alive.
  endCommand();
}

/** The package's own errors, and missing packages, need only a line. Anything else is a bug, so its stack is shown. */
function messageOf(error: unknown): string {
  if (isMcpTasksError(error)) return error.message;
  return missingPackage(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}
