/** Checks what the gateway's role may do, with calls on a workflow that does not exist. They change nothing. @module */
import { randomUUID } from 'node:crypto';
import proto from '@temporalio/proto';
import pRetry from 'p-retry';
import { GRPC, grpcCode, within, type Calls } from '../../temporal/rpc/calls.js';
import { isNamespaceMissing } from '../../temporal/rpc/refusal.js';
import type { DurableTool } from '../../tool/define-tool.js';
import type { GatewayConfig } from '../config.js';
import { needsWorker } from '../confirm-worker.js';
import { DEADLINE, error, isRefusal, ok, reasonOf, warning, type Finding } from './finding.js';

const { TaskQueueKind } = proto.temporal.api.enums.v1;

/** The codes that prove a right: the call passed authorization and failed on the missing workflow or argument. */
const GOT_THROUGH = new Set<number | undefined>([GRPC.NOT_FOUND, GRPC.INVALID_ARGUMENT]);
/** The pause before the second attempt, in milliseconds. */
const PAUSE = 1_000;

const NO_RIGHTS =
  'this client has no rights here: check the API key or client certificate, and give its role write access to this namespace';
const SOME_RIGHTS = 'give this client a role with write access to this namespace, or allow these calls';
/** The right that only a limit needs. Servers work without it. */
const COUNT = 'count';
const NO_COUNT =
  'allow this call. Without it, the limit `runningTasks` counts only the tasks that each gateway process has started itself: restarts and other replicas let callers exceed it';
const UNSUPPORTED = 'the server, or a proxy in front of it, does not support these calls: upgrade it';

type Probe = () => Promise<unknown>;
/** The rights to check, each with its probes by API method. Temporal's authorizers know the methods by these names. */
type Probes = Readonly<Record<string, Readonly<Record<string, Probe>>>>;

/**
 * Checks the rights that these tools need, and no others.
 * @param tools the tools in this namespace
 */
export async function rightsFindings(
  calls: Calls,
  tools: readonly DurableTool[],
  config: Settings,
): Promise<Finding[]> {
  const { namespace } = calls.client.options;
  const where = `rights in namespace ${namespace}`;
  const probes = probesFor(calls, needsOf(tools, config));
  const results = await Promise.all(
    Object.entries(probes).flatMap(([right, byCall]) =>
      Object.entries(byCall).map(async ([call, probe]) => ({ right, call, thrown: await outcome(calls, probe) })),
    ),
  );
  const failed = results.filter(({ thrown }) => thrown !== undefined);
  if (failed.length === 0) return [ok(`${where}: this role may ${listed(Object.keys(probes))} workflows`)];
  const refused = failed.filter(({ thrown }) => isRefusal(thrown));
  // A client without any rights gets one error.
  const [denied, uncounted] =
    refused.length === results.length ? [refused, []] : partition(refused, ({ right }) => right !== COUNT);
  const unknown = failed.filter(({ thrown }) => !isRefusal(thrown));
  const findings: Finding[] = [];
  if (denied.length > 0)
    findings.push(
      error(
        `${where}: this role may not ${summary(denied)}`,
        refused.length === results.length ? NO_RIGHTS : SOME_RIGHTS,
      ),
    );
  if (uncounted.length > 0) findings.push(warning(`${where}: this role may not ${summary(uncounted)}`, NO_COUNT));
  if (unknown.length > 0)
    findings.push(
      warning(
        `${where}: could not determine whether this role may ${summary(unknown)}`,
        unknown.some(({ thrown }) => grpcCode(thrown) === GRPC.UNIMPLEMENTED) ? UNSUPPORTED : 'run doctor again',
      ),
    );
  return findings;
}

interface ProbeResult {
  readonly right: string;
  readonly call: string;
  readonly thrown: unknown;
}

/**
 * Returns the error that kept a probe from getting through, or `undefined`. Errors that may be temporary, such as a
 * rate limit, get a second attempt.
 */
async function outcome(calls: Calls, probe: Probe): Promise<unknown> {
  const attempt = async (): Promise<void> => {
    await calls.once(within(DEADLINE), probe).catch((thrown: unknown) => {
      if (!GOT_THROUGH.has(grpcCode(thrown)) || isNamespaceMissing(thrown)) throw thrown;
    });
  };
  return await pRetry(attempt, {
    retries: 1,
    minTimeout: PAUSE,
    shouldRetry: ({ error: thrown }) => !isRefusal(thrown) && grpcCode(thrown) !== GRPC.UNIMPLEMENTED,
  }).catch((thrown: unknown) => thrown);
}

function summary(results: readonly ProbeResult[]): string {
  const rights = listed([...new Set(results.map(({ right }) => right))]);
  const reasons = [...new Set(results.map(({ thrown }) => reasonOf(thrown)))].join('; ');
  return `${rights} workflows (${results.map(({ call }) => call).join(', ')}): ${reasons}`;
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter((one) => isFirst(one)), all.filter((one) => !isFirst(one))];
}

