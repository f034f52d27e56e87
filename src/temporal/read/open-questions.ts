/**
 * Finds the questions that an existing workflow is asking now, each with a key that is unique over its task's lifetime.
 * @module
 */
import type { TaskReport } from '../../task/report.js';
import type { InputMapping, WorkflowMapping } from '../../task/workflow-mapping.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import type { Run } from './history.js';
import { keyAfter, queryOf, questionName } from './mapped-report.js';
import type { Reported } from './reports.js';
import { TakenMessages } from './taken.js';

export interface OpenQuestions {
  readonly inputs: TaskReport['inputs'];
  /** The names of questions that may already have been answered. They are left out of `inputs`. */
  readonly unsure: ReadonlySet<string>;
}

export class OpenQuestionReader {
  readonly #taken: TakenMessages;

  constructor(calls: Calls) {
    this.#taken = new TakenMessages(calls);
  }

  /** Returns the open questions. This package's own workflows make their keys themselves. */
  async read(
    run: Run,
    mapping: WorkflowMapping | undefined,
    { report, answeredAt }: Reported,
    until: number,
  ): Promise<OpenQuestions> {
    const inputs = report?.inputs ?? {};
    if (!mapping) return { inputs, unsure: new Set() };
    const asked = await Promise.all(
      Object.entries(inputs).map(async ([key, request]) => {
        const input = inputOf(mapping, key);
        const spoke = (input && answeredAt.get(queryOf(mapping, input))) ?? 0;
        const taken =
          input &&
          (await this.#taken
            .last(run, answersOf(input), spoke, Math.min(until, within(DEADLINE.query)))
            .catch(() => undefined));
        // If an answer was taken after the workflow listed this question, it may have been to this question.
        return taken && taken.by <= spoke ? ([keyAfter(key, taken.event), request] as const) : questionName(key);
      }),
    );
    return {
      inputs: Object.fromEntries(asked.filter((one) => typeof one !== 'string')),
      unsure: new Set(asked.filter((one) => typeof one === 'string')),
    };
  }
}

/** Returns how the question with this key is asked and answered; `undefined` if there is no such question. */
export function inputOf({ inputs = {} }: WorkflowMapping, key: string): InputMapping | undefined {
  const name = questionName(key);
  return Object.hasOwn(inputs, name) ? inputs[name] : undefined;
}

/** Returns the names of the updates or signals that answer the question. */
function answersOf({ answer, declined }: InputMapping): string[] {
  return [answer.name, ...(declined ? [declined.name] : [])];
}
