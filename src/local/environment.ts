/**
 * Selects the environment variables for programs that this package starts. This process's environment may hold secrets:
 * the tasks' key, cloud access keys, database passwords. Each program gets the variables that it needs, by name, and no
 * others.
 *
 * A worker process is an exception (`src/cli/worker-process.ts`): it runs the author's tools, and only the author knows
 * what they read.
 * @module
 */

/** What any program may need: paths, the user, the language and the time zone. */
const SYSTEM = names(
  'PATH HOME USER LOGNAME SHELL TMPDIR TMP TEMP TZ TZDIR LANG LANGUAGE',
  'LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME',
  'XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_RUNTIME_DIR',
  'LD_LIBRARY_PATH DYLD_LIBRARY_PATH NIX_LD NIX_LD_LIBRARY_PATH',
  // Windows.
  'SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT OS NUMBER_OF_PROCESSORS',
  'USERPROFILE USERNAME HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA PROGRAMDATA PROGRAMFILES',
);

/** What a program needs to download through a proxy, or from a server with a company's own certificate. */
const DOWNLOAD = names(
  'HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA NODE_USE_ENV_PROXY',
);

/** What Go's toolchain needs, besides {@link DOWNLOAD}. */
const GO = names(
  'GOPATH GOROOT GOENV GOPROXY GOSUMDB GONOSUMDB GONOPROXY GOPRIVATE GOINSECURE GOAUTH',
  'GOFLAGS GOCACHE GOMODCACHE GOTMPDIR GOTOOLCHAIN GOMAXPROCS GOVCS CGO_ENABLED CC',
);

const NEEDS = { run: SYSTEM, download: [...SYSTEM, ...DOWNLOAD], go: [...SYSTEM, ...DOWNLOAD, ...GO] };

/**
 * Returns the part of an environment that a program needs.
 * @param needs what the program does: it only runs (`run`), also downloads, or is Go's toolchain
 */
export function environmentFor(needs: keyof typeof NEEDS, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const wanted = new Set(NEEDS[needs]);
  // The proxy variables also exist in lower case, and on Windows case doesn't matter.
  return Object.fromEntries(Object.entries(env).filter(([name]) => wanted.has(name.toUpperCase())));
}

function names(...lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(' '));
}
