/**
 * Requests over HTTP that are answered in front of the SDK, because serving them through a server instance takes
 * several times longer than everything else. They are those whose answer is a single message (polls, and calls of
 * durable tools that become tasks) and those that wait for a task (`direct-streams.ts`). The SDK answers all others, and
 * every request that it would not accept: its errors stay its own.
 * @module
 */
import { parseCall } from '../../protocol/call.js';
import { invalidParams, RPC, RpcFault } from '../../protocol/errors.js';
import type { RequestContext, RpcResult } from '../../protocol/request.js';
import type { ProtocolVersion } from '../../protocol/version.js';
import { hangUpOf } from '../request/hang-up.js';
import { wholeAnswer } from '../request/whole-answer.js';
import type { TaskService } from '../service.js';
import type { Peer } from '../sessions/peer.js';
import { dispatchCall } from './dispatch.js';
import type { StreamedAnswer } from './direct-streams.js';
import { taskMethods, type ServedMethod } from './methods.js';

/** A request that the SDK would pass to its handler, as its adapter found it. */
export interface AcceptedRequest {
  readonly version: ProtocolVersion;
  readonly id: string | number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The part of the context that depends on the SDK. */
  readonly context: Pick<RequestContext, 'capabilities' | 'requestState'>;
}

/** The parameters of a request that repeats another one with answers. The SDK takes them out and checks them. */
const REPEATING = ['inputResponses', 'requestState'];

/** Answers the request. @throws RpcFault */
export type DirectAnswer = () => Promise<RpcResult>;

/**
 * Returns whether a request with this body may be answered in front of the SDK, so that others need no closer look.
 * @param body parsed, but not checked
 */
export function mayBeDirect({ versions, tools }: TaskService, body: unknown): boolean {
  const { method, params } = (body ?? {}) as { readonly method?: unknown; readonly params?: unknown };
  if (typeof method !== 'string') return false;
  if (method !== 'tools/call') return versions.some((version) => isDirect(version, method));
  const { name } = (params ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' && tools.has(name);
}

/** Returns whether the client takes a JSON response as well as a stream, as protocols with sessions require. */
export function acceptsEitherResponse(headers: Headers): boolean {
  const accepted = headers.get('accept') ?? '';
  return accepted.includes('application/json') && accepted.includes('text/event-stream');
}

/** Returns what answers the request; `undefined` if the SDK has to. */
export function directAnswer(
  service: TaskService,
  accepted: AcceptedRequest,
  { request, peer }: { readonly request: Request; readonly peer: Peer },
): DirectAnswer | undefined {
  const { version, method, params } = accepted;
  if (REPEATING.some((name) => name in params)) return undefined;
  const ctx = contextOf(accepted, request, peer);
  if (method === 'tools/call') {
    if (!startsTask(service, version, { params, ctx })) return undefined;
    return async () =>
      await dispatchCall(service, version, {
        params,
        run: async (handle) => await handle(ctx),
        hasTool: () => false,
        // The tool has been removed in the meantime.
        passOn: async () => await Promise.reject(invalidParams(`Tool ${String(params['name'])} not found`)),
      });
  }
  const served = isPoll(version, method) ? taskMethods(service, version)[method] : undefined;
  const parsed = served?.params.safeParse(params);
  if (!served || !parsed?.success) return undefined;
  return async () => await served.handle(parsed.data, ctx);
}

/** Returns what answers the request on a stream, if it waits for a task; `undefined` otherwise. */
export function directWait(
  service: TaskService,
  accepted: AcceptedRequest,
  { request, peer }: { readonly request: Request; readonly peer: Peer },
): StreamedAnswer | undefined {
  const { version, id, method, params } = accepted;
  if (REPEATING.some((name) => name in params) || !isDirect(version, method) || !version.methods[method]?.waits)
    return undefined;
  const served = taskMethods(service, version)[method];
  const parsed = served?.params.safeParse(params);
  if (!served || !parsed?.success) return undefined;
  const { session, expired } = peer;
  const ctx = contextOf(accepted, request, peer);
  const { signal } = ctx;
  return { id, signal, expired, session: session?.id, answers: session?.answers, run: runOf(served, parsed.data, ctx) };
}

/** Apart, so that the request itself is not held in memory while it waits. */
function runOf({ handle }: ServedMethod, params: unknown, ctx: RequestContext): StreamedAnswer['run'] {
  return (stream, signal) => handle(params, { ...ctx, stream, signal });
}

/** Returns the response to the request: its result or its error. */
export async function respondDirectly(
  { id }: AcceptedRequest,
  { signal }: Request,
  answer: DirectAnswer,
): Promise<Response> {
  try {
    const result = await answer();
    return wholeAnswer({ result, jsonrpc: '2.0', id });
  } catch (error) {
    // Nobody reads the answer.
    if (signal.aborted) return new Response(null, { status: 499 });
    if (!(error instanceof RpcFault)) throw error;
    const { code, message, data } = error;
    const status = code === RPC.missingClientCapability ? 400 : 200;
    return wholeAnswer(
      { jsonrpc: '2.0', id, error: { code, message, ...(data === undefined ? {} : { data }) } },
      status,
    );
  }
}

function isPoll({ methods }: ProtocolVersion, method: string): boolean {
  return Object.hasOwn(methods, method) && methods[method]?.poll === true;
}

function isDirect({ methods }: ProtocolVersion, method: string): boolean {
  return Object.hasOwn(methods, method) && (methods[method]?.poll === true || methods[method]?.waits === true);
}

/** Returns whether the call is answered with a task, and nothing is asked first. */
function startsTask(
  { tools }: TaskService,
  { calls }: ProtocolVersion,
  { params, ctx }: { readonly params: unknown; readonly ctx: RequestContext },
): boolean {
  try {
    const parsed = parseCall(params);
    const tool = tools.get(parsed.name);
    return tool !== undefined && !tool.beforeStart && calls.becomesTask({ tool, params: parsed, ctx });
  } catch (error) {
    // The SDK's handler reports it.
    if (error instanceof RpcFault) return false;
    throw error;
  }
}

function contextOf(
  { id, params, context }: AcceptedRequest,
  request: Request,
  { owner, session, expired, limited }: Peer,
): RequestContext {
  return {
    owner,
    requestId: id,
    signal: hangUpOf(request),
    expired,
    limited,
    version: request.headers.get('mcp-protocol-version') ?? session?.version,
    meta: (params['_meta'] ?? {}) as RequestContext['meta'],
    stream: {
      kind: 'request',
      session: session?.id,
      answers: session?.answers,
      send: async () => await Promise.reject(new Error('the request is answered with a single message')),
    },
    ...context,
  };
}
