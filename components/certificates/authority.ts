import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { renewal, type ValidityArgs } from "./validity";

export interface CertificateAuthorityArgs extends ValidityArgs {
  /** @default 3650 */
  validityDays?: number;
  /** @default 365 */
  earlyRenewalDays?: number;
}

/**
 * A certificate authority of the stack's own, whose key is nowhere but in the stack's encrypted state. When its
 * certificate is renewed, all certificates that it signed are signed anew in the same update.
 */
export class CertificateAuthority extends pulumi.ComponentResource {
  /** Its certificate; no secret. */
  readonly caPem: pulumi.Output<string>;
  /** Signs certificates; for `Certificate`, and to be put nowhere. */
  readonly keyPem: pulumi.Output<string>;

  /** @throws when a certificate would be renewed as soon as it is made. */
  constructor(name: string, args: CertificateAuthorityArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    super("bilten:monitoring:CertificateAuthority", name, {}, opts);
    const key = new tls.PrivateKey(
      `${name}-key`,
      { algorithm: "ECDSA", ecdsaCurve: "P256" },
      { parent: this },
    );
    const certificate = new tls.SelfSignedCert(
      `${name}-certificate`,
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: `${name} authority`, organization: "bilten-monitoring" },
        isCaCertificate: true,
        // It signs programs' certificates, and no further authority.
        maxPathLength: 0,
        setSubjectKeyId: true,
        allowedUses: ["cert_signing", "crl_signing"],
        ...renewal(name, { validityDays: 3650, earlyRenewalDays: 365, ...args }),
      },
      { parent: this },
    );
    this.caPem = certificate.certPem;
    this.keyPem = pulumi.secret(key.privateKeyPem);
    this.registerOutputs({ caPem: this.caPem });
  }
}
