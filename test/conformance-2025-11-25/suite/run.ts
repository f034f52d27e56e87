/** Runs the tests, some at a time, each in sessions and within a deadline of its own. @module */
import { rules, type Rule } from '../rules/index.js';
import { tests } from '../tests/index.js';
import { Context, type Target } from './context.js';
import { Failed, Skipped, within } from './verdict.js';

export interface Result {
  readonly id: string;
  readonly sentence: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'not testable';
  /** What was seen, or why the rule does not apply or cannot be tested. */
  readonly message: string;
}

/** How many tests run at a time: enough that their waiting overlaps, few enough for a server on a small machine. */
const AT_ONCE = 6;
/** Those that start a hundred tasks run when all others have, so that none has to wait behind them. */
const MANY_TASKS: readonly string[] = ['list-1', 'list-2'];
/** The most one test may take, in milliseconds. */
const DEADLINE = 60_000;

export async function runTest(id: string, target: Target): Promise<Pick<Result, 'status' | 'message'>> {
  const test = tests[id];
  if (!test) throw new Error(`there is no test ${id}`);
  const context = new Context(target);
  try {
    await within(DEADLINE, 'the test to end', test(context));
    return { status: 'passed', message: '' };
  } catch (error) {
    if (error instanceof Skipped) return { status: 'skipped', message: error.message };
    if (error instanceof Failed) return { status: 'failed', message: error.message };
    // The server sent something that the suite was not ready for.
    return { status: 'failed', message: String(error) };
  } finally {
    await context.close();
  }
}

/** Runs all tests; the result of every rule, in the order of the specification. `onResult` hears of each test as it ends. */
export async function runAll(target: Target, onResult: (result: Result) => void = () => undefined): Promise<Result[]> {
  const own = rules.filter(({ id }) => id in tests);
  const results = new Map<string, Result>();
  for (const many of [false, true]) {
    // One queue for all: whoever is free takes the next.
    const queue = own.filter(({ id }) => MANY_TASKS.includes(id) === many).values();
    const work = async (): Promise<void> => {
      for (const { id, sentence } of queue) {
        const result = { id, sentence, ...(await runTest(id, target)) };
        results.set(id, result);
        onResult(result);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
  return rules.map((rule) => resultOf(rule, results));
}

function resultOf({ id, sentence, sameAs, untested }: Rule, results: ReadonlyMap<string, Result>): Result {
  if (untested !== undefined) return { id, sentence, status: 'not testable', message: untested };
  const tested = results.get(sameAs ?? id);
  if (!tested) throw new Error(`the rule ${id} is not tested`);
  return {
    id,
    sentence,
    status: tested.status,
    message: sameAs === undefined ? tested.message : `as ${sameAs}${tested.message && `: ${tested.message}`}`,
  };
}
