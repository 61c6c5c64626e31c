/** The lab's own certificate authorities, and what they sign. Everything is made on this machine and stays in the state. */
import "reflect-metadata";
import {
  createPrivateKey,
  createPublicKey,
  webcrypto,
  X509Certificate as ReadCertificate,
} from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { nodeAddress, nodeName, serviceRange } from "../network/addresses";
import { writePrivate } from "../state";
import type { Credentials } from "./client";

const day = 24 * 3600 * 1000;
const validDays = { authority: 3650, leaf: 365 };
/** What ends sooner than this is made anew at the next start. */
const renewDays = 30;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

type AuthorityName = "ca" | "etcd-ca";

interface Leaf {
  /** The user of a client certificate. */
  commonName: string;
  /** The user's group. */
  organization?: string;
  authority: AuthorityName;
  /** A server's names and addresses. */
  hosts?: string[];
  client: boolean;
}

const loopback = ["localhost", "127.0.0.1"];

/** etcd trusts an authority of its own: a client of the API server is none of etcd's. */
const leaves = {
  etcd: { commonName: "etcd", authority: "etcd-ca", hosts: loopback, client: true },
  "etcd-client": { commonName: "kube-apiserver-etcd-client", authority: "etcd-ca", client: true },
  "kube-apiserver": {
    commonName: "kube-apiserver",
    authority: "ca",
    hosts: [
      ...loopback,
      ...["", ".default", ".default.svc", ".default.svc.cluster.local"].map(
        (suffix) => `kubernetes${suffix}`,
      ),
      serviceRange.kubernetes,
      // Where the real node reaches it.
      nodeAddress,
    ],
    client: false,
  },
  /** For the health endpoints of the other parts. */
  serving: { commonName: "bilten-lab", authority: "ca", hosts: loopback, client: false },
  "kubelet-client": { commonName: "bilten-lab:kubelet-client", authority: "ca", client: true },
  admin: { commonName: "bilten-lab:admin", organization: "system:masters", authority: "ca", client: true },
  "kube-controller-manager": { commonName: "system:kube-controller-manager", authority: "ca", client: true },
  "kube-scheduler": { commonName: "system:kube-scheduler", authority: "ca", client: true },
  kwok: { commonName: "bilten-lab:kwok", authority: "ca", client: true },
  kubelet: {
    commonName: `system:node:${nodeName}`,
    organization: "system:nodes",
    authority: "ca",
    hosts: [nodeAddress, nodeName],
    client: true,
  },
  "kube-proxy": { commonName: "system:kube-proxy", authority: "ca", client: true },
  coredns: { commonName: "bilten-lab:coredns", authority: "ca", client: true },
} satisfies Record<string, Leaf>;

export type LeafName = keyof typeof leaves;

/** Where the certificates are. */
export class Pki {
  constructor(readonly directory: string) {}

  /** Signs the tokens of service accounts. */
  get serviceAccountKey(): string {
    return join(this.directory, "service-account.key");
  }

  /** Verifies them. */
  get serviceAccountPublicKey(): string {
    return join(this.directory, "service-account.pub");
  }

  authority(name: AuthorityName): { certFile: string; keyFile: string } {
    return { certFile: join(this.directory, `${name}.crt`), keyFile: join(this.directory, `${name}.key`) };
  }

  credentials(name: LeafName): Credentials {
    const leaf: Leaf = leaves[name];
    return {
      caFile: this.authority(leaf.authority).certFile,
      certFile: join(this.directory, `${name}.crt`),
      keyFile: join(this.directory, `${name}.key`),
    };
  }
}

/**
 * Makes what is missing, unfit or ends within 30 days. Files are readable by their owner only.
 * @returns the paths and the names of what was made
 */
