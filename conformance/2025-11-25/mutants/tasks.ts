/** The mutants that break the rules of the page on tasks, by the ID of the rule. @module */
import type { Json, Message } from '../wire/message.js';
import { TERMINAL } from '../wire/schemas.js';
import {
  about,
  answers,
  asked,
  errors,
  headers,
  instead,
  messages,
  post,
  read,
  reply,
  requests,
  results,
  tasks,
  without,
} from './change.js';
import type { Mutant } from './proxy.js';

const NOT_FOUND = { error: { code: -32601, message: 'Method not found' } };
const EMPTY = { result: { content: [] } };
const is =
  (status: string) =>
  (task: Json): boolean =>
    task['status'] === status;
const isOver = (task: Json): boolean => TERMINAL.includes(String(task['status']));

/** Makes `tasks/get` report `status` from the `nth` read on of a task that matches `when`. */
function getsFrom(nth: number, when: (task: Json) => boolean, status: string): Mutant {
  const looks = new Map<unknown, number>();
  return results('tasks/get', (task) => {
    if (!when(task)) return task;
    const look = (looks.get(task['taskId']) ?? 0) + 1;
    looks.set(task['taskId'], look);
    return look >= nth ? { ...task, status } : task;
  });
}

/** Sends another message on the stream of `tasks/result`, before its answer. */
function inserts(message: (taskId: unknown) => Message): Mutant {
  return answers('tasks/result', (answer, { params }) => [{ jsonrpc: '2.0', ...message(params['taskId']) }, answer]);
}

function capabilities(change: (capabilities: Json) => Json): Mutant {
  return results('initialize', (result) => ({ ...result, capabilities: change(result['capabilities'] as Json) }));
}

/** Changes the status that `tasks/get` reports, from the first input response on. */
function afterAnswer(change: (status: unknown) => unknown): Mutant {
  let answered = false;
  const changed = results('tasks/get', (task) => (answered ? { ...task, status: change(task['status']) } : task));
  return (serve) => async (request) => {
    answered ||= (await read(request).catch((): Message => ({}))).result?.['action'] !== undefined;
    return await changed(serve)(request);
  };
}

const capabilityMutants: Record<string, () => Mutant> = {
  'capabilities-1': () => capabilities((declared) => without(declared, 'tasks')),
  'capabilities-2': () => capabilities((declared) => ({ ...declared, tasks: { requests: { tools: { call: true } } } })),
  'capabilities-4': () => asked((question) => [{ ...question, params: { ...question.params, task: { ttl: 60_000 } } }]),
  'capabilities-6': () => instead('tasks/list', ({ id }) => reply(id, NOT_FOUND)),
  'capabilities-7': () => instead('tasks/cancel', ({ id }) => reply(id, NOT_FOUND)),
  'support-1': () =>
    answers('tools/list', (answer, { params }) =>
      params['task'] ? { jsonrpc: '2.0', id: answer.id, ...NOT_FOUND } : answer,
    ),
  'tools-1': () =>
    results('tools/list', (result) => ({
      ...result,
      tools: (result['tools'] as Json[]).map((tool) => ({ ...tool, execution: { taskSupport: 'sometimes' } })),
    })),
  'tools-4': () =>
    errors('tools/call', (error, { params }) => ({ error: params['task'] ? { ...error, code: -32602 } : error })),
  'tools-5': () =>
    instead('tools/call', async ({ id, params }, request, serve) =>
      params?.['task'] ? await serve(request) : reply(id, NOT_FOUND),
    ),
  'tools-7': () =>
    instead('tools/call', async ({ id, params }, request, serve) =>
      params?.['task'] ? await serve(request) : reply(id, EMPTY),
    ),
  'create-1': () =>
    instead('tools/call', async ({ id, params }, request, serve) =>
      (params?.['task'] as Json | undefined)?.['ttl']
        ? await serve(request)
        : reply(id, { error: { code: -32602, message: 'a task needs a ttl' } }),
    ),
  'create-2': () => results('tools/call', (result) => ({ ...result, content: [] })),
};

