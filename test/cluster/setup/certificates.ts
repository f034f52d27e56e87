/** The cluster's certificates, new for each run: an authority, the server's, and one for each role. @module */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** The cluster's namespaces. The first is the default. */
export const NAMESPACES = ['warehouse', 'archive'] as const;
export type Namespace = (typeof NAMESPACES)[number];

/** The certificate holders: the role that server/authorizer.go gives each of them, and its namespaces. */
const HOLDERS = {
  admin: { role: 'admin', namespaces: [] },
  worker: { role: 'worker', namespaces: NAMESPACES },
  reader: { role: 'reader', namespaces: NAMESPACES },
  tasks: { role: 'tasks', namespaces: NAMESPACES },
  /** Has no rights in the second namespace. */
  tasksOfWarehouse: { role: 'tasks', namespaces: ['warehouse'] },
} as const;
export type Role = keyof typeof HOLDERS;

/** The name in the server's certificate. Not an IP address, because TLS clients cannot request one by SNI. */
export const SERVER_NAME = 'localhost';

/** Paths of PEM files: a certificate, its key, and the authority that issued the peer's certificate. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export const certificateOf = (dir: string, name: Role | 'server'): Certificate => ({
  cert: join(dir, `${name}.pem`),
  key: join(dir, `${name}.key`),
  ca: join(dir, 'ca.pem'),
});

/** Returns the environment variables that make any Temporal client use this certificate. */
export function tlsVariables({ cert, key, ca }: Certificate): Record<string, string> {
  return {
    TEMPORAL_TLS: 'true',
    TEMPORAL_TLS_CLIENT_CERT_PATH: cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca,
    TEMPORAL_TLS_SERVER_NAME: SERVER_NAME,
  };
}

const EC = { keyType: 'ec', algorithm: 'sha256' } as const;

export async function makeCertificates(dir: string): Promise<void> {
  const authority = await generate([{ name: 'commonName', value: 'test cluster authority' }], {
    ...EC,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  await writeFile(join(dir, 'ca.pem'), authority.cert);
  const server = { role: 'server', namespaces: [] };
  for (const [name, { role, namespaces }] of Object.entries({ server, ...HOLDERS })) {
    const subject = [
      { name: 'commonName', value: role },
      ...namespaces.map((namespace) => ({ shortName: 'OU', value: namespace })),
    ];
    const { cert, private: key } = await generate(subject, {
      ...EC,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: SERVER_NAME }] },
      ],
    });
    const paths = certificateOf(dir, name as Role | 'server');
    await writeFile(paths.cert, cert);
    await writeFile(paths.key, key, { mode: 0o600 });
  }
}
