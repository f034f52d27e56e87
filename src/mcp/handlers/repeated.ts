/**
 * Serves a call that is repeated with the answers to its task's questions: delivers them and continues to wait.
 * Repeating it again delivers nothing twice, because the workflow takes the first answer to a question.
 * @module
 */
import type { RpcResult } from '../../protocol/request.js';
import type { RepeatedCall } from '../../protocol/version.js';
import { isMcpTasksError } from '../../task/errors.js';
import { MOST_REFUSALS, withProblem } from '../../task/refused-answers.js';
import { errorResult } from '../../task/result.js';
import type { Task } from '../../task/task.js';
import { handleResult } from '../tools/handle-result.js';
import type { TaskService } from '../service.js';
import { awaitAnswer, type Wait } from './wait.js';

/**
 * Returns the answer to the repeated call: the task's result, its next questions, or its handle. A question whose
 * answer an existing workflow refuses is asked again, with the reason; this package's own workflows ask again
 * themselves.
 * @param waitOn waits for the task and returns the answer to the call
 * @throws as `waitOn`; McpTasksError `TASK_NOT_FOUND`, `NO_WORKER`, `TEMPORAL_UNAVAILABLE`
 */
export async function resumeCall(
  resumed: Omit<Wait, 'task'>,
  repeated: RepeatedCall,
  waitOn: (wait: Wait) => Promise<RpcResult> = awaitAnswer,
): Promise<RpcResult> {
  const { service, version, call } = resumed;
  const { engine } = service;
  const { id: owner } = call.ctx.owner;
  const { taskId, answers, refusals } = repeated;
  const before = await engine.get(owner, taskId);
  const problem = before.outcome ? undefined : await deliver(service, owner, before, answers);
  if (problem === undefined || !version.questions)
    return await waitOn({ ...resumed, task: before, answered: new Set(Object.keys(answers)) });
  const task = await engine.get(owner, taskId);
  if (refusals + 1 >= MOST_REFUSALS) return { ...gaveUp(resumed, task, problem) };
  const questions = Object.entries(version.questions.open(task, call.ctx)).map(
    ([key, request]) => [key, Object.hasOwn(answers, key) ? withProblem(request, problem) : request] as const,
  );
  // The question may have been closed, for example because someone else has answered it.
  if (questions.length === 0) return await waitOn({ ...resumed, task });
  return await version.questions.ask(call, {
    taskId,
    questions: Object.fromEntries(questions),
    refusals: refusals + 1,
  });
}

/**
 * Delivers the answers. A client would not send them again, so if no worker takes them, Temporal keeps them. It cannot
 * do so for an existing workflow, because only a worker can tell whether the question is still open.
 * @returns why an answer was refused; `undefined` if none was
 */
async function deliver(
  { engine }: TaskService,
  owner: string,
  { id, mapping }: Task,
  answers: RepeatedCall['answers'],
): Promise<string | undefined> {
  if (mapping) return await engine.respond(owner, id, answers).then(() => undefined, refusalOf);
  await Promise.all(
    Object.entries(answers).map(async ([key, answer]) => await engine.reply(owner, id, key, { answer })),
  );
  return undefined;
}

/** Returns why an answer was refused. */
function refusalOf(error: unknown): string {
  if (isMcpTasksError(error, 'INVALID_ARGUMENTS')) return error.message;
  throw error;
}

function gaveUp({ service }: Omit<Wait, 'task'>, task: Task, problem: string) {
  if (service.tools.fallback.handles.has(task.tool)) return handleResult(task);
  return errorResult(
    `${task.tool} is still waiting for an answer, but ${MOST_REFUSALS} answers in a row were refused. Do not call it again. The last answer was refused because: ${problem}`,
  );
}
