/** The questions that an existing workflow asks now, each with a key of its own for the lifetime of its task. @module */
import type { TaskReport } from '../../task/report.js';
import type { InputMapping, WorkflowMapping } from '../../task/workflow-mapping.js';
import { DEADLINE, within, type Calls } from '../rpc/calls.js';
import type { Run } from './history.js';
import { keyAfter, queryOf, questionName } from './mapped-report.js';
import type { Reported } from './reports.js';
import { TakenMessages } from './taken.js';

export interface Questions {
  readonly inputs: TaskReport['inputs'];
  /** By name, those of which it is not known in time whether they are the ones before the last answer: they are left out. */
  readonly unsure: ReadonlySet<string>;
}

export class OpenQuestions {
  readonly #taken: TakenMessages;

  constructor(calls: Calls) {
    this.#taken = new TakenMessages(calls);
  }

  /** A workflow of ours makes its keys itself. */
  async of(
    run: Run,
    mapping: WorkflowMapping | undefined,
    { report, answeredAt }: Reported,
    until: number,
  ): Promise<Questions> {
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
        // An answer that was taken after the workflow spoke may have been to this.
        return taken && taken.by <= spoke ? ([keyAfter(key, taken.event), request] as const) : questionName(key);
      }),
    );
    return {
      inputs: Object.fromEntries(asked.filter((one) => typeof one !== 'string')),
      unsure: new Set(asked.filter((one) => typeof one === 'string')),
    };
  }
}

/** How the question that a key is of is asked and answered; `undefined` for a key of none. */
export function inputOf({ inputs = {} }: WorkflowMapping, key: string): InputMapping | undefined {
  const name = questionName(key);
  return Object.hasOwn(inputs, name) ? inputs[name] : undefined;
}

/** The updates or signals that are answers to it. */
function answersOf({ answer, declined }: InputMapping): string[] {
  return [answer.name, ...(declined ? [declined.name] : [])];
}
