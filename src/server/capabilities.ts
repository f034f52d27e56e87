/** What the client of a request declares. @module */
import { CLIENT_CAPABILITIES_META_KEY, MissingRequiredClientCapabilityError, type ServerContext } from '@modelcontextprotocol/server';
import { capabilitiesFor, missingCapabilities } from '../task/input.js';
import type { DurableTool } from '../tool/define-tool.js';
import { TASKS_EXTENSION } from '../wire/v2026.js';

/** In 2026-07-28 every request declares its client's capabilities itself. */
function declared(ctx: ServerContext): Readonly<Record<string, unknown>> {
  const envelope: Readonly<Record<string, unknown>> = ctx.mcpReq.envelope ?? {};
  return (envelope[CLIENT_CAPABILITIES_META_KEY] ?? {}) as Readonly<Record<string, unknown>>;
}

export function declaresTasks(ctx: ServerContext): boolean {
  const { extensions } = declared(ctx);
  return typeof extensions === 'object' && extensions !== null && TASKS_EXTENSION in extensions;
}

/** @throws -32021 if the request does not declare the tasks extension */
export function requireTasks(ctx: ServerContext): void {
  if (!declaresTasks(ctx)) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } });
}

/** @throws -32021 if the tool may ask what the request's client has not declared that it can answer */
export function requireAnswers(ctx: ServerContext, { asks = [] }: DurableTool): void {
  const missing = missingCapabilities(capabilitiesFor(asks), declared(ctx));
  if (missing) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: missing });
}
