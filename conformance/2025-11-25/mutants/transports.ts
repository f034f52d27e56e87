/** The mutants that break the rules of the page on transports, by the ID of the rule. @module */
import { isResponse, type Message } from '../wire/message.js';
import { about, answers, changeEvents, headers, instead, messages, read, wire } from './change.js';
import type { Mutant, Serve } from './proxy.js';

const EVENT_STREAM = { 'content-type': 'text/event-stream' };

/** Changes every HTTP response of the server. */
function responses(change: (response: Response, request: Request) => Response | Promise<Response>): Mutant {
  return (serve) => async (request) => await change(await serve(request), request);
}

/**
 * Makes the server appear to have sessions with these IDs, whether or not it has its own. DELETE does not end them.
 *
 * @param missing answers requests without a session ID @default they are passed on
 */
function sessions(name: (count: number) => string, missing?: (serve: Serve) => Serve): Mutant {
  let count = 0;
  const known = new Map<string, string | null>();
  return (serve) => async (request) => {
    const given = request.headers.get('mcp-session-id');
    const { method } = await read(request).catch((): Message => ({}));
    if (method !== 'initialize' && given === null && missing) return await missing(serve)(request);
    if (request.method === 'DELETE') return new Response(null, { status: 200 });
    const own = known.get(given ?? '');
    const inner = new Request(request, { headers: new Headers(request.headers) });
    if (own) inner.headers.set('mcp-session-id', own);
    else inner.headers.delete('mcp-session-id');
    const response = await serve(inner);
    if (method !== 'initialize') return response;
    const id = name(++count);
    known.set(id, response.headers.get('mcp-session-id'));
    const answered = new Response(response.body, response);
    answered.headers.set('mcp-session-id', id);
    return answered;
  };
}

/** Also sends the messages that match `copied` on the GET stream. */
function alsoOnGet(copied: (message: Message) => boolean): Mutant {
  const listening = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const encoder = new TextEncoder();
  const copy = messages((message) => {
    if (copied(message))
      for (const controller of listening) controller.enqueue(encoder.encode(wire({ data: JSON.stringify(message) })));
    return [message];
  });
  return (serve) => {
    const copying = copy(serve);
    return async (request) => {
      if (request.method !== 'GET') return await copying(request);
      // The server's own GET stream is never opened, so the client does not get what it would have brought.
      return new Response(new ReadableStream<Uint8Array>({ start: (controller) => void listening.add(controller) }), {
        headers: EVENT_STREAM,
      });
    };
  };
}

/** Gives every event with a message an ID, and drops the other events. */
function eventIds(name: (count: number) => string): Mutant {
  let count = 0;
  return responses(
    async (response) => await changeEvents(response, ({ data }) => (data === '' ? [] : [{ id: name(++count), data }])),
  );
}

/** Answers `tasks/result` with this stream. */
const resultStream = (body: string): Mutant =>
  instead('tasks/result', () => new Response(body, { headers: EVENT_STREAM }));

export const transportMutants: Readonly<Record<string, () => Mutant>> = {
  'http-utf8': () =>
    responses(async (response) => new Response(Buffer.from(await response.text(), 'latin1'), response)),
  'security-2': () => headers((all) => all.delete('origin')),
  // Changes no message. This mutant only listens on a wrong address.
  'security-4': () => (serve) => serve,
  'send-5': () => responses((response) => (response.status === 202 ? Response.json({}) : response)),
  'send-6': () => (serve) => async (request) => {
    const message: Message | undefined = await read(request).catch(() => undefined);
    const isMessage =
      request.method !== 'POST' ||
      message?.method !== undefined ||
      (message !== undefined && typeof message === 'object' && isResponse(message));
    return isMessage ? await serve(request) : new Response(null, { status: 202 });
  },
  'send-8': () =>
    responses((response, request) => {
      if (request.method !== 'POST' || response.status !== 200) return response;
      const plain = new Response(response.body, response);
      plain.headers.set('content-type', 'text/plain');
      return plain;
    }),
  'send-10': () => eventIds((count) => String(count)),
  'send-13': () => resultStream(wire({ id: '1', data: '' })),
  'send-15': () =>
    resultStream(
      wire({
        data: JSON.stringify({
          jsonrpc: '2.0',
          method: 'notifications/message',
          params: { level: 'info', data: 'bye' },
        }),
      }),
    ),
  'send-17': () =>
    answers('tasks/result', (answer) => [
      {
        jsonrpc: '2.0',
        method: 'notifications/progress',
        params: { progressToken: 1, progress: 1, _meta: about('another-task') },
      },
      answer,
    ]),
  'send-19': () =>
    responses((response) => {
      if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response;
      const open = new TransformStream<Uint8Array, Uint8Array>();
      void response.body?.pipeTo(open.writable, { preventClose: true });
      return new Response(open.readable, response);
    }),
  'listen-3': () => (serve) => async (request) => (request.method === 'GET' ? Response.json({}) : await serve(request)),
  'listen-6': () => alsoOnGet(isResponse),
  'streams-2': () => alsoOnGet(({ method }) => method === 'elicitation/create'),
  'resume-2': () => eventIds(() => 'the-same'),
  'resume-6': () => (serve) => {
    const sent: Message[] = [];
    const remember = eventIds((count) => String(count))(messages((message) => (sent.push(message), [message]))(serve));
    return async (request) => {
      if (!request.headers.has('last-event-id')) return await remember(request);
      return new Response(sent.map((message) => wire({ data: JSON.stringify(message) })).join(''), {
        headers: EVENT_STREAM,
      });
    };
  },
  'session-2': () => sessions((count) => `session-${count}`),
  'session-3': () => sessions((count) => `session ${count}`),
  'session-6': () =>
    sessions(
      (count) => `session-${count}`,
      () => async () => await Promise.resolve(new Response('who are you?', { status: 401 })),
    ),
  'session-7': () => sessions((count) => `session-${count}`),
  'version-3': () => (serve) => async (request) => {
    const isFirst = (await read(request).catch((): Message => ({}))).method === 'initialize';
    return isFirst || request.method !== 'POST' || request.headers.has('mcp-protocol-version')
      ? await serve(request)
      : new Response('which version?', { status: 400 });
  },
  'version-4': () =>
    headers((all) => {
      if (all.has('mcp-protocol-version')) all.set('mcp-protocol-version', '2025-11-25');
    }),
};