const lifecycleMutants: Record<string, () => Mutant> = {
  'task-ids-1': () => tasks((task) => ({ ...task, taskId: 17 })),
  'task-ids-2': () =>
    tasks((task, { params }) => ({
      ...task,
      taskId: (params['task'] as Json | undefined)?.['taskId'] ?? task['taskId'],
    })),
  'task-ids-3': () => {
    let first: unknown;
    return results('tools/call', ({ task }) => ({
      task: { ...(task as Json), taskId: (first ??= (task as Json)['taskId']) },
    }));
  },
  'status-1': () => results('tools/call', ({ task }) => ({ task: { ...(task as Json), status: 'input_required' } })),
  'status-2': () => getsFrom(1, is('working'), 'queued'),
  'status-3': () => getsFrom(2, isOver, 'working'),
  'ttl-1': () => tasks((task) => without(task, 'createdAt')),
  'ttl-2': () => tasks((task) => ({ ...task, lastUpdatedAt: 'just now' })),
  'ttl-4': () => results('tasks/get', (task) => without(task, 'ttl')),
  'ttl-6': () => results('tasks/get', (task) => ({ ...task, pollInterval: '1 second' })),
  'resources-2': () =>
    results('tools/call', ({ task }, { params }) => ({
      task: { ...(task as Json), ttl: (params['task'] as Json)['ttl'] },
    })),
  'resources-3': () => {
    let last: Json = {};
    return answers('tasks/get', ({ result, ...answer }) => ({
      jsonrpc: '2.0',
      id: answer.id,
      result: (last = result ?? last),
    }));
  },
};

const inputMutants: Record<string, () => Mutant> = {
  'input-2': () =>
    instead('tasks/get', async (_message, request, serve) => {
      const response = await serve(request);
      if (!response.headers.get('content-type')?.startsWith('application/json')) return response;
      return new Response(`data: ${await response.text()}\n\n`, { headers: { 'content-type': 'text/event-stream' } });
    }),
  'input-3': () => results('tasks/get', (task) => (is('input_required')(task) ? { ...task, status: 'working' } : task)),
  'input-4': () => asked((question) => [{ ...question, params: without(question.params ?? {}, '_meta') }]),
  'input-6': () => afterAnswer(() => 'input_required'),
  'input-7': () => afterAnswer((status) => (status === 'input_required' ? 'working' : status)),
  'input-8': () => asked(() => []),
};

const messageMutants: Record<string, () => Mutant> = {
  'related-1': () =>
    messages((message) => [
      message.method && message.id !== undefined
        ? { ...message, params: without(message.params ?? {}, '_meta') }
        : message,
    ]),
  'related-5': () =>
    requests(['tasks/get', 'tasks/result', 'tasks/cancel'], (params) => {
      const [related] = Object.values((params['_meta'] ?? {}) as Record<string, Json>);
      return { ...params, taskId: related?.['taskId'] ?? params['taskId'] };
    }),
  'related-6': () => results(['tasks/get', 'tasks/cancel'], (task) => ({ ...task, _meta: about(task['taskId']) })),
  'metadata-3': () => results('tasks/result', (result) => without(result, '_meta')),
  'notifications-1': () =>
    inserts((taskId) => ({ method: 'notifications/tasks/status', params: { taskId, status: 'completed' } })),
  'notifications-3': () =>
    inserts((taskId) => ({
      method: 'notifications/tasks/status',
      params: { taskId, status: 'completed', _meta: about(taskId) },
    })),
  'progress-1': () =>
    inserts((taskId) => ({
      method: 'notifications/progress',
      params: { progressToken: taskId, progress: 1, _meta: about(taskId) },
    })),
};

/** Answers a call as a task only once the task has ended. */
const answeredAtTheEnd: Mutant = (serve) => async (request) => {
  const waiting = answers('tools/call', async (answer) => {
    const { taskId } = (answer.result?.['task'] ?? {}) as Json;
    const response = await serve(
      post(request, { jsonrpc: '2.0', id: 'end', method: 'tasks/result', params: { taskId } }),
    );
    await response.text();
    return answer;
  });
  return await waiting(serve)(request);
};

