import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import type { Properties } from "../values";

export interface KeyOptions {
  algorithm: "RSA" | "ECDSA" | "ED25519";
  /** @default 2048 */
  rsaBits?: number;
  /** @default "P224", as the official plugin */
  ecdsaCurve?: "P224" | "P256" | "P384" | "P521";
}

const curves = { P224: "secp224r1", P256: "prime256v1", P384: "secp384r1", P521: "secp521r1" } as const;

/** What is wrong with the options, for the user. */
export function keyProblems({ algorithm, rsaBits, ecdsaCurve }: KeyOptions): string[] {
  if (!["RSA", "ECDSA", "ED25519"].includes(algorithm)) return ["algorithm: expected RSA, ECDSA or ED25519."];
  if (algorithm === "RSA" && rsaBits !== undefined && rsaBits < 2048)
    return ["rsaBits: expected at least 2048."];
  if (ecdsaCurve !== undefined && !(ecdsaCurve in curves)) {
    return [`ecdsaCurve: expected one of ${Object.keys(curves).join(", ")}.`];
  }
  return [];
}

export function generateKey({ algorithm, rsaBits = 2048, ecdsaCurve = "P224" }: KeyOptions): KeyObject {
  if (algorithm === "RSA") return generateKeyPairSync("rsa", { modulusLength: rsaBits }).privateKey;
  if (algorithm === "ED25519") return generateKeyPairSync("ed25519").privateKey;
  return generateKeyPairSync("ec", { namedCurve: curves[ecdsaCurve] }).privateKey;
}

/** Private and public forms of a key. */
export function keyForms(key: KeyObject): { secrets: Record<string, string>; outputs: Properties } {
  const pkcs8 = key.export({ type: "pkcs8", format: "pem" }).toString();
  const algorithm = algorithmOf(key);
  const traditional = {
    RSA: () => key.export({ type: "pkcs1", format: "pem" }).toString(),
    ECDSA: () => key.export({ type: "sec1", format: "pem" }).toString(),
    ED25519: () => pkcs8,
  }[algorithm]();
  const publicKey = createPublicKey(key);
  const ssh = sshPublicKey(publicKey);
  const blob = ssh && Buffer.from(ssh.split(" ")[1]!, "base64");
  const md5 = blob && createHash("md5").update(blob).digest("hex").match(/../g)!.join(":");
  const sha256 = blob && `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
  return {
    secrets: { privateKeyPem: traditional, privateKeyPemPkcs8: pkcs8 },
    outputs: {
      publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
      publicKeyOpenssh: ssh ? `${ssh}\n` : "",
      publicKeyFingerprintMd5: md5 ?? "",
      publicKeyFingerprintSha256: sha256 ?? "",
    },
  };
}

/** @throws Error without the key, when it cannot be read */
export function parseKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error("privateKeyPem is no private key in PEM form.");
  }
}

export function algorithmOf(key: KeyObject): KeyOptions["algorithm"] {
  const { asymmetricKeyType } = key;
  if (asymmetricKeyType === "rsa") return "RSA";
  if (asymmetricKeyType === "ed25519") return "ED25519";
  if (asymmetricKeyType === "ec") return "ECDSA";
  throw new Error(
    `Keys of type ${String(asymmetricKeyType)} are not implemented: use RSA, ECDSA or ED25519.`,
  );
}

/** The line of an authorized_keys file; none for P224, which SSH does not know. */
function sshPublicKey(key: KeyObject): string | undefined {
  const { kty, crv, n, e, x, y } = key.export({ format: "jwk" });
  const bytes = (text: string | undefined) => Buffer.from(text ?? "", "base64url");
  const line = (type: string, ...parts: Buffer[]) =>
    `${type} ${Buffer.concat([Buffer.from(type), ...parts].map(withLength)).toString("base64")}`;
  if (kty === "RSA") return line("ssh-rsa", positive(bytes(e)), positive(bytes(n)));
  if (kty === "OKP") return line("ssh-ed25519", bytes(x));
  const name = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" }[crv ?? ""];
  if (!name) return undefined;
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
  return line(`ecdsa-sha2-${name}`, Buffer.from(name), point);
}

function withLength(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, part]);
}

/** A number whose first bit is set would be read as negative. */
function positive(number: Buffer): Buffer {
  return number[0]! & 0x80 ? Buffer.concat([Buffer.from([0]), number]) : number;
}
