import "reflect-metadata";
import { createPublicKey, randomBytes, webcrypto, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { algorithmOf } from "./keys";

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

export interface Subject {
  commonName?: string;
  organization?: string;
  organizationalUnit?: string;
  country?: string;
  province?: string;
  locality?: string;
  postalCode?: string;
  serialNumber?: string;
  streetAddresses?: string[];
}

export interface Names {
  subject?: Subject;
  dnsNames?: string[];
  ipAddresses?: string[];
  uris?: string[];
}

export interface CertificateOptions {
  validityPeriodHours: number;
  allowedUses: string[];
  isCaCertificate?: boolean;
  maxPathLength?: number;
  setSubjectKeyId?: boolean;
  setAuthorityKeyId?: boolean;
}

/** Object identifier of the extension. */
const subjectAlternativeName = "2.5.29.17";
const flags = x509.KeyUsageFlags;
const keyUsages: Record<string, number> = {
  digital_signature: flags.digitalSignature,
  content_commitment: flags.nonRepudiation,
  key_encipherment: flags.keyEncipherment,
  data_encipherment: flags.dataEncipherment,
  key_agreement: flags.keyAgreement,
  cert_signing: flags.keyCertSign,
  crl_signing: flags.cRLSign,
  encipher_only: flags.encipherOnly,
  decipher_only: flags.decipherOnly,
};
const extendedUsages: Record<string, string> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
};

/** Uses that no certificate can have. */
export function unknownUses(uses: string[]): string[] {
  return uses.filter((use) => !(use in keyUsages) && !(use in extendedUsages));
}

export async function selfSigned(key: KeyObject, names: Names, options: CertificateOptions): Promise<string> {
  const keys = await keyPair(key);
  const subject = subjectOf(names.subject);
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(options, keys),
    subject,
    issuer: subject,
    publicKey: keys.publicKey,
    extensions: await extensions(options, alternativeNames(names), keys.publicKey, keys.publicKey),
  });
  return pem(certificate);
}

export async function locallySigned(
  request: string,
  caKey: KeyObject,
  caPem: string,
  options: CertificateOptions,
): Promise<string> {
  const wanted = new x509.Pkcs10CertificateRequest(request);
  if (!(await wanted.verify())) throw new Error("certRequestPem: its signature does not match its key.");
  const ca = new x509.X509Certificate(caPem);
  const keys = await keyPair(caKey);
  const names = wanted.extensions.find((extension) => extension.type === subjectAlternativeName);
  // The path of trust is found by this identifier, so it is always set.
  const withAuthority = { ...options, setAuthorityKeyId: true };
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(options, keys),
    subject: wanted.subjectName.toJSON(),
    issuer: ca.subjectName.toJSON(),
    publicKey: wanted.publicKey,
    extensions: await extensions(withAuthority, names, wanted.publicKey, ca.publicKey),
  });
  return pem(certificate);
}

export async function certificateRequest(key: KeyObject, names: Names): Promise<string> {
  const keys = await keyPair(key);
  const extension = alternativeNames(names);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectOf(names.subject),
    keys,
    signingAlgorithm: signing(keys),
    extensions: extension ? [extension] : [],
  });
  return `${request.toString("pem")}\n`;
}

/** @throws Error when it is no certificate */
export function validity(certificate: string): { start: Date; end: Date } {
  const { notBefore, notAfter } = new x509.X509Certificate(certificate);
  return { start: notBefore, end: notAfter };
}

function common({ validityPeriodHours }: CertificateOptions, keys: webcrypto.CryptoKeyPair) {
  const notBefore = new Date();
  const serial = randomBytes(16);
  serial[0]! &= 0x7f; // A serial number is positive.
  return {
    serialNumber: serial.toString("hex"),
    notBefore,
    notAfter: new Date(notBefore.getTime() + validityPeriodHours * 3_600_000),
    signingKey: keys.privateKey,
    signingAlgorithm: signing(keys),
  };
}

async function extensions(
  options: CertificateOptions,
  names: x509.Extension | undefined,
  own: x509.PublicKeyType,
  issuer: x509.PublicKeyType,
): Promise<x509.Extension[]> {
  const isCa = options.isCaCertificate ?? false;
  const usage = options.allowedUses.reduce((sum, use) => sum | (keyUsages[use] ?? 0), 0);
  const extended = options.allowedUses.flatMap((use) => extendedUsages[use] ?? []);
  const result: x509.Extension[] = [new x509.BasicConstraintsExtension(isCa, options.maxPathLength, true)];
  if (usage !== 0) result.push(new x509.KeyUsagesExtension(usage, true));
  if (extended.length > 0) result.push(new x509.ExtendedKeyUsageExtension(extended));
  if (isCa || options.setSubjectKeyId) result.push(await x509.SubjectKeyIdentifierExtension.create(own));
  if (options.setAuthorityKeyId) result.push(await x509.AuthorityKeyIdentifierExtension.create(issuer));
  if (names) result.push(names);
  return result;
}

function alternativeNames({ dnsNames = [], ipAddresses = [], uris = [] }: Names): x509.Extension | undefined {
  const names = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
    ...uris.map((value) => ({ type: "url" as const, value })),
  ];
  return names.length > 0 ? new x509.SubjectAlternativeNameExtension(names) : undefined;
}

function subjectOf(subject: Subject = {}): x509.JsonName {
  const parts: [string, string | undefined][] = [
    ["C", subject.country],
    ["ST", subject.province],
    ["L", subject.locality],
    ...(subject.streetAddresses ?? []).map((street): [string, string] => ["2.5.4.9", street]),
    ["2.5.4.17", subject.postalCode],
    ["O", subject.organization],
    ["OU", subject.organizationalUnit],
    ["CN", subject.commonName],
    ["2.5.4.5", subject.serialNumber],
  ];
  return parts.flatMap(([type, value]) => (value ? [{ [type]: [value] }] : []));
}

/** Web Crypto knows P256, P384 and P521, not P224. */
async function keyPair(key: KeyObject): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = algorithmParameters(key);
  const usages = { private: ["sign"], public: ["verify"] } as const;
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const { subtle } = webcrypto;
  return {
    privateKey: await subtle.importKey("pkcs8", pkcs8, algorithm, true, [...usages.private]),
    publicKey: await subtle.importKey("spki", spki, algorithm, true, [...usages.public]),
  } as webcrypto.CryptoKeyPair;
}

const curveNames: Record<string, string> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

function algorithmParameters(key: KeyObject): webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams {
  const algorithm = algorithmOf(key);
  if (algorithm === "RSA") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  if (algorithm === "ED25519") return { name: "Ed25519" } as webcrypto.EcKeyImportParams;
  const namedCurve = curveNames[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (!namedCurve)
    throw new Error("Certificates with a P224 key are not implemented: set ecdsaCurve to P256.");
  return { name: "ECDSA", namedCurve };
}

function signing(keys: webcrypto.CryptoKeyPair): { name: string; hash: string } {
  const { name, namedCurve } = keys.privateKey.algorithm as webcrypto.EcKeyAlgorithm;
  const hashes: Record<string, string> = { "P-384": "SHA-384", "P-521": "SHA-512" };
  const hash = hashes[namedCurve ?? ""] ?? "SHA-256";
  return { name, hash };
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
