/**
 * Counts refused answers to the questions of existing workflows, which do not count them themselves. Each process
 * counts the answers that it receives, because a refused answer leaves no trace in the workflow.
 * @module
 */
import { LRUCache } from 'lru-cache';
import { cut } from '../../limits/limits.js';
import { MOST_REFUSALS, pauseAfter } from '../../task/refused-answers.js';
import type { Task } from '../../task/task.js';

/** How many questions are remembered. */
const MOST = 10_000;
/** How many sessions are remembered for each question, because a client can begin any number of them. */
const MOST_SESSIONS = 100;
/** The maximum length of the reason in a status message, in characters. */
const REASON_LENGTH = 200;

interface Refused {
  times: number;
  /** By session; `''` for none. */
  readonly sessions: LRUCache<string, number>;
  problem: string;
}

export class Refusals {
  readonly #questions = new LRUCache<string, Refused>({ max: MOST });

  /**
   * Records a refused answer.
   * @param session the session that gave it, if the version has sessions
   * @returns how long to wait before asking again, in milliseconds
   */
  add(taskId: string, key: string, session: string | undefined, problem: string): number {
    const question = this.#questions.get(nameOf(taskId, key)) ?? {
      times: 0,
      sessions: new LRUCache({ max: MOST_SESSIONS }),
      problem,
    };
    question.times += 1;
    question.problem = problem;
    question.sessions.set(session ?? '', (question.sessions.get(session ?? '') ?? 0) + 1);
    this.#questions.set(nameOf(taskId, key), question);
    return pauseAfter(question.times);
  }

  /** Returns whether the client of this session may be asked this question. */
  asks(taskId: string, key: string, session: string | undefined): boolean {
    return (this.#questions.get(nameOf(taskId, key))?.sessions.get(session ?? '') ?? 0) < MOST_REFUSALS;
  }

  /** Returns the problem with the last answer, if one was refused. */
  problem(taskId: string, key: string): string | undefined {
    return this.#questions.get(nameOf(taskId, key))?.problem;
  }

  /** Returns the task with a message that says how often answers to its open questions were refused, and why. */
  noted(task: Task): Task {
    const notes = Object.keys(task.inputs).flatMap((key) => {
      const question = this.#questions.get(nameOf(task.id, key));
      return question ? [noteOn(question)] : [];
    });
    if (notes.length === 0) return task;
    return { ...task, message: [task.message, ...notes].filter(Boolean).join(' · ') };
  }
}

function noteOn({ times, sessions, problem }: Refused): string {
  const stopped = [...sessions.values()].some((refused) => refused >= MOST_REFUSALS);
  const next = stopped
    ? '. A client is not asked again after five such answers: answer from another session, or cancel the task'
    : '';
  return `${times === 1 ? 'an answer was' : `${times} answers were`} not accepted: ${cut(problem, REASON_LENGTH)}${next}`;
}

function nameOf(taskId: string, key: string): string {
  return `${taskId}\0${key}`;
}
