/** Tests of capabilities and tool-level negotiation. @module */
import type { Test } from '../suite/context.js';
import { accept, declares, question, startTask, startAsking, startSlow, taskSupport, tools } from '../suite/tasks.js';
import { check, seen, skip } from '../suite/verdict.js';
import type { Json } from '../wire/message.js';
import { CallToolResult, CreateTaskResult, TasksCapability } from '../wire/schemas.js';

const LEVELS: readonly unknown[] = [undefined, 'required', 'optional', 'forbidden'];

export const capabilityTests: Record<string, Test> = {
  async 'capabilities-1'(t) {
    const { capabilities } = await t.connect();
    check(capabilities['tasks'] !== undefined, `declared are ${seen(Object.keys(capabilities))}`);
  },

  async 'capabilities-2'(t) {
    const tasks = (await t.connect()).capabilities['tasks'];
    check(TasksCapability.safeParse(tasks).success, `tasks is ${seen(tasks)}`);
    check(TasksCapability.parse(tasks).requests?.tools?.call, `tasks.requests.tools.call is missing in ${seen(tasks)}`);
  },

  async 'capabilities-4'(t) {
    // This session's client declares elicitation but not tasks.
    const session = await t.connect();
    const { taskId } = await startAsking(session);
    const asked = await question(session, taskId);
    await accept(session, asked);
    check(asked.params['task'] === undefined, `elicitation/create has task: ${seen(asked.params['task'])}`);
  },

  async 'capabilities-6'(t) {
    const session = await t.connect();
    const { result, error } = await session.ask('tasks/list');
    if (declares(session, 'list')) check(result, `declared, and answered with ${seen(error)}`);
    else check(error?.code === -32601, `not declared, and answered with ${seen(result ?? error)} instead of -32601`);
  },

  async 'capabilities-7'(t) {
    const session = await t.connect();
    const taskId = await startSlow(session, 2);
    const { result, error } = await session.ask('tasks/cancel', { taskId });
    if (declares(session, 'cancel')) check(result, `declared, and answered with ${seen(error)}`);
    else check(error?.code === -32601, `not declared, and answered with ${seen(result ?? error)} instead of -32601`);
  },

  async 'support-1'(t) {
    const session = await t.connect();
    const plain = await session.result('tools/list');
    const augmented = await session.result('tools/list', { task: { ttl: 60_000 } });
    check(Array.isArray(augmented['tools']), `tools/list with params.task was answered with ${seen(augmented)}`);
    check(
      augmented['tools'].length === (plain['tools'] as unknown[]).length,
      'tools/list with params.task was answered with other tools',
    );
  },
};

export const toolTests: Record<string, Test> = {
  async 'tools-1'(t) {
    const odd = (await tools(await t.connect())).filter(({ execution }) => !LEVELS.includes(execution?.taskSupport));
    check(odd.length === 0, `other values: ${seen(odd)}`);
  },

  async 'tools-4'(t) {
    const session = await t.connect();
    const without = (await tools(session)).find(
      ({ execution }) => (execution?.taskSupport ?? 'forbidden') === 'forbidden',
    );
    if (!without) skip('every tool supports tasks');
    const { result, error } = await session.ask('tools/call', {
      name: without.name,
      arguments: { name: 'World' },
      task: { ttl: 60_000 },
    });
    check(error?.code === -32601, `${without.name}, called as a task, was answered with ${seen(result ?? error)}`);
  },

  async 'tools-5'(t) {
    const session = await t.connect();
    if ((await taskSupport(session, 'echo_task')) !== 'optional') skip('echo_task is not optional');
    const request = { name: 'echo_task', arguments: { text: 'either way' } };
    const plain: Json = await session.result('tools/call', request);
    check(CallToolResult.safeParse(plain).success, `the normal request was answered with ${seen(plain)}`);
    await startTask(session, request.name, request.arguments);
  },

  async 'tools-7'(t) {
    const session = await t.connect();
    const required = (await tools(session)).find(({ execution }) => execution?.taskSupport === 'required');
    if (!required) skip('no tool requires tasks');
    const { result, error } = await session.ask('tools/call', { name: required.name, arguments: {} });
    check(
      error?.code === -32601,
      `${required.name}, called without a task, was answered with ${seen(result ?? error)}`,
    );
  },

  async 'create-1'(t) {
    const session = await t.connect();
    for (const task of [{}, { ttl: 60_000 }]) {
      const result = await session.result('tools/call', { name: 'echo_task', arguments: { text: 'ttl' }, task });
      check(CreateTaskResult.safeParse(result).success, `task: ${seen(task)} was answered with ${seen(result)}`);
    }
  },

  async 'create-2'(t) {
    const session = await t.connect();
    const result = await session.result('tools/call', { name: 'echo_task', arguments: { text: 'later' }, task: {} });
    const early = ['content', 'structuredContent', 'isError'].filter((field) => field in result);
    check(early.length === 0, `the CreateTaskResult has ${early.join(', ')}`);
  },
};
