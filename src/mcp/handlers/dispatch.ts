/** `tools/call`, whichever tool it names: a durable one, a companion, or one of the author's own. @module */
import { parseCall, type CallParams } from '../../protocol/call.js';
import { LONGEST_TOKEN } from '../../limits/limits.js';
import { nestingProblem } from '../../limits/nesting.js';
import { invalidParams, methodNotFound } from '../../protocol/errors.js';
import type { RequestContext, RpcResult } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import { asRpcFaults } from '../request/faults.js';
import type { TaskService } from '../service.js';
import { answerCall } from './call.js';
import { callCompanion, companionNames, companions } from './companions.js';

/** The functions that a call needs from the SDK that received it. */
export interface ReceivedCall {
  readonly params: unknown;
  /** Runs `handle` with the call's context. */
  run(handle: (ctx: RequestContext) => Promise<RpcResult>): Promise<RpcResult>;
  /** Returns whether the server has a tool of this name. */
  hasTool(name: string): boolean | Promise<boolean>;
  /** Answers the call the way the SDK does by itself. */
  passOn(): Promise<RpcResult>;
}

/** @throws RpcFault; whatever the SDK throws for the author's own tools */
export async function dispatchCall(
  service: TaskService,
  version: ProtocolVersion,
  call: ReceivedCall,
): Promise<RpcResult> {
  const params = (call.params ?? {}) as Partial<CallParams>;
  const { arguments: args } = params;
  const name = toolName(params);
  const handled = async (handle: (ctx: RequestContext) => Promise<RpcResult>, ctx: RequestContext) =>
    await asRpcFaults(service.logger, { method: 'tools/call', tool: name }, ctx.signal, async () => {
      refuseLongToken(ctx);
      refuseTooDeep('The arguments are', args);
      refuseTooDeep('The input responses are', ctx.inputResponses);
      return await handle(ctx);
    });
  const tool = service.tools.get(name);
  if (tool) {
    const answer = async (ctx: RequestContext): Promise<RpcResult> =>
      await answerCall(service, version, { tool, params: parseCall(call.params), ctx });
    return await call.run(async (ctx) => await handled(answer, ctx));
  }
  if (version.calls.asksForTask(params) && (await call.hasTool(name)))
    throw methodNotFound(`Tool ${name} cannot run as a task: call it without the "task" parameter.`);
  if (!companionNames(service).includes(name)) return await call.passOn();
  return await call.run(async (ctx) => {
    const companion = companions(service, version, ctx.owner).find((one) => one.name === name);
    // Which companions there are depends on the owner.
    if (!companion) return await call.passOn();
    return await handled(async () => await callCompanion(service, companion, { name, args, ctx }), ctx);
  });
}

/** More than any tool's name has, in characters. The SDKs repeat an unknown name in their error. */
const LONGEST_NAME = 1_000;

/** @throws -32602 if the call does not name a tool, or no tool could have this name */
function toolName({ name }: { readonly name?: unknown }): string {
  if (typeof name !== 'string') throw invalidParams('params.name must be the name of a tool, as in tools/list');
  if (name.length > LONGEST_NAME) throw invalidParams(`params.name is too long: no tool has ${name.length} characters`);
  return name;
}

/** @throws -32602 if the progress token is too long: each message about progress repeats it */
function refuseLongToken({ meta }: RequestContext): void {
  const token = meta['progressToken'];
  if (typeof token === 'string' && token.length > LONGEST_TOKEN)
    throw invalidParams(`_meta.progressToken must be a number or a string of at most ${LONGEST_TOKEN} characters`);
}

/** @throws -32602 if the value is nested too deeply to be handled safely */
function refuseTooDeep(what: string, value: unknown): void {
  const problem = nestingProblem(value);
  if (problem !== undefined) throw invalidParams(`${what} ${problem}`);
}
