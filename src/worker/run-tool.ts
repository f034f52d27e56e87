/** The activity that runs a function tool. @module */
import { step } from '../activity/step.js';
import { commandActivities, toolActivity } from '../task/names.js';
import { toToolResult } from '../task/result.js';
import type { CommandWork, DurableTool } from '../tool/define-tool.js';
import { ToolError } from '../tool/errors.js';
import { validate } from '../tool/schema.js';

/** Returns the activities of the function tools among `tools`, by activity type. */
export function toolActivities(
  tools: readonly DurableTool[],
): Record<string, (args: unknown, answer?: unknown, call?: unknown) => Promise<unknown>> {
  return Object.fromEntries(
    tools.flatMap((tool) => {
      const { work } = tool;
      if (work.kind !== 'function') return [];
      const activity = async (args: unknown, answer?: unknown, call?: unknown): Promise<unknown> => {
        const asked = answer !== undefined && answer !== null;
        // All that the workflow sends with the call, because an interrupted step is scheduled again only if that fits.
        const runStep: (given: unknown[], call: unknown) => Promise<unknown> = step(
          async ([given]: unknown[], ctx) =>
            await run(tool, work.run, given, (asked ? Object.assign(ctx, { answer }) : ctx) as never),
        );
        return await runStep([args, answer], call);
      };
      return [[toolActivity(tool.name), activity], ...aroundActivities(tool, work.command)];
    }),
  );
}

/** Returns the activities of what a command tool does besides running its program. */
function aroundActivities(tool: DurableTool, command: CommandWork | undefined) {
  if (!command) return [];
  const { plan, cleanup, read } = command;
  const types = commandActivities(tool.name);
  const activity = (work: RunFunction) => async (args: unknown, call?: unknown) => {
    const runStep: (given: unknown, call: unknown) => Promise<unknown> = step(
      async (given: unknown, ctx) => await work((await validArguments(tool, given)) as never, ctx as never),
    );
    return await runStep(args, call);
  };
  return [
    [types.read, read as (args: unknown) => Promise<unknown>] as const,
    ...(plan ? [[types.plan, activity(plan)] as const] : []),
    ...(cleanup ? [[types.cleanup, activity(cleanup)] as const] : []),
  ];
}

type RunFunction = (args: never, ctx: never) => Promise<unknown>;

async function run(tool: DurableTool, work: RunFunction, args: unknown, ctx: never): Promise<unknown> {
  const value = await work((await validArguments(tool, args)) as never, ctx);
  await checkResult(tool, value);
  return value;
}

/** @throws ToolError if they do not match the tool's schema */
async function validArguments(tool: DurableTool, args: unknown): Promise<unknown> {
  const checked = await validate(tool.inputSchema, args);
  if ('problems' in checked) throw new ToolError(`Invalid arguments for tool ${tool.name}: ${checked.problems}`);
  return checked.value;
}

async function checkResult(tool: DurableTool, value: unknown): Promise<void> {
  const result = toToolResult(value);
  if (!tool.outputSchema || result.isError) return;
  const checked = await validate(tool.outputSchema, result.structuredContent);
  if ('problems' in checked)
    throw new ToolError(`The result of tool ${tool.name} does not match its output schema: ${checked.problems}`);
}
