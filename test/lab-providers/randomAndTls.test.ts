import assert from "node:assert/strict";
import "reflect-metadata";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { compareSync } from "bcryptjs";
import { RandomStandIn } from "../../lab/providers/random/provider";
import { TlsStandIn } from "../../lab/providers/tls/provider";
import { isSecret, plain, unknown, type Properties } from "../../lab/providers/values";
import { Engine } from "./support";

describe("The stand-in for the random plugin", () => {
  const password = "random:index/randomPassword:RandomPassword";
  let engine: Engine;
  before(async () => {
    engine = await Engine.start(new RandomStandIn("4.0.0"));
  });
  after(() => engine.close());

  it("makes a secret password with a matching hash and an id that tells nothing", async () => {
    const { id, outputs } = await engine.create(password, { length: 24 });
    assert.equal(id, "none");
    assert.ok(isSecret(outputs["result"]) && isSecret(outputs["bcryptHash"]));
    const result = String(plain(outputs["result"]));
    assert.equal(result.length, 24);
    assert.ok(compareSync(result, String(plain(outputs["bcryptHash"]))));
  });

  it("uses only the characters that are allowed, and as many as are demanded", async () => {
    const inputs = {
      length: 40,
      special: true,
      overrideSpecial: "_",
      upper: false,
      minNumeric: 30,
      minSpecial: 5,
    };
    const result = String(plain((await engine.create(password, inputs)).outputs["result"]));
    assert.match(result, /^[a-z0-9_]{40}$/);
    assert.ok(result.replace(/[^0-9]/g, "").length >= 30);
    assert.ok(result.replace(/[^_]/g, "").length >= 5);
  });

  it("makes another one each time", async () => {
    const made = await Promise.all([1, 2].map(() => engine.create(password, { length: 16 })));
    assert.notDeepEqual(made[0]!.outputs["result"], made[1]!.outputs["result"]);
  });

  it("makes none in a preview", async () => {
    const { outputs } = await engine.create(password, { length: 16, keepers: { a: unknown } }, true);
    assert.equal("result" in outputs, false);
  });

  it("replaces it when a keeper changes, and only then", async () => {
    const inputs = { length: 16, keepers: { a: "1" } };
    assert.equal((await engine.diff(password, inputs, inputs)).changes, false);
    assert.deepEqual((await engine.diff(password, inputs, { length: 16, keepers: { a: "2" } })).replaces, [
      "keepers.a",
    ]);
  });

  it("refuses a length that cannot hold what is demanded", async () => {
    const { failures } = await engine.check(password, { length: 3, minNumeric: 4 });
    assert.match(failures.join(), /length/);
  });

  it("imports a value as it is", async () => {
    const { inputs, outputs } = await engine.read(password, "imported-value");
    assert.deepEqual(inputs, { length: 14 });
    assert.ok(isSecret(outputs["result"]));
    assert.equal(plain(outputs["result"]), "imported-value");
  });

  it("makes ids of so many bytes", async () => {
    const { outputs } = await engine.create("random:index/randomId:RandomId", {
      byteLength: 4,
      prefix: "p-",
    });
    assert.match(String(outputs["hex"]), /^p-[0-9a-f]{8}$/);
  });

  it("refuses other types by name", async () => {
    await assert.rejects(
      engine.check("random:index/randomPet:RandomPet", {}),
      /random:index\/randomPet:RandomPet/,
    );
  });
});