const resultMutants: Record<string, () => Mutant> = {
  'result-1': () => results('tools/call', ({ task }) => task as Json),
  'result-2': () => answeredAtTheEnd,
  'result-3': () =>
    answers('tasks/result', ({ id }) => ({ jsonrpc: '2.0', id, error: { code: -32602, message: 'too late' } })),
  'result-4': () => instead('tasks/result', ({ id }) => reply(id, EMPTY)),
  'result-5': () =>
    results('tasks/result', (result) => ({
      ...result,
      content: [{ type: 'text', text: `The result is ${JSON.stringify(result['content'])}` }],
    })),
  'result-structure': () => results('tasks/result', (result) => ({ result, _meta: result['_meta'] })),
  'result-parallel': () => (serve) => {
    let pending = 0;
    const refuse = instead('tasks/get', async ({ id }, request) =>
      pending > 0 ? reply(id, { error: { code: -32600, message: 'await the result' } }) : await serve(request),
    );
    return instead('tasks/result', async (_message, request) => {
      pending++;
      return await serve(request);
    })(refuse(serve));
  },
  'result-disconnect': () =>
    instead('tasks/result', async (message, request, serve) => {
      request.signal.addEventListener('abort', () => void serve(post(request, { ...message, method: 'tasks/cancel' })));
      return await serve(request);
    }),
  'execution-1': () => getsFrom(1, is('failed'), 'completed'),
  'execution-2': () => results('tasks/get', (task) => without(task, 'statusMessage')),
  'execution-3': () => getsFrom(1, is('failed'), 'completed'),
  'execution-4': () =>
    errors('tasks/result', ({ message }) => ({
      result: { content: [{ type: 'text', text: message }], isError: true },
    })),
  'execution-5': () =>
    answers('tasks/result', ({ id, result }) => ({
      jsonrpc: '2.0',
      id,
      ...(result?.['isError'] ? { error: { code: -32603, message: 'the tool failed' } } : { result: result ?? {} }),
    })),
  'cancel-1': () =>
    errors('tasks/cancel', (_error, { params }) => ({ result: { taskId: params['taskId'], status: 'cancelled' } })),
  'cancel-3': () => results('tasks/cancel', (task) => ({ ...task, status: 'working' })),
  'cancel-4': () => getsFrom(3, is('cancelled'), 'completed'),
  'errors-1': () =>
    errors(['tasks/get', 'tasks/result', 'tasks/cancel'], (error) => ({ error: { ...error, code: -32603 } })),
  'errors-2': () => errors('tasks/list', () => ({ result: { tasks: [] } })),
  'errors-6': () => errors(['tasks/get', 'tasks/cancel'], (error) => ({ error: { ...error, message: 'Error' } })),
};

const accessMutants: Record<string, () => Mutant> = {
  'list-1': () =>
    instead('tasks/list', async (message, request, serve) => {
      const all: unknown[] = [];
      for (let cursor: unknown; ;) {
        const response = await serve(post(request, { ...message, params: cursor === undefined ? {} : { cursor } }));
        const { result = {} } = JSON.parse((await response.text()).replace(/^[^{]*/, '')) as Message;
        all.push(...(result['tasks'] as unknown[]));
        cursor = result['nextCursor'];
        if (cursor === undefined) return reply(message.id, { result: { tasks: all } });
      }
    }),
  'list-2': () => results('tasks/list', (result) => without(result, 'nextCursor')),
  'list-4': () => results('tasks/list', (result) => ({ ...result, tasks: [] })),
  'access-3': () => {
    let count = 0;
    return results('tools/call', ({ task }) => ({ task: { ...(task as Json), taskId: `task-${++count}` } }));
  },
  'access-4': () => {
    const all: Json[] = [];
    const remember = results('tools/call', ({ task }) => (all.push(task as Json), { task }));
    const declare = capabilities((declared) => ({ ...declared, tasks: { ...(declared['tasks'] as Json), list: {} } }));
    const show = instead('tasks/list', ({ id }) => reply(id, { result: { tasks: all } }));
    return (serve) => show(declare(remember(serve)));
  },
  'access-5': () => oneForAll(),
  'access-6': () => oneForAll(),
};

/** Treats every requestor as the first one that sent a token. */
function oneForAll(): Mutant {
  let first: string | null = null;
  return headers((all) => {
    first ??= all.get('authorization');
    if (first !== null) all.set('authorization', first);
  });
}

export const taskMutants: Readonly<Record<string, () => Mutant>> = {
  ...capabilityMutants,
  ...lifecycleMutants,
  ...inputMutants,
  ...messageMutants,
  ...resultMutants,
  ...accessMutants,
};
