/**
 * Finds out why Temporal is unreachable by testing DNS, TCP, TLS and HTTP/2 in turn. gRPC's own errors say little, and
 * their wording changes.
 * @module
 */
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { TLSConfig } from '@temporalio/client';
import type { TemporalConnectionOptions } from '../../temporal/connection/target.js';
import { DEADLINE, error, inTime, reasonOf, type Finding } from './finding.js';
import { splitProtoHostPort } from '../../temporal/seam.js';

/** Temporal's default port, as in its SDKs. */
const PORT = 7233;
/** The environment variables in which gRPC looks for a proxy. */
const PROXY = ['grpc_proxy', 'https_proxy', 'http_proxy'];
/** The type of HTTP/2's SETTINGS frame. */
const SETTINGS = 4;
/**
 * The HTTP/2 client preface: a fixed text and a SETTINGS frame, empty here.
 * https://www.rfc-editor.org/rfc/rfc9113#section-3.4
 */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]),
]);
/** The server closed an established connection. Some servers refuse a client that way, without giving a reason. */
const HUNG_UP = 'it hung up';
/** How long to wait for the server to say why it refuses the client, in milliseconds, before sending anything. */
const HEAR_OUT = 300;

interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Returns a finding with the reason why Temporal is unreachable.
 * @param thrown the error of the call that failed
 */
export async function unreachable({ address, tls }: TemporalConnectionOptions, thrown: unknown): Promise<Finding> {
  const at = (what: string, remedy: string): Finding =>
    error(`cannot connect to Temporal at ${address}: ${what}`, remedy);
  const { hostname: host, port = PORT } = splitProtoHostPort(address) ?? { hostname: '' };
  if (host === '') return at('invalid address', 'use host:port, such as temporal.example.com:7233');
  const place = { host, port };
  const unresolved = await inTime(lookup(host)).then(
    () => undefined,
    ({ code, message }: NodeJS.ErrnoException) => code ?? message,
  );
  const closed = unresolved ?? (await tcpFault(place));
  // Only the proxy can reach the server then.
  if (closed !== undefined && PROXY.some((name) => process.env[name]))
    return at(
      'the proxy did not open a connection',
      `check that the proxy (${PROXY.join(', ')}) allows this address, or bypass it with no_proxy`,
    );
  if (unresolved !== undefined)
    return at(
      `cannot resolve the host name ${host} (${unresolved})`,
      "correct the host in the address, or this machine's DNS",
    );
  if (closed === 'ECONNREFUSED')
    return at('connection refused', `start Temporal, or correct the port: nothing is listening on port ${port}`);
  if (closed !== undefined)
    return at(
      closed === 'ETIMEDOUT' ? 'connection timed out' : `connection failed (${closed})`,
      'correct the address, or let this machine through the firewall',
    );
  const wrong = tls ? await tlsFault(place, tls) : await plainFault(place);
  if (wrong) return at(...wrong);
  // gRPC ends the message with a resolution note, which is usually empty.
  return at(
    reasonOf(thrown).replace(/\. Resolution note:$/, ''),
    'check that this is the gRPC port of the frontend, and that the frontend is healthy: temporal operator cluster health',
  );
}

type Fault = [what: string, remedy: string];

