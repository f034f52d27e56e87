/** The durable work of a command tool: one attempt at running its program. @module */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { StepContext } from '../task/step-context.js';
import type { ToolResult } from '../task/result.js';
import { ToolError } from '../tool/errors.js';
import { argvOf, type CallArguments } from './arguments.js';
import { keepOf, lostStopOf, workingDirectory, type CommandTool } from './command-tool.js';
import { classify, endText } from './exit.js';
import { sweep, TaskFolder, AttemptRecord } from './folder.js';
import { thisHost } from './host.js';
import { endOfLog } from './log-file.js';
import { logUri, outputUri } from './log-uri.js';
import { collectOutputs, readResult } from './outputs.js';
import { endPredecessor } from './predecessor.js';
import { outlivesOf, runProgram, type ProgramResult } from './program.js';
import { StatusReport } from './status-report.js';
import type { CommandLine } from './spec.js';

/** How often to look for logs that need not be kept any longer, in milliseconds. */
const SWEEP_PAUSE = 3_600_000;
/** How much older than the task a file of the program may seem, because file systems round times, in milliseconds. */
const ROUNDING = 2_000;

/**
 * Runs the program once, after what earlier attempts have left has ended.
 * @throws ToolError if running it again cannot help; another error if it can
 */
export async function runCommand(tool: CommandTool, args: CallArguments, ctx: StepContext): Promise<ToolResult> {
  const { spec } = tool;
  const activity = Context.current();
  const cwd = workingDirectory(tool);
  const folder = new TaskFolder(tool.places.dir, ctx.taskId);
  sweepSometimes(tool);
  const before = await afterPredecessor(tool, folder, ctx);
  const resumes = before.mayHaveRun && spec.resume !== undefined && canResume(tool, cwd, before.firstStart);
  const line: CommandLine = resumes ? spec.resume : spec.command;
  const argv = argvOf(line, args);
  const { firstStart } = before;
  const attempt = new Attempt(folder, ctx, {
    attempt: ctx.attempt,
    host: thisHost(),
    outlives: outlivesOf(tool, activity),
    ...(firstStart === undefined ? {} : { firstStart }),
  });
  const status = new StatusReport(spec.progress, args, ctx);
  const startedAt = Date.now();
  try {
    const end = await runProgram({
      tool,
      folder,
      argv,
      title: title(ctx, resumes, line),
      supervised: (supervisor) => attempt.note({ supervisor }),
      events: {
        started: (program) => attempt.note({ program, firstStart: firstStart ?? Date.now() }),
        lines: (lines, logOffset) => {
          status.add(lines);
          attempt.reached(logOffset);
        },
      },
    });
    return await resultOf(tool, { folder, cwd, argv, end, seconds: (Date.now() - startedAt) / 1_000 }, ctx);
  } finally {
    status.close();
    attempt.end(activity.cancellationDetails?.cancelRequested === true);
  }
}

/** The record of this attempt, in the task's folder and in its heartbeats. */
class Attempt {
  #record: AttemptRecord;
  #noted = 0;

  constructor(
    private readonly folder: TaskFolder,
    private readonly ctx: StepContext,
    record: AttemptRecord,
  ) {
    this.#record = record;
    this.note({});
  }

