/** What runs before and after a command tool's program: its plan and its clean-up. @module */
import { Context } from '@temporalio/activity';
import type { StepContext } from '../task/step-context.js';
import { ToolError } from '../tool/errors.js';
import { cut } from '../limits/limits.js';
import { argvOf, type CallArguments } from './arguments.js';
import { lostStopOf, type CommandTool } from './command-tool.js';
import { endText } from './exit.js';
import { TaskFolder } from './folder.js';
import { endPredecessor } from './predecessor.js';
import { outlivesOf, runProgram, type ProgramResult } from './program.js';
import type { CommandLine } from './spec.js';

/** The maximum length of a plan in a question, in characters. */
const LONGEST_PLAN = 4_000;

/**
 * Runs the tool's plan and returns its output: the last lines, if it is long.
 * @throws ToolError if it does not exit with code 0
 */
export async function planOutput(tool: CommandTool, args: CallArguments, ctx: StepContext): Promise<string> {
  const end = await runAround(tool, tool.spec.plan, 'plan', args, ctx);
  const output = end.tail.join('\n');
  if (end.code !== 0)
    throw new ToolError(`Nothing was started: the plan of ${tool.name} ended with ${endText(end)}.\n${output}`);
  return cut(output, LONGEST_PLAN);
}

/**
 * Runs the tool's clean-up after a cancelled program has ended.
 * @throws an error if it does not exit with code 0
 */
export async function runCleanup(tool: CommandTool, args: CallArguments, ctx: StepContext): Promise<void> {
  const end = await runAround(tool, tool.spec.cleanup, 'clean-up', args, ctx);
  if (end.code !== 0)
    throw new Error(`the clean-up of ${tool.name} ended with ${endText(end)}.\n${end.tail.join('\n')}`);
}

async function runAround(
  tool: CommandTool,
  line: CommandLine | undefined,
  what: string,
  args: CallArguments,
  ctx: StepContext,
): Promise<ProgramResult> {
  if (!line) throw new ToolError(`Tool ${tool.name} has no ${what} any more.`);
  const argv = argvOf(line, args);
  const folder = new TaskFolder(tool.places.dir, ctx.taskId);
  const local = folder.read();
  // The task's program itself has ended before a clean-up, unless its worker was lost.
  if (ctx.attempt > 1 || (what === 'clean-up' && !local?.cancelled))
    await endPredecessor(
      { local, reported: undefined, mark: folder.mark, outlives: outlivesOf(tool, Context.current()) },
      lostStopOf(tool),
      () => undefined,
      ctx.signal,
    );
  return await runProgram({
    tool,
    folder,
    argv,
    title: `--- ${new Date().toISOString()} ${what}: ${line[0]}`,
  });
}
