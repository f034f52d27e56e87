/** Checks what command tools need on this machine, as if it were their worker's. @module */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import which from 'which';
import { programEnvironment, variablesIn } from '../../command/environment.js';
import type { CommandSpec } from '../../command/spec.js';
import { specOf } from '../commands.js';
import type { LoadedGateway } from '../load.js';
import { error, ok, warning, type Finding } from './finding.js';

/** How long a program may take to print its version, in milliseconds, and how much of it is shown, in characters. */
const VERSION = { timeout: 5_000, length: 80 };
const HERE = 'on this machine; if workers run elsewhere, run `doctor` there';

/** Returns what each command tool's programs, folder and variables are like here. */
export async function commandFindings({ config, dir }: LoadedGateway, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const findings = await Promise.all(
    config.tools.map(async (tool) => {
      const spec = specOf(tool);
      return spec ? await toolFindings(tool.name, spec, dir, env) : [];
    }),
  );
  return findings.flat();
}

async function toolFindings(name: string, spec: CommandSpec, dir: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const cwd = resolve(dir, spec.cwd ?? '.');
  const isFolder = existsSync(cwd) && statSync(cwd).isDirectory();
  const missing = variablesIn(spec.env).filter((variable) => env[variable] === undefined);
  const known = { ...env, ...Object.fromEntries(missing.map((variable) => [variable, ''])) };
  const { env: own } = programEnvironment(spec.env, known);
  const programs = new Set([spec.command, spec.resume, spec.plan, spec.cleanup].flatMap((line) => line?.[0] ?? []));
  const found = await Promise.all([...programs].map(async (program) => await programFinding(name, program, cwd, own)));
  return [
    ...(isFolder ? [] : [error(`tool ${name}: its cwd ${cwd} is not a folder ${HERE}`, 'create it, or correct `cwd`')]),
    ...found,
    ...missing.map((variable) =>
      warning(`tool ${name}: the variable ${variable} is not set ${HERE}`, "set it in the worker's environment"),
    ),
  ];
}

async function programFinding(
  tool: string,
  program: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<Finding> {
  // A name with a slash is relative to the working directory, as it is when it runs.
  const wanted = program.includes('/') && !isAbsolute(program) ? resolve(cwd, program) : program;
  const path = await which(wanted, { path: env['PATH'] ?? '', nothrow: true });
  if (path === null)
    return error(
      `tool ${tool}: the program ${program} was not found ${HERE}`,
      "install it, or correct the worker's PATH",
    );
  const version = await versionOf(path, env);
  return ok(`tool ${tool}: ${program} is ${path}${version === undefined ? '' : ` (${version})`}`);
}

/** Returns the first line that the program prints for `--version`; `undefined` if it does not know that option. */
async function versionOf(path: string, env: Readonly<Record<string, string>>): Promise<string | undefined> {
  return await new Promise((resolved) => {
    execFile(path, ['--version'], { env, timeout: VERSION.timeout, killSignal: 'SIGKILL' }, (failure, stdout) => {
      const line = stdout.split('\n').find((text) => text.trim() !== '');
      resolved(failure || line === undefined ? undefined : line.trim().slice(0, VERSION.length));
    }).stdin?.end();
  });
}
