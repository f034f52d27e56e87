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
  const at = (what: string, remedy: string): Finding => error(`there is no Temporal at ${address}: ${what}`, remedy);
  const { hostname: host, port = PORT } = splitProtoHostPort(address) ?? { hostname: '' };
  if (host === '') return at('that is no address', 'write host:port, such as temporal.example.com:7233');
  const place = { host, port };
  const unresolved = await inTime(lookup(host)).then(
    () => undefined,
    ({ code, message }: NodeJS.ErrnoException) => code ?? message,
  );
  const closed = unresolved ?? (await tcpFault(place));
  // Only the proxy can reach the server then.
  if (closed !== undefined && PROXY.some((name) => process.env[name]))
    return at(
      'no connection comes about by way of the proxy',
      `does the proxy let it through? ${PROXY.join(', ')}; no_proxy names what needs none`,
    );
  if (unresolved !== undefined)
    return at(
      `the name ${host} cannot be resolved (${unresolved})`,
      'correct the host in the address, or the DNS of this machine',
    );
  if (closed === 'ECONNREFUSED')
    return at('the connection was refused', `start it, or correct the port: nothing listens at ${port} there`);
  if (closed !== undefined)
    return at(
      closed === 'ETIMEDOUT' ? 'no connection comes about' : `no connection comes about (${closed})`,
      'correct the address, or let this machine through the firewall between',
    );
  const wrong = tls ? await tlsFault(place, tls) : await plainFault(place);
  if (wrong) return at(...wrong);
  // gRPC ends the message with a resolution note, which is usually empty.
  return at(
    reasonOf(thrown).replace(/\. Resolution note:$/, ''),
    'is this the gRPC port of its frontend, and is that healthy? temporal operator cluster health',
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
        'it takes the connection and then says nothing',
        'is it the frontend, and does the port speak TLS? Without, write `tls: false`',
      ];
    case 'CERT_HAS_EXPIRED':
      return ['its certificate has expired', 'renew the certificate of the frontend, or set the clock of this machine'];
    case 'CERT_NOT_YET_VALID':
      return ['its certificate is not valid yet', 'set the clock of this machine'];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        `its certificate is for another name than ${serverNameOverride ?? place.host}`,
        'write the name in the certificate as `tls.serverName` (TEMPORAL_TLS_SERVER_NAME)',
      ];
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return [
        `its certificate is of an authority that this client does not trust (${failed})`,
        'name the PEM file of that authority as `tls.ca` (TEMPORAL_TLS_SERVER_CA_CERT_PATH)',
      ];
  }
  if (isRefused(failed)) {
    const refused = clientCertPair ? "it does not take this client's certificate" : 'it wants a client certificate';
    return [
      `${refused} (${failed})`,
      clientCertPair
        ? 'is it of an authority that the frontend trusts, and in its time? `tls.cert` and `tls.key`'
        : 'name certificate and key as `tls.cert` and `tls.key` (TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH)',
    ];
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(failed))
    return ['what answers there speaks no TLS', 'write `tls: false`, or the address of the port that does'];
  return [
    `TLS fails (${failed})`,
    'does the port speak TLS? If it does, check `tls`: the files have to be PEM, and the key that of the certificate',
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
    return ['it speaks TLS, and this client does not', 'write `tls: true`, or the certificates (TEMPORAL_TLS=true)'];
  if (failed === 'ETIMEDOUT')
    return [
      'it takes the connection and then says nothing',
      'is it the frontend, and is that healthy? temporal operator cluster health',
    ];
  return [
    'what answers there is no gRPC',
    `correct the port: Temporal's frontend has ${PORT} where nothing else is set, its web UI another`,
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
