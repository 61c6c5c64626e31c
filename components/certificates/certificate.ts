import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import type { CertificateAuthority } from "./authority";
import { renewal, type ValidityArgs } from "./validity";

/** What the holder of a certificate does with it. */
export type CertificateUse = "server" | "client";

export interface CertificateArgs extends ValidityArgs {
  /** Signs it. */
  authority: CertificateAuthority;
  /** Names under which a server is reached. Empty for a client. */
  dnsNames: string[];
  /** Who it is; at most 64 characters. */
  commonName: string;
  uses: CertificateUse[];
  /** @default 90 */
  validityDays?: number;
  /** @default 30 */
  earlyRenewalDays?: number;
}

/** PEM texts as programs read them, in one Secret. */
export interface CertificateFiles {
  /** The certificate alone; its authority signed it directly. */
  certPem: pulumi.Input<string>;
  /** Unencrypted PKCS #8, which Java, Ruby and Go read alike. A secret. */
  keyPem: pulumi.Input<string>;
  /** The authority's certificate, against which the other side is checked. */
  caPem: pulumi.Input<string>;
}

/**
 * A certificate with its key. The key stays the same when the certificate is renewed; replace `<name>-key` for a new
 * one.
 */
export class Certificate extends pulumi.ComponentResource implements CertificateFiles {
  readonly certPem: pulumi.Output<string>;
  readonly keyPem: pulumi.Output<string>;
  readonly caPem: pulumi.Output<string>;

  /** @throws when it would be renewed as soon as it is made, or a server has no name. */
  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:Certificate", name, {}, opts);
    if (args.uses.length === 0)
      throw new Error(`Certificate "${name}": uses is empty; name "server" or "client".`);
    if (args.uses.includes("server") && args.dnsNames.length === 0) {
      throw new Error(
        `Certificate "${name}": dnsNames is empty, but a server is checked by its names; give one.`,
      );
    }
    const child = { parent: this };
    const { authority } = args;
    const key = new tls.PrivateKey(`${name}-key`, { algorithm: "ECDSA", ecdsaCurve: "P256" }, child);
    const request = new tls.CertRequest(
      `${name}-request`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.commonName, organization: "bilten-monitoring" },
        dnsNames: args.dnsNames,
      },
      child,
    );
    const certificate = new tls.LocallySignedCert(
      `${name}-certificate`,
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: authority.keyPem,
        caCertPem: authority.caPem,
        setSubjectKeyId: true,
        allowedUses: ["digital_signature", ...args.uses.map((use) => `${use}_auth`)],
        ...renewal(name, {
          validityDays: args.validityDays ?? 90,
          earlyRenewalDays: args.earlyRenewalDays ?? 30,
        }),
      },
      child,
    );
    this.certPem = certificate.certPem;
    this.keyPem = pulumi.secret(key.privateKeyPemPkcs8);
    this.caPem = authority.caPem;
    this.registerOutputs({ certPem: this.certPem, caPem: this.caPem });
  }
}
