/** The part of a gateway file's schema that describes command tools. @module */
import { z } from 'zod';

const text = z.string().min(1);
/** Unquoted numbers are common in command lines. */
const argument = z.union([z.string(), z.number().transform(String)]);
const entry = z.union([
  argument,
  z.array(argument).min(1),
  z.strictObject({
    if: text.describe('The name of an argument'),
    add: z.union([argument, z.array(argument).min(1)]).describe('What to add if that argument is true'),
  }),
  z.strictObject({
    value: text.describe('The text'),
    allowDash: z.boolean().describe('Whether the filled-in text may start with "-"'),
  }),
]);
const line = z.tuple([text], entry);
const codes = z.array(z.number().int().min(0).max(255));
const place = (what: string) => text.optional().describe(`Where a line has ${what}`);
const fields = z.strictObject({
  current: place('how much is done'),
  total: z
    .union([text, z.number().positive()])
    .optional()
    .describe('Where a line has the total; or a number, or {field} for an argument'),
  percent: place('the progress in percent, instead of current and total'),
  message: place('what the program is doing'),
});

/**
 * Builds the fields of a command tool.
 * @param duration the schema of a duration
 */
export const commandFields = <D extends z.ZodType>(duration: D) => ({
  command: line
    .optional()
    .describe(
      'The program and its arguments, for a tool that runs a program instead of a workflow. There is never a shell. {field} stands for an argument of the call, {{field}} for a literal {field}. An entry whose argument is missing disappears, and so does an option right before it; a list within the list disappears as a whole. {if: field, add: entry} is there only if the argument is true. A value that starts with "-" is refused, unless the entry is {value: "{field}", allowDash: true}',
    ),
  resume: line.optional().describe('The command line from the second attempt on. Default: command'),
  resumeIf: text
    .optional()
    .describe(
      'Resume only if this file, relative to cwd, has been written since the program first started; otherwise run command again. Default: always resume',
    ),
  cleanup: line.optional().describe('Run after a cancelled program has ended. Default: nothing'),
  plan: line
    .optional()
    .describe(
      'Run first, on the worker; its output is shown in the question that a person has to accept. `confirm`, if it is a text, is the question. Default: nothing',
    ),
  cwd: text.optional().describe("The working directory, relative to this file. Default: this file's folder"),
  env: z
    .record(text, z.string())
    .optional()
    .describe(
      'Environment variables of the program. ${NAME} is filled in on the worker, from its own variable NAME. The program gets these and the basic ones, such as PATH, HOME and LANG',
    ),
  progress: z
    .strictObject({
      json: fields.optional().describe('For lines of JSON: the places are names joined by dots, such as data.index'),
      regex: text
        .optional()
        .describe(
          'A regular expression with groups named current, total, percent or message, such as ^(?<current>\\d+)/(?<total>\\d+)',
        ),
      keyValue: fields
        .optional()
        .describe('For lines such as out_time_us=1200, as ffmpeg -progress - writes: the places are the keys'),
    })
    .optional()
    .describe('How the program reports progress, line by line. Default: its last lines are the status'),
  exit: z
    .strictObject({
      done: codes.optional().describe('The work is done. Default: [0]'),
      partial: codes.optional().describe('A part is done: resume at once. Uses up an attempt. Default: none'),
      retry: codes.optional().describe('Run again after a pause. Default: all other codes'),
      permanent: codes.optional().describe('Running it again cannot help. Default: none'),
      others: z.enum(['retry', 'permanent']).optional().describe('What all other codes mean. Default: retry'),
    })
    .optional()
    .describe('What exit codes mean'),
  stop: z
    .strictObject({
      signal: z.enum(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']).optional().describe('Default: SIGTERM'),
      grace: duration
        .optional()
        .describe(
          'How long the program and all that it has started may take. Then they are killed. Default: 5 seconds',
        ),
    })
    .optional()
    .describe('How the program is asked to stop'),
  outputs: z
    .array(text)
    .optional()
    .describe('Files that the program writes, relative to cwd. The result has their sizes, hashes and links'),
  result: text
    .optional()
    .describe('A JSON file that the program writes, to return as `result`. At most 1,000,000 bytes. Default: none'),
  key: text
    .optional()
    .describe(
      'Tasks with the same key run one at a time, and others wait: {field} stands for an argument, {cwd} for the working directory. Covers all command tools of a task queue. Default: tasks do not wait',
    ),
  log: z
    .strictObject({
      bytes: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('The maximum size of the log of a task. Default: 67108864'),
      keep: duration.optional().describe('How long the logs of ended tasks are kept. Default: 7 days'),
    })
    .optional()
    .describe("The bounds of a task's log"),
});

/** The fields that only command tools have. */
export const COMMAND_FIELDS = Object.keys(commandFields(z.unknown()));