  note(news: Partial<AttemptRecord>): void {
    this.#record = { ...this.#record, ...news };
    this.folder.write(this.#record);
    this.ctx.checkpoint(this.#record);
  }

  /** Heartbeats are enough for the offset: it is only for people. */
  reached(logOffset: number): void {
    this.#record = { ...this.#record, logOffset };
    if (Date.now() - this.#noted < 1_000) return;
    this.#noted = Date.now();
    this.ctx.checkpoint(this.#record);
  }

  end(cancelled: boolean): void {
    this.note({ endedAt: Date.now(), ...(cancelled ? { cancelled: true } : {}) });
  }
}

interface Earlier {
  /** Whether an earlier attempt has started the program, or may have. */
  readonly mayHaveRun: boolean;
  readonly firstStart: number | undefined;
}

/** Waits until no earlier attempt runs the program any more, and returns what is known about them. */
async function afterPredecessor(tool: CommandTool, folder: TaskFolder, ctx: StepContext): Promise<Earlier> {
  const local = folder.read();
  const reported = AttemptRecord.safeParse(ctx.lastCheckpoint).data;
  if (ctx.attempt === 1) return { mayHaveRun: false, firstStart: undefined };
  const { mark } = folder;
  const outlives = outlivesOf(tool, Context.current());
  await endPredecessor(
    { attempt: ctx.attempt - 1, local, reported, mark, outlives },
    lostStopOf(tool),
    (length) =>
      ctx.progress(
        0,
        undefined,
        `waiting ${Math.ceil(length / 1_000)} s until the program of an earlier attempt, on another machine, has certainly ended`,
      ),
    ctx.signal,
  );
  const known = [local, reported].filter((record) => record !== undefined);
  const starts = known.flatMap(({ firstStart }) => firstStart ?? []);
  const isKnown = known.some(({ attempt }) => attempt === ctx.attempt - 1);
  return {
    mayHaveRun: starts.length > 0 || !isKnown,
    firstStart: starts.length > 0 ? Math.min(...starts) : undefined,
  };
}

function canResume({ spec: { resumeIf } }: CommandTool, cwd: string, firstStart: number | undefined): boolean {
  if (resumeIf === undefined) return true;
  const written = statSync(resolve(cwd, resumeIf), { throwIfNoEntry: false })?.mtimeMs;
  return written !== undefined && firstStart !== undefined && written >= firstStart - ROUNDING;
}

function title({ attempt }: StepContext, resumes: boolean, [program]: CommandLine): string {
  return `--- ${new Date().toISOString()} attempt ${attempt} ${resumes ? 'resumes' : 'starts'} ${program}`;
}

interface Ended {
  readonly folder: TaskFolder;
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly end: ProgramResult;
  readonly seconds: number;
}

async function resultOf(tool: CommandTool, ended: Ended, ctx: StepContext): Promise<ToolResult> {
  const { spec } = tool;
  const { folder, cwd, argv, end, seconds } = ended;
  const [program = ''] = argv;
  const said = end.tail.length === 0 ? 'It wrote no output.' : `Its last lines:\n${end.tail.join('\n')}`;
  const log = logUri(ctx.taskId);
  const failed = `${program} ended with ${endText(end)}. ${said}`;
  switch (classify(end, spec.exit)) {
    case 'permanent':
      throw new ToolError(`${failed}\n\nRunning it again would not help. The whole log is resource ${log}.`);
    case 'partial':
      throw ApplicationFailure.create({
        message: `${failed}\n\nA part of the work is done.`,
        type: 'ProgramPartial',
        nextRetryDelay: 1,
      });
    case 'retry':
      throw ApplicationFailure.retryable(failed, 'ProgramFailed');
    case 'done':
  }
  const stored = await collectOutputs(cwd, spec.outputs ?? [], ctx.signal);
  folder.writeOutputs(stored);
  const outputs = stored.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
  const result = spec.result === undefined ? {} : { result: await readResult(cwd, spec.result) };
  const summary = {
    exitCode: end.code,
    attempts: ctx.attempt,
    seconds: Math.round(seconds * 10) / 10,
    ...(outputs.length > 0 ? { outputs } : {}),
    ...result,
  };
  const listed = outputs.map(({ path, size, sha256 }) => `${path}: ${size} bytes, SHA-256 ${sha256}`);
  const files = listed.length > 0 ? `\n\nOutputs:\n${listed.join('\n')}` : '';
  const text = spec.result === undefined ? '' : `\n\nResult:\n${JSON.stringify(summary)}`;
  return {
    content: [
      {
        type: 'text',
        text: `${program} is done (${endText(end)}, attempt ${ctx.attempt}). ${said}${files}${text}`,
      },
      ...outputs.map(({ path, size }, index) => ({
        type: 'resource_link',
        uri: outputUri(ctx.taskId, index),
        name: path,
        title: `${path}, written by ${tool.name}`,
        size,
      })),
      {
        type: 'resource_link',
        uri: log,
        name: `${tool.name}-log`,
        title: `Log of ${tool.name}`,
        mimeType: 'text/plain',
        size: endOfLog(folder.log),
      },
    ],
    structuredContent: summary,
  };
}

let sweptAt = -Infinity;

function sweepSometimes(tool: CommandTool): void {
  if (Date.now() - sweptAt < SWEEP_PAUSE) return;
  sweptAt = Date.now();
  sweep(tool.places.dir, keepOf(tool));
}
