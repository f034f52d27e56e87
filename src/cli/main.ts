#!/usr/bin/env node
/** The command line, `mcp-tasks-temporal`. @module */
import { Command, InvalidArgumentError, Option } from 'commander';
import { stderrLogger } from '../local/log.js';
import { isMcpTasksError } from '../task/errors.js';
import { version } from './version.js';

const program = new Command('mcp-tasks-temporal').description('Durable MCP tasks on Temporal').version(version).showHelpAfterError();

const dir = ['--dir <folder>', 'where a dev server and a local PostgreSQL keep their data', '.mcp-tasks'] as const;

program
  .command('start')
  .description('start Temporal, PostgreSQL, a worker and an MCP server with the reference tools on this machine')
  .addOption(new Option('--port <port>', "the MCP server's port").env('PORT').default(3000).argParser(port))
  .option(...dir)
  .action(async (options: { port: number; dir: string }) => {
    // Each command loads what it needs: a worker no server, a server no worker.
    const { start } = await import('./start-command.js');
    await start({ ...options, logger: stderrLogger() });
  });

program
  .command('worker')
  .description('run a worker for the reference tools')
  .option(...dir)
  .action(async (options: { dir: string }) => {
    const { runWorker } = await import('./worker-command.js');
    await runWorker({ ...options, logger: stderrLogger() });
  });

function port(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new InvalidArgumentError('a port is a number from 0 to 65535');
}

try {
  await program.parseAsync();
} catch (error) {
  // What we report ourselves says all there is to say; anything else is a bug, and its stack is wanted.
  process.stderr.write(`${isMcpTasksError(error) ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
}