/** Joins words as in "start, read and list". */
function listed(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(' and ');
}

type Need = 'query' | 'update' | 'signal' | 'work on' | 'schedule' | 'delete' | typeof COUNT;
type Settings = Pick<GatewayConfig, 'onTtl' | 'deleteExpired' | 'limits'>;

/** Returns the rights that only some tools and settings need. */
function needsOf(tools: readonly DurableTool[], config: Settings): ReadonlySet<Need> {
  const needs = new Set<Need>();
  if (config.limits?.runningTasks !== false) needs.add(COUNT);
  if (config.deleteExpired) for (const need of ['work on', 'schedule', 'delete'] as const) needs.add(need);
  if (tools.some((tool) => needsWorker(tool, config))) needs.add('work on');
  for (const { work, beforeStart } of tools) {
    // The workflow that asks is the gateway's own: the gateway runs its worker, queries it and delivers the answers.
    if (beforeStart) for (const need of ['query', 'update', 'signal'] as const) needs.add(need);
    const { status, inputs = {} } = (work.kind === 'workflow' && work.existing?.mapping) || {};
    const questions = Object.values(inputs);
    if (status || questions.length > 0) needs.add('query');
    for (const { answer, declined } of questions)
      for (const { kind } of declined ? [answer, declined] : [answer]) needs.add(kind);
  }
  return needs;
}

function probesFor({ client }: Calls, needs: ReadonlySet<Need>): Probes {
  const {
    workflowService: service,
    options: { namespace },
  } = client;
  const workflowId = `mcp-doctor-${randomUUID()}`;
  const execution = { workflowId };
  const updateId = randomUUID();
  const query = `WorkflowId = '${workflowId}'`;
  const optional: Record<Need, Record<string, Probe>> = {
    [COUNT]: {
      CountWorkflowExecutions: async () => await service.countWorkflowExecutions({ namespace, query }),
    },
    query: {
      QueryWorkflow: async () => await service.queryWorkflow({ namespace, execution, query: { queryType: 'none' } }),
    },
    update: {
      UpdateWorkflowExecution: async () =>
        await service.updateWorkflowExecution({
          namespace,
          workflowExecution: execution,
          request: { meta: { updateId }, input: { name: 'none' } },
        }),
      PollWorkflowExecutionUpdate: async () =>
        await service.pollWorkflowExecutionUpdate({ namespace, updateRef: { workflowExecution: execution, updateId } }),
    },
    signal: {
      SignalWorkflowExecution: async () =>
        await service.signalWorkflowExecution({ namespace, workflowExecution: execution, signalName: 'none' }),
    },
    // These polls name no task queue and complete no task. A worker does not start if it cannot describe its namespace.
    'work on': {
      DescribeNamespace: async () => await service.describeNamespace({ namespace }),
      PollWorkflowTaskQueue: async () =>
        await service.pollWorkflowTaskQueue({
          namespace,
          taskQueue: { name: '', kind: TaskQueueKind.TASK_QUEUE_KIND_NORMAL },
        }),
      RespondWorkflowTaskCompleted: async () => await service.respondWorkflowTaskCompleted({ namespace }),
    },
    // The server rejects a schedule at no time that exists, but only after checking the right.
    schedule: {
      CreateSchedule: async () =>
        await service.createSchedule({
          namespace,
          scheduleId: workflowId,
          schedule: { spec: { cronString: ['none'] } },
          requestId: randomUUID(),
        }),
    },
    delete: {
      DeleteWorkflowExecution: async () =>
        await service.deleteWorkflowExecution({ namespace, workflowExecution: execution }),
    },
  };
  return {
    // Without a workflow type the server rejects it, but only after checking the right.
    start: {
      StartWorkflowExecution: async () =>
        await service.startWorkflowExecution({ namespace, workflowId, requestId: randomUUID() }),
    },
    read: {
      DescribeWorkflowExecution: async () => await service.describeWorkflowExecution({ namespace, execution }),
      // A long poll, like reading results: long polls have a limit of their own.
      GetWorkflowExecutionHistory: async () =>
        await service.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1, waitNewEvent: true }),
      GetWorkflowExecutionHistoryReverse: async () =>
        await service.getWorkflowExecutionHistoryReverse({ namespace, execution, maximumPageSize: 1 }),
    },
    cancel: {
      RequestCancelWorkflowExecution: async () =>
        await service.requestCancelWorkflowExecution({ namespace, workflowExecution: execution }),
    },
    list: {
      ListWorkflowExecutions: async () => await service.listWorkflowExecutions({ namespace, pageSize: 1, query }),
    },
    ...Object.fromEntries(Object.entries(optional).filter(([need]) => needs.has(need as Need))),
  };
}