export async function ensurePki(directory: string, now = new Date()): Promise<{ pki: Pki; made: string[] }> {
  const pki = new Pki(directory);
  const made: string[] = [];
  x509.cryptoProvider.set(webcrypto as never);
  for (const name of ["ca", "etcd-ca"] as const) {
    const { certFile, keyFile } = pki.authority(name);
    if (isFit(certFile, keyFile, certFile, now)) continue;
    await makeAuthority(name, certFile, keyFile, now);
    made.push(name);
  }
  for (const [name, leaf] of Object.entries(leaves) as [LeafName, Leaf][]) {
    const { caFile, certFile, keyFile } = pki.credentials(name);
    if (isFit(certFile, keyFile, caFile, now, leaf.hosts)) continue;
    await makeLeaf(leaf, { certFile, keyFile }, pki.authority(leaf.authority), now);
    made.push(name);
  }
  if (!isPair(pki.serviceAccountKey, pki.serviceAccountPublicKey)) {
    const key = await privatePem(await newKeys());
    writePrivate(pki.serviceAccountKey, key);
    writePrivate(pki.serviceAccountPublicKey, publicPem(key));
    made.push("service-account");
  }
  return { pki, made };
}

function isFit(certFile: string, keyFile: string, caFile: string, now: Date, hosts: string[] = []): boolean {
  try {
    const certificate = new ReadCertificate(readFileSync(certFile));
    const authority = new ReadCertificate(readFileSync(caFile));
    return (
      Date.parse(certificate.validTo) - now.getTime() > renewDays * day &&
      certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))) &&
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey) &&
      hosts.every((host) => (isAddress(host) ? certificate.checkIP(host) : certificate.checkHost(host)))
    );
  } catch {
    // Missing or damaged.
    return false;
  }
}

function isPair(keyFile: string, publicFile: string): boolean {
  try {
    return publicPem(readFileSync(keyFile)) === readFileSync(publicFile, "utf8");
  } catch {
    return false;
  }
}

function publicPem(key: string | Buffer): string {
  return createPublicKey(key).export({ format: "pem", type: "spki" }).toString();
}

async function makeAuthority(
  name: AuthorityName,
  certFile: string,
  keyFile: string,
  now: Date,
): Promise<void> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=bilten-lab ${name}`,
    ...validity(now, validDays.authority),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePair(certificate, keys, certFile, keyFile);
}

async function makeLeaf(
  leaf: Leaf,
  files: { certFile: string; keyFile: string },
  authority: { certFile: string; keyFile: string },
  now: Date,
): Promise<void> {
  const keys = await newKeys();
  const issuer = new x509.X509Certificate(readFileSync(authority.certFile, "utf8"));
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${leaf.commonName}${leaf.organization ? `, O=${leaf.organization}` : ""}`,
    issuer: issuer.subject,
    ...validity(now, validDays.leaf),
    publicKey: keys.publicKey,
    signingKey: await readPrivateKey(authority.keyFile),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        ...(leaf.hosts ? [serverAuth] : []),
        ...(leaf.client ? [clientAuth] : []),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(leaf.hosts
        ? [
            new x509.SubjectAlternativeNameExtension(
              leaf.hosts.map((value) => ({
                type: isAddress(value) ? ("ip" as const) : ("dns" as const),
                value,
              })),
            ),
          ]
        : []),
    ],
  });
  await writePair(certificate, keys, files.certFile, files.keyFile);
}

/** From an hour ago, because the clock may be set back a little. */
function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() - 3600 * 1000), notAfter: new Date(now.getTime() + days * day) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as Promise<webcrypto.CryptoKeyPair>;
}

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ format: "pem", type: "pkcs8" })
    .toString();
}

async function readPrivateKey(file: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(readFileSync(file)).export({ format: "der", type: "pkcs8" });
  return (await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"])) as webcrypto.CryptoKey;
}

async function writePair(
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
  certFile: string,
  keyFile: string,
) {
  writePrivate(keyFile, await privatePem(keys));
  writePrivate(certFile, `${certificate.toString("pem")}\n`);
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host);
}
