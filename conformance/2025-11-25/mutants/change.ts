/** The ways in which mutants change messages. @module */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { isResponse, type Json, type Message, RELATED_TASK, type RpcError } from '../wire/message.js';
import type { Mutant, Serve } from './proxy.js';

/** The client's request that a response belongs to. */
export interface Call {
  readonly method?: string | undefined;
  readonly params: Json;
  readonly headers: Headers;
}

/** Returns the messages to send instead of `message`: none, one or several. */
export type Change = (message: Message, call: Call) => readonly Message[] | Promise<readonly Message[]>;

export interface SseEvent {
  readonly id?: string | undefined;
  readonly data: string;
}

export const wire = ({ id, data }: SseEvent): string => `${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;

export async function read(request: Request): Promise<Message> {
  const text = request.method === 'POST' ? await request.clone().text() : '{}';
  return JSON.parse(text) as Message;
}

/** Changes the events of every SSE stream. */
export async function changeEvents(
  response: Response,
  change: (event: SseEvent) => readonly SseEvent[] | Promise<readonly SseEvent[]>,
): Promise<Response> {
  if (!response.body || !response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
  const changed = new TransformStream<SseEvent, string>({
    async transform(event, controller) {
      for (const each of await change(event)) controller.enqueue(wire(each));
    },
  });
  const body = response.body
    .pipeThrough(new TextDecoderStream() as never)
    .pipeThrough(new EventSourceParserStream())
    .pipeThrough(changed)
    .pipeThrough(new TextEncoderStream());
  return await Promise.resolve(new Response(body, response));
}

/** Changes the messages that the server sends, both on streams and in JSON bodies. */
export function messages(change: Change): Mutant {
  return (serve) => async (request) => {
    const { method, params = {} } = await read(request).catch((): Message => ({}));
    const call: Call = { method, params, headers: request.headers };
    const response = await serve(request);
    if (response.headers.get('content-type')?.startsWith('application/json')) {
      const [message] = (await change((await response.json()) as Message, call)).slice(-1);
      return Response.json(message, { status: response.status, headers: response.headers });
    }
    return await changeEvents(response, async ({ id, data }) =>
      data === ''
        ? [{ id, data }]
        : (await change(JSON.parse(data) as Message, call)).map((message) => ({ id, data: JSON.stringify(message) })),
    );
  };
}

/** Changes the answers to these methods. */
export function answers(
  methods: string | readonly string[],
  change: (answer: Message, call: Call) => Message | readonly Message[] | Promise<Message>,
): Mutant {
  return messages(async (message, call) => {
    if (!isResponse(message) || ![methods].flat().includes(call.method ?? '')) return [message];
    return [await change(message, call)].flat();
  });
}

/** Changes the results of these methods, but not their errors. */
export function results(methods: string | readonly string[], change: (result: Json, call: Call) => Json): Mutant {
  return answers(methods, (message, call) =>
    message.result ? { ...message, result: change(message.result, call) } : message,
  );
}

/** Changes the errors of these methods, possibly into results. */
export function errors(
  methods: string | readonly string[],
  change: (error: RpcError, call: Call) => Pick<Message, 'result' | 'error'>,
): Mutant {
  return answers(methods, ({ error, result: _result, ...message }, call) =>
    error ? { ...message, ...change(error, call) } : { ...message, ...(_result ? { result: _result } : {}) },
  );
}

/** Changes every task that a method answers with. */
export function tasks(change: (task: Json, call: Call) => Json): Mutant {
  return results(['tools/call', 'tasks/get', 'tasks/cancel', 'tasks/list'], (result, call) => {
    if (call.method === 'tasks/list')
      return { ...result, tasks: (result['tasks'] as Json[]).map((task) => change(task, call)) };
    if (call.method !== 'tools/call') return change(result, call);
    return result['task'] ? { ...result, task: change(result['task'] as Json, call) } : result;
  });
}

/** Changes the questions that the server asks. */
export function asked(change: (question: Message) => readonly Message[]): Mutant {
  return messages((message) => (message.method === 'elicitation/create' ? change(message) : [message]));
}

/** Changes the client's requests on their way to the server. */
export function requests(methods: readonly string[], change: (params: Json) => Json): Mutant {
  return (serve) => async (request) => {
    const message = await read(request).catch((): Message => ({}));
    if (!methods.includes(message.method ?? '')) return await serve(request);
    return await serve(post(request, { ...message, params: change(message.params ?? {}) }));
  };
}

/** Creates the mutant's own request, which continues even if the client hangs up. */
export function post(like: Request, message: Message): Request {
  return new Request(like.url, { method: 'POST', headers: like.headers, body: JSON.stringify(message) });
}

/** Handles requests of this method with `answer` instead of passing them on. */
export function instead(
  method: string,
  answer: (message: Message, request: Request, serve: Serve) => Response | Promise<Response>,
): Mutant {
  return (serve) => async (request) => {
    const message = await read(request).catch((): Message => ({}));
    return message.method === method ? await answer(message, request, serve) : await serve(request);
  };
}

/** Changes the headers of requests. */
export function headers(change: (headers: Headers) => void): Mutant {
  return (serve) => async (request) => {
    const changed = new Request(request, { headers: new Headers(request.headers) });
    change(changed.headers);
    return await serve(changed);
  };
}

export const without = ({ ...object }: Json, field: string): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== field));
export const about = (taskId: unknown): Json => ({ [RELATED_TASK]: { taskId } });
export const reply = (id: unknown, answer: Pick<Message, 'result' | 'error'>): Response =>
  Response.json({ jsonrpc: '2.0', id, ...answer });
