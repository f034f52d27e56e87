/**
 * Properties that hold for any sequence of operations on a task, from several clients and replicas, some of them at
 * once, in both protocol versions: an ended task keeps its outcome, a cancelled task stays cancelled, no question is
 * answered twice, and no owner reads another's task.
 */
/* oxlint-disable vitest/no-conditional-expect, vitest/no-standalone-expect, vitest/expect-expect -- what must hold depends on what has been seen */
import { fileURLToPath } from 'node:url';
import { McpServer, type McpHttpHandler } from '@modelcontextprotocol/server';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/index.js';
import { startStack, type Stack } from '../helpers/stack.js';
import { send2025, send2026, type Reply, type SendOptions } from '../helpers/raw-requests.js';

const workflowsPath = fileURLToPath(new URL('../fixtures/workflows.ts', import.meta.url));
const tools = [
  defineTool({ name: 'twice', inputSchema: z.object({}), asks: ['elicitation.form'], workflow: 'askTwice' }),
];
const user = (sub: string) => ({
  token: sub,
  clientId: 'host',
  scopes: [],
  extra: { iss: 'https://issuer.example', sub },
});
const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} }, elicitation: { form: {} } };
const QUESTIONS = ['input-1', 'input-2'] as const;
const FIELDS = { 'input-1': 'name', 'input-2': 'size' } as const;

let stacks: Stack[];
let replicas: McpHttpHandler[];
beforeAll(async () => {
  const first = await startStack(tools);
  stacks = [first, await startStack(tools, { taskQueue: first.tasks.taskQueue })];
  await first.startWorker({ workflowsPath });
  replicas = stacks.map(({ tasks }) => tasks.handler(() => new McpServer({ name: 'test', version: '1.0.0' })));
});
afterAll(async () => {
  for (const stack of stacks) await stack.close();
});

type Operation = { readonly replica: 0 | 1; readonly by: 'ann' | 'bob' } & (
  | { readonly do: 'get' | 'cancel'; readonly era: '2025-11-25' | '2026-07-28' }
  | { readonly do: 'list' }
  | { readonly do: 'answer'; readonly key: (typeof QUESTIONS)[number]; readonly value: number }
);

const where = {
  replica: fc.constantFrom(0 as const, 1 as const),
  by: fc.oneof(
    { weight: 4, arbitrary: fc.constant('ann' as const) },
    { weight: 1, arbitrary: fc.constant('bob' as const) },
  ),
};
const era = fc.constantFrom('2025-11-25' as const, '2026-07-28' as const);
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ ...where, do: fc.constant('get' as const), era }) },
  { weight: 1, arbitrary: fc.record({ ...where, do: fc.constant('cancel' as const), era }) },
  { weight: 1, arbitrary: fc.record({ ...where, do: fc.constant('list' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...where,
      do: fc.constant('answer' as const),
      key: fc.constantFrom(...QUESTIONS),
      value: fc.nat(1000),
    }),
  },
);

/** The state of one task as clients have seen it so far. */
class Observed {
  /** The terminal status, once any client has seen it. */
  ended: string | undefined;
  /** Whether a cancellation has been acknowledged. */
  cancelled = false;
  /** Answers sent before any answer to the same question was acknowledged. The task must have used one of them. */
  readonly possible = new Map<string, unknown[]>();
  readonly acknowledged = new Set<string>();

  constructor(readonly taskId: string) {}

  async run(operation: Operation): Promise<void> {
    // Read before sending the request: every answer from now on must agree with these.
    const { ended, cancelled } = this;
    const options: SendOptions = { authInfo: user(operation.by), capabilities };
    const at = replicas[operation.replica] as McpHttpHandler;
    const { taskId } = this;
    if (operation.do === 'list') {
      const { tasks } = (await send2025(at, 'tasks/list', {}, options)).result as {
        tasks: { taskId: string; status: string }[];
      };
      if (operation.by === 'bob') return expect(tasks.map((task) => task.taskId)).not.toContain(taskId);
      return this.#see(tasks.find((task) => task.taskId === taskId)?.status, ended, cancelled);
    }
    if (operation.do === 'answer') {
      const { key, value } = operation;
      const content = { [FIELDS[key]]: key === 'input-1' ? String(value) : value };
      if (operation.by === 'ann' && !this.acknowledged.has(key))
        this.possible.set(key, [...(this.possible.get(key) ?? []), content[FIELDS[key]]]);
      const reply = await send2026(
        at,
        'tasks/update',
        { taskId, inputResponses: { [key]: { action: 'accept', content } } },
        options,
      );
      if (operation.by === 'bob') return foreign(reply);
      expect(reply.error).toBeUndefined();
      return void this.acknowledged.add(key);
    }
    const send = operation.era === '2025-11-25' ? send2025 : send2026;
    const reply = await send(at, `tasks/${operation.do}`, { taskId }, options);
    if (operation.by === 'bob') return foreign(reply);
    if (operation.do === 'get') return this.#see(reply.result.status, ended, cancelled);
    if (operation.era === '2025-11-25' && ended)
      return expect(reply.error).toMatchObject({ code: -32602, message: expect.stringContaining(`'${ended}'`) });
    if (!ended && !reply.error) this.cancelled ||= operation.era === '2025-11-25';
  }

  #see(status: string | undefined, ended: string | undefined, cancelled: boolean): void {
    expect(['working', 'input_required', 'completed', 'cancelled']).toContain(status);
    if (ended) expect(status).toBe(ended);
    if (cancelled) expect(status).toBe('cancelled');
    if (status === 'completed' || status === 'cancelled') {
      // Concurrent reads must agree on the outcome.
      expect(this.ended ?? status).toBe(status);
      this.ended = status;
    }
  }
}

function foreign({ error, result }: Reply): void {
  expect(result).toBeUndefined();
  expect(error).toMatchObject({
    code: -32602,
    message: expect.stringMatching(/^Failed to retrieve task: Task not found\. /),
  });
}

it('every random sequence of operations keeps the rules', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyOperation, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
      async (rounds) => {
        const { taskId } = (
          await send2026(
            replicas[0] as McpHttpHandler,
            'tools/call',
            { name: 'twice' },
            { authInfo: user('ann'), capabilities },
          )
        ).result;
        const observed = new Observed(taskId);
        for await (const task of (stacks[0] as Stack).tasks.engine.watch('token\0https://issuer.example\0ann', taskId))
          if (Object.keys(task.inputs).length === 2) break;
        for (const round of rounds) await Promise.all(round.map(async (each) => await observed.run(each)));
        const end = (
          await send2026(
            replicas[1] as McpHttpHandler,
            'tasks/get',
            { taskId },
            { authInfo: user('ann'), capabilities },
          )
        ).result;
        if (observed.ended) expect(end.status).toBe(observed.ended);
        const given = end.result?.structuredContent as Record<string, unknown> | undefined;
        for (const key of QUESTIONS) if (given) expect(observed.possible.get(key)).toContainEqual(given[FIELDS[key]]);
        await (stacks[0] as Stack).tasks.engine
          .cancel('token\0https://issuer.example\0ann', taskId)
          .catch(() => undefined);
      },
    ),
    // With real servers, shrinking takes longer than reading the counterexample.
    { numRuns: 40, endOnFailure: true },
  );
});
