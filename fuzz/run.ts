/** Runs cases, several at once, and checks what must hold between them. @module */
import fc from 'fast-check';
import { attempt, stillRight, type Outcome } from './attempts.js';
import { anyCase, type Case } from './cases/cases.js';
import { Health } from './health.js';
import type { Services } from './services.js';

export interface RunOptions {
  readonly cases: number;
  readonly seed: number;
  /** Runs only this case. */
  readonly only?: number;
}

export interface Report {
  readonly passed: number;
  readonly failures: readonly string[];
  /** How often each kind of answer came. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/** Cases are made in batches, each from a seed of its own, so that one case can be made again. */
const BATCH = 100;
const LANES = 8;
/** After how many cases a valid request follows. */
const GOOD_EVERY = 5;
/** After how many cases memory is measured, again and again. */
const MEASURE_EVERY = 2_000;

export async function run(
  { cases, seed, only }: RunOptions,
  services: Services,
  log: (line: string) => void,
): Promise<Report> {
  const kinds = new Map<string, number>();
  const failures: string[] = [];
  let passed = 0;
  const fail = (number: number, what: Case, problem: string): void => {
    failures.push(`case ${number}: ${problem}\n  ${JSON.stringify(what).slice(0, 2_000)}`);
    log(`FAILED ${failures.at(-1) ?? ''}`);
  };
  const one = async ({ number, what }: Numbered): Promise<void> => {
    const { problem, kind } = await outcomeOf(what, services);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const after =
      problem ??
      (number % GOOD_EVERY === 0 && what.target.startsWith('http')
        ? await stillRight(services.http[what.target === 'http-v1' ? 'v1' : 'v2']).catch(String)
        : undefined);
    if (after === undefined) passed += 1;
    else fail(number, what, after);
  };
  if (only !== undefined) {
    const [numbered] = casesOf(seed, only, only + 1);
    log(JSON.stringify(numbered));
    await one(numbered as Numbered);
    return { passed, failures, kinds, notes: [] };
  }

  const health = new Health(services);
  try {
    for (let from = 0; from < cases; from += MEASURE_EVERY) {
      const to = Math.min(cases, from + MEASURE_EVERY);
      await inLanes(casesOf(seed, from, to), one);
      const heaps = await health.measure();
      log(`${to} cases, ${failures.length} failed; heaps (MB) ${heaps}`);
    }
  } finally {
    await health.stop();
  }
  health.judge();
  return { passed, failures: [...failures, ...health.problems], kinds, notes: health.notes };
}

interface Numbered {
  readonly number: number;
  readonly what: Case;
}

/** Makes the cases from a number on, up to another one. */
function casesOf(seed: number, from: number, to: number): Numbered[] {
  const made: Numbered[] = [];
  for (let batch = Math.floor(from / BATCH); batch * BATCH < to; batch += 1) {
    const cases = fc.sample(anyCase, { seed: (seed * 1_000_003 + batch) | 0, numRuns: BATCH });
    for (const [index, what] of cases.entries()) made.push({ number: batch * BATCH + index, what });
  }
  return made.filter(({ number }) => number >= from && number < to);
}

async function outcomeOf(what: Case, services: Services): Promise<Outcome> {
  try {
    const outcome = await attempt(what, services);
    const ended = services.processes.find(({ crash }) => crash !== undefined);
    return ended
      ? { problem: `${ended.name} ended (${ended.crash}): ${ended.log.join('\n')}`, kind: 'crash' }
      : outcome;
  } catch (error) {
    return { problem: String(error), kind: 'wrong' };
  }
}

/** A server over stdio gets one case at a time, because a valid request between cases separates their answers. */
async function inLanes(cases: readonly Numbered[], one: (numbered: Numbered) => Promise<void>): Promise<void> {
  const lanes = new Map<string, Numbered[]>();
  for (const each of cases) {
    const { target } = each.what;
    const name = target.startsWith('stdio') ? target : `http ${each.number % LANES}`;
    const lane = lanes.get(name) ?? [];
    lane.push(each);
    lanes.set(name, lane);
  }
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      for (const each of lane) await one(each);
    }),
  );
}