async function tlsFault(place: Place, tls: TLSConfig | true): Promise<Fault | undefined> {
  const { serverNameOverride, serverRootCACertificate: ca, clientCertPair } = tls === true ? ({} as TLSConfig) : tls;
  const pem = (file: Uint8Array | undefined): Buffer | undefined => file && Buffer.from(file);
  const failed = await http2Fault(place, {
    ...(serverNameOverride ? { servername: serverNameOverride } : {}),
    ca: pem(ca),
    cert: pem(clientCertPair?.crt),
    key: pem(clientCertPair?.key),
  });
  switch (failed) {
    case undefined:
      return undefined;
    case 'ETIMEDOUT':
      return [
        'it accepts the connection but sends nothing',
        'check that this is the frontend, and that the port uses TLS. If it does not, set `tls: false`',
      ];
    case 'CERT_HAS_EXPIRED':
      return ['its certificate has expired', "renew the frontend's certificate, or correct this machine's clock"];
    case 'CERT_NOT_YET_VALID':
      return ['its certificate is not valid yet', "correct this machine's clock"];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        `its certificate is not for ${serverNameOverride ?? place.host}`,
        'set `tls.serverName` (TEMPORAL_TLS_SERVER_NAME) to the name in the certificate',
      ];
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return [
        `its certificate comes from an authority that this client does not trust (${failed})`,
        "set `tls.ca` (TEMPORAL_TLS_SERVER_CA_CERT_PATH) to the authority's PEM file",
      ];
  }
  if (isRefused(failed)) {
    const refused = clientCertPair ? "it rejects this client's certificate" : 'it requires a client certificate';
    return [
      `${refused} (${failed})`,
      clientCertPair
        ? 'check `tls.cert` and `tls.key`: the certificate must be valid now, and come from an authority that the frontend trusts'
        : 'set `tls.cert` and `tls.key` (TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH)',
    ];
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(failed))
    return ['the server there does not use TLS', 'set `tls: false`, or use the address of the port with TLS'];
  return [
    `TLS failed (${failed})`,
    'check that the port uses TLS, that the files under `tls` are PEM, and that the key belongs to the certificate',
  ];
}

function isRefused(failed: string): boolean {
  return failed.includes('ALERT') || failed === HUNG_UP;
}

/** Returns what is wrong with a connection without TLS. If TLS works, that was missing. */
async function plainFault(place: Place): Promise<Fault | undefined> {
  const failed = await http2Fault(place);
  if (failed === undefined) return undefined;
  // Safe without verification: nothing secret is sent.
  const withTls = await http2Fault(place, { rejectUnauthorized: false });
  if (withTls === undefined || isRefused(withTls))
    return [
      'it requires TLS, and this client does not use it',
      'set `tls: true` (TEMPORAL_TLS=true), or the certificates',
    ];
  if (failed === 'ETIMEDOUT')
    return [
      'it accepts the connection but sends nothing',
      'check that this is the frontend, and that it is healthy: temporal operator cluster health',
    ];
  return [
    'the server there does not use gRPC',
    `correct the port: the frontend's default is ${PORT}; the web UI has another one`,
  ];
}

/** Returns the code of the error that prevents a TCP connection, or `undefined`. */
async function tcpFault({ host, port }: Place): Promise<string | undefined> {
  const socket = connectTcp({ host, port });
  return await new Promise<string | undefined>((resolve) => {
    socket.setTimeout(DEADLINE, () => resolve('ETIMEDOUT'));
    socket.once('connect', () => resolve(undefined));
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
  }).finally(() => socket.destroy());
}

/**
 * Returns the code of the error that prevents HTTP/2, which gRPC runs on, or `undefined`. Only the server's first frame
 * proves that it works: in TLS 1.3 the handshake succeeds for the client before it learns that the server refuses it.
 */
async function http2Fault({ host, port }: Place, tls?: ConnectionOptions): Promise<string | undefined> {
  let socket: Socket | undefined;
  let patience: NodeJS.Timeout | undefined;
  return await new Promise<string | undefined>((resolve) => {
    let through = false;
    const failed = ({ code, message }: NodeJS.ErrnoException): void =>
      resolve(through && code === 'ECONNRESET' ? HUNG_UP : (code ?? message));
    try {
      // TLS cannot ask for an IP address as the server name.
      const name = isIP(host) ? '' : host;
      const opened = tls
        ? connectTls({ host, port, servername: name, ALPNProtocols: ['h2'], ...tls })
        : connectTcp({ host, port });
      socket = opened;
      opened.setTimeout(DEADLINE, () => resolve('ETIMEDOUT'));
      // Writing to a server that has hung up would lose its reason, so wait first.
      opened.once(tls ? 'secureConnect' : 'connect', () => {
        through = true;
        patience = setTimeout(() => opened.write(PREFACE), HEAR_OUT);
      });
      opened.once('data', (data: Buffer) => resolve(data[3] === SETTINGS ? undefined : 'EPROTO'));
      opened.on('error', failed);
      opened.once('close', () => resolve(through ? HUNG_UP : 'ECONNRESET'));
    } catch (thrown) {
      // The certificate or key is invalid.
      failed(thrown as NodeJS.ErrnoException);
    }
  }).finally(() => {
    clearTimeout(patience);
    socket?.destroy();
  });
}