describe("The stand-in for the tls plugin", () => {
  const privateKey = "tls:index/privateKey:PrivateKey";
  const selfSigned = "tls:index/selfSignedCert:SelfSignedCert";
  const request = "tls:index/certRequest:CertRequest";
  const locallySigned = "tls:index/locallySignedCert:LocallySignedCert";
  let engine: Engine;
  let now = Date.now();
  before(async () => {
    engine = await Engine.start(new TlsStandIn("5.0.0", () => now));
  });
  after(() => engine.close());
  beforeEach(() => {
    now = Date.now();
  });

  const key = async (inputs: Properties) => (await engine.create(privateKey, inputs)).outputs;
  const authority = {
    subject: { commonName: "Authority" },
    isCaCertificate: true,
    validityPeriodHours: 24,
    allowedUses: ["cert_signing", "digital_signature"],
  };

  const keys: Properties[] = [
    { algorithm: "RSA", rsaBits: 2048 },
    { algorithm: "ECDSA", ecdsaCurve: "P256" },
    { algorithm: "ED25519" },
  ];
  for (const inputs of keys) {
    it(`makes ${String(inputs["algorithm"])} keys, secret, and certificates with them`, async () => {
      const outputs = await key(inputs);
      assert.ok(isSecret(outputs["privateKeyPem"]) && isSecret(outputs["privateKeyPemPkcs8"]));
      const made = await engine.create(selfSigned, {
        ...authority,
        privateKeyPem: outputs["privateKeyPem"]!,
      });
      assert.ok(isSecret(made.outputs["privateKeyPem"]));
      const certificate = new X509Certificate(String(made.outputs["certPem"]));
      assert.ok(certificate.ca);
      assert.ok(certificate.checkPrivateKey(createPrivateKey(String(plain(outputs["privateKeyPem"])))));
      assert.ok(certificate.verify(certificate.publicKey));
    });
  }

  it("signs a request with its names and uses", async () => {
    const [caKey, ownKey] = await Promise.all([
      key({ algorithm: "ECDSA", ecdsaCurve: "P256" }),
      key({ algorithm: "ECDSA", ecdsaCurve: "P256" }),
    ]);
    const ca = await engine.create(selfSigned, { ...authority, privateKeyPem: caKey["privateKeyPem"]! });
    const wanted = await engine.create(request, {
      privateKeyPem: ownKey["privateKeyPem"]!,
      subject: { commonName: "server" },
      dnsNames: ["server.example"],
      ipAddresses: ["127.0.0.1"],
    });
    const made = await engine.create(locallySigned, {
      certRequestPem: wanted.outputs["certRequestPem"]!,
      caPrivateKeyPem: caKey["privateKeyPem"]!,
      caCertPem: ca.outputs["certPem"]!,
      validityPeriodHours: 12,
      allowedUses: ["server_auth", "key_encipherment"],
    });
    const certificate = new X509Certificate(String(made.outputs["certPem"]));
    assert.ok(certificate.checkIssued(new X509Certificate(String(ca.outputs["certPem"]))));
    assert.ok(certificate.verify(new X509Certificate(String(ca.outputs["certPem"])).publicKey));
    assert.equal(certificate.subjectAltName, "DNS:server.example, IP Address:127.0.0.1");
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    const hours = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 3_600_000;
    assert.equal(hours, 12);
  });

  it("replaces a certificate that is due, and not before", async () => {
    const { privateKeyPem } = await key({ algorithm: "ECDSA", ecdsaCurve: "P256" });
    const inputs = { ...authority, earlyRenewalHours: 4, privateKeyPem: privateKeyPem! };
    const { outputs } = await engine.create(selfSigned, inputs);
    now += 19 * 3_600_000;
    assert.equal((await engine.diff(selfSigned, inputs, inputs, outputs)).changes, false);
    now += 2 * 3_600_000;
    assert.deepEqual((await engine.diff(selfSigned, inputs, inputs, outputs)).replaces, ["readyForRenewal"]);
    assert.equal((await engine.read(selfSigned, "id", inputs, outputs)).outputs["readyForRenewal"], true);
  });

  it("replaces a certificate whose names change, and updates when to renew it", async () => {
    const inputs = { ...authority, dnsNames: ["a"] };
    assert.deepEqual((await engine.diff(selfSigned, inputs, { ...inputs, dnsNames: ["b"] })).replaces, [
      "dnsNames[0]",
    ]);
    const renewed = await engine.diff(selfSigned, inputs, { ...inputs, earlyRenewalHours: 1 });
    assert.deepEqual([renewed.changes, renewed.replaces], [true, []]);
  });

  it("makes nothing in a preview with a key that is not known yet", async () => {
    const { outputs } = await engine.create(selfSigned, { ...authority, privateKeyPem: unknown }, true);
    assert.equal("certPem" in outputs, false);
  });

  it("refuses uses that no certificate has", async () => {
    const { failures } = await engine.check(selfSigned, {
      ...authority,
      privateKeyPem: "x",
      allowedUses: ["flying"],
    });
    assert.match(failures.join(), /"flying"/);
  });

  it("does not show a key that it cannot read", async () => {
    await assert.rejects(
      engine.create(selfSigned, { ...authority, privateKeyPem: "broken-key" }),
      (error: Error) => /privateKeyPem/.test(error.message) && !error.message.includes("broken-key"),
    );
  });

  it("refuses other types and functions by name", async () => {
    await assert.rejects(engine.check("tls:index/other:Other", {}), /tls:index\/other:Other/);
    await assert.rejects(engine.invoke("tls:index/getCertificate:getCertificate"), /getCertificate/);
  });
});
