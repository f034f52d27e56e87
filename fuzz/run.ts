/** Runs cases, several at once, and checks what must hold between them. @module */
import fc from 'fast-check';
import { attempt, stillRight, type Outcome } from './attempts.js';
import { Bystander } from './bystander.js';
import { anyCase, type Case } from './cases/cases.js';
import type { HttpServed, Services } from './services.js';

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
/** After how many cases memory is first measured, and by what factor it may grow until the end. */
const FIRST_MEASURE = 2_000;
const MAY_GROW = 1.2;
/** After how many cases memory is measured again, to show where it grew. */
const MEASURE_EVERY = 2_000;
/** How long 95 % of another owner's requests may take, in milliseconds: a stalled server takes many seconds. */
const FAST = 1_500;

export async function run(
  { cases, seed, only }: RunOptions,
  services: Services,
  log: (line: string) => void,
): Promise<Report> {
  const kinds = new Map<string, number>();
  const failures: string[] = [];
  const notes: string[] = [];
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
    return { passed, failures, kinds, notes };
  }

  const bystanders = Object.values(services.http).map((served: HttpServed) => new Bystander(served));
  const heaps = new Map<string, number[]>();
  for (let from = 0; from < cases; from += MEASURE_EVERY) {
    const to = Math.min(cases, from + MEASURE_EVERY);
    await inLanes(casesOf(seed, from, to), one);
    for (const [name, heap] of await heapsOf(services)) heaps.set(name, [...(heaps.get(name) ?? []), heap]);
    log(
      `${to} cases, ${failures.length} failed; heaps (MB) ${[...heaps].map(([name, all]) => `${name} ${megabytes(all.at(-1))}`).join(', ')}`,
    );
  }

  for (const [index, { sdk }] of Object.values(services.http).entries()) {
    const bystander = bystanders[index] as Bystander;
    const problems = await bystander.stop();
    const { times } = bystander;
    const at = (share: number): number => Math.round(times[Math.floor(share * (times.length - 1))] ?? 0);
    notes.push(
      `another owner's tasks/get on ${sdk}: ${times.length} requests, p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, slowest ${at(1)} ms, ${bystander.busy} temporary errors`,
    );
    failures.push(...problems);
    if (bystander.busy > times.length / 20)
      failures.push(`${bystander.busy} of another owner's ${times.length} requests to ${sdk} got a temporary error`);
    if (at(0.95) > FAST)
      failures.push(`95 % of another owner's requests to ${sdk} took up to ${at(0.95)} ms, more than ${FAST} ms`);
  }
  for (const [name, all] of heaps) {
    const [first = 0] = all;
    const last = all.at(-1) ?? 0;
    notes.push(`heap of ${name} (MB): ${all.map(megabytes).join(' → ')}`);
    if (cases > FIRST_MEASURE && last > first * MAY_GROW)
      failures.push(
        `the heap of ${name} grew from ${megabytes(first)} MB at case ${FIRST_MEASURE} to ${megabytes(last)} MB`,
      );
  }
  return { passed, failures, kinds, notes };
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

async function heapsOf({ processes }: Services): Promise<Map<string, number>> {
  const heaps = new Map<string, number>();
  for (const process of processes) {
    if (process.name === 'worker') continue;
    const { heap, polluted, unhandled } = await process.vitals();
    if (polluted.length > 0) throw new Error(`Object.prototype of ${process.name} now has ${polluted.join(', ')}`);
    if (unhandled > 0) throw new Error(`${process.name}: ${unhandled} unhandled rejections\n${process.log.join('\n')}`);
    heaps.set(process.name, heap);
  }
  return heaps;
}

function megabytes(bytes: number | undefined): string {
  return ((bytes ?? 0) / 1_000_000).toFixed(1);
}
