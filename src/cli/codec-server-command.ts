/** `mcp-tasks-temporal codec-server`: decrypts payloads for Temporal's UI and CLI until it is stopped. @module */
import type { Logger } from '../local/log.js';
import { McpTasksError } from '../task/errors.js';
import { weaknessOf } from '../task/key-strength.js';
import { encryptedBy } from './encrypted-by.js';
import { startCodecServer } from './codec-server.js';
import { recordedUi } from '../temporal/dev-server/recorded-ui.js';
import { endCommand, stopSignal } from './process-end.js';

/** The origins of the UI of `temporal server start-dev`. */
const DEV_UI = ['http://localhost:8233', 'http://127.0.0.1:8233'];

export interface CodecServerCommandOptions {
  readonly port: number;
  /** The origins of the UI. @default those of `temporal server start-dev`, and of the dev server in `dir` */
  readonly ui: readonly string[];
  /** Where the dev server of this package keeps its files. */
  readonly dir: string;
  readonly logger: Logger;
}

/** @throws McpTasksError `CONFIGURATION` if there are no keys, or the token is too short or easy to guess */
export async function codecServer({ port, ui, dir, logger }: CodecServerCommandOptions): Promise<void> {
  const codec = encryptedBy(process.env).dataConverter?.payloadCodecs?.at(-1);
  if (!codec)
    throw new McpTasksError(
      'CONFIGURATION',
      'The codec server needs the keys with which the servers and workers encrypt: set MCP_TASKS_ENCRYPTION_KEYS to the same value.',
    );
  const token = process.env['MCP_TASKS_CODEC_TOKEN'] || undefined;
  const weakness = token === undefined ? undefined : weaknessOf(token);
  if (weakness !== undefined)
    throw new McpTasksError(
      'CONFIGURATION',
      `MCP_TASKS_CODEC_TOKEN: the token ${weakness}. Generate one with "openssl rand -base64 32".`,
    );
  // The dev server may start later than this command, and then gets its port.
  const origins = (): readonly string[] => (ui.length === 0 ? [...DEV_UI, ...recordedUi(dir)] : ui);
  const server = await startCodecServer({ codec, port, origins, token, logger });
  try {
    process.stdout.write(welcome(server.url, origins(), token !== undefined));
    await stopSignal();
  } finally {
    await server.close();
    endCommand();
  }
}

function welcome(url: string, origins: readonly string[], needsToken: boolean): string {
  const auth = needsToken ? ' --codec-auth "Bearer $MCP_TASKS_CODEC_TOKEN"' : '';
  return `The codec server is at ${url}

Temporal's UI at ${origins.join(' or ')} may use it: choose Configure Codec Server there, and enter this address. On the command line:

  temporal workflow show --detailed --address <Temporal's address> --codec-endpoint ${url}${auth} --workflow-id <task ID>
`;
}
