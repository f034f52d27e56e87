/** Runs the tests, several at a time. Each has its own sessions and deadline. @module */
import { rules, type Rule } from '../rules/index.js';
import { tests } from '../tests/index.js';
import { Context, type Target } from './context.js';
import { Failed, Skipped, within } from './verdict.js';

export interface Result {
  readonly id: string;
  readonly sentence: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'not testable';
  /** What the test saw, or why the rule does not apply or cannot be tested. */
  readonly message: string;
}

/** How many tests run at a time: enough for their waits to overlap, few enough for a server on a small machine. */
const AT_ONCE = 6;
/** Tests that start up to 110 tasks each. They run last, so that no other test has to wait behind them. */
const MANY_TASKS: readonly string[] = ['list-1', 'list-2'];
/** The most one test may take, in milliseconds. */
const DEADLINE = 60_000;

export async function runTest(id: string, target: Target): Promise<Pick<Result, 'status' | 'message'>> {
  const test = tests[id];
  if (!test) throw new Error(`no test ${id}`);
  const context = new Context(target);
  try {
    await within(DEADLINE, 'the test to end', test(context));
    return { status: 'passed', message: '' };
  } catch (error) {
    if (error instanceof Skipped) return { status: 'skipped', message: error.message };
    if (error instanceof Failed) return { status: 'failed', message: error.message };
    // The server sent something that the suite did not expect.
    return { status: 'failed', message: String(error) };
  } finally {
    await context.close();
  }
}

/**
 * Runs all tests.
 * @param onResult called with the result of each test as it ends
 * @returns the result of every rule, in the order of the specification
 */
export async function runAll(target: Target, onResult: (result: Result) => void = () => undefined): Promise<Result[]> {
  const own = rules.filter(({ id }) => id in tests);
  const results = new Map<string, Result>();
  for (const many of [false, true]) {
    // All workers share one queue: each takes the next test when it is free.
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
