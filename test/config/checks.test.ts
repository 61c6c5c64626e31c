import assert from "node:assert/strict";
import * as checks from "../../config/checks";

/** Asserts that a check accepts all of `good` and none of `bad`. */
function separates(check: (text: string) => boolean, good: string[], bad: string[]): void {
  for (const text of good) assert.equal(check(text), true, `should accept ${JSON.stringify(text)}`);
  for (const text of bad) assert.equal(check(text), false, `should refuse ${JSON.stringify(text)}`);
}

describe("checks of single texts", () => {
  it("tell Kubernetes names from what Kubernetes refuses", () => {
    const long = "a".repeat(64);
    separates(
      checks.isDnsLabel,
      ["a", "bilten-api", "0day", "a".repeat(63)],
      ["", "-a", "a-", "A", "a.b", "a_b", long],
    );
    separates(checks.isServiceName, ["bilten-api"], ["0day", "Bilten", long]);
    separates(checks.isDnsSubdomain, ["gp3", "fast.storage.example"], ["", "a..b", "A.b", "a."]);
  });

  it("tell addresses from what cannot be one", () => {
    separates(
      checks.isHttpUrl,
      ["http://localhost:9090", "https://grafana.example.com/x/"],
      [
        "localhost:9090",
        "ftp://a/b",
        "https://",
        "https://user@host/",
        "https://user:pass@host/",
        "http://a b",
        "http://h:99999",
      ],
    );
    separates(
      checks.isServiceUrl,
      ["http://relay.chat.svc:8080/hook", "https://relay.chat.svc.cluster.local"],
      [
        "http://relay.chat.svc.example.com/",
        "http://svc/",
        "http://chat.svc/",
        "http://me@relay.chat.svc/",
        "relay.chat.svc",
      ],
    );
    separates(
      checks.isHostPort,
      ["smtp.gmail.com:587", "10.0.0.1:25", "[::1]:1025"],
      ["smtp.gmail.com", "host:0", "host:70000", ":25", "smtp://host:25", "host:smtp"],
    );
    separates(
      checks.isMailAddressList,
      ["team@bilten.com", "a@b, c@d.example"],
      ["team", "a@b;c@d", "@b", "a@-b", ""],
    );
    separates(checks.isUrlPath, ["/", "/metrics", "/health/live"], ["metrics", "/a b", "/a?b", ""]);
  });

  it("tell buckets from what S3 refuses", () => {
    separates(
      checks.isBucketName,
      ["abc", "bilten-log-snapshots", "logs.example.com", "a".repeat(63)],
      ["ab", "a".repeat(64), "Logs", "-abc", "abc-", "a..b", "10.0.0.1", "a_b"],
    );
  });

  it("tell schedules of Elasticsearch from those of Unix, and from more than one an hour", () => {
    separates(
      checks.isSnapshotSchedule,
      [
        "0 45 2 * * ?",
        "0 0 * ? * MON-FRI",
        "30 5 0,6,12,18 L * ?",
        "0 0 */6 1,15 JAN-JUN ? 2027-2030",
        "0 0 8-18/2 ? * 2",
      ],
      [
        "45 2 * * *",
        "0 45 2 * * *",
        "0 45 2 ? * ?",
        "0 */5 2 * * ?",
        "* 0 2 * * ?",
        "0 60 2 * * ?",
        "0 0 24 * * ?",
        "0 0 2 32 * ?",
        "0 0 2 * 13 ?",
        "0 0 2 ? * SON",
        "0 45 2 * * ? 27",
        "0  45 2 * * ?",
        "",
      ],
    );
  });

  it("tell redactions from what would take out everything or nothing", () => {
    separates(
      checks.isRedactionPattern,
      ["sk_live_[0-9A-Za-z]+", "(?i)password=\\S+", "(?<=token )\\w+"],
      ["", "x*", "(?i)x?", "a|", "(", "a\nb"],
    );
  });

  it("read matchers as Alertmanager does", () => {
    assert.deepEqual(checks.parseMatcher('severity="critical"'), {
      label: "severity",
      operator: "=",
      value: "critical",
    });
    assert.deepEqual(checks.parseMatcher(' service =~ "bilten-.*|say \\"x\\"" ')?.value, 'bilten-.*|say "x"');
    assert.equal(checks.parseMatcher("severity!=info")?.operator, "!=");
    separates(
      (text) => checks.parseMatcher(text) !== undefined,
      ['a=~"(?i)warn.*"', 'a!~"x|y"', 'a=""', 'a=~"(?P<x>b)"'],
      ["severity", 'severity=="a"', '1a="b"', 'a="b', "a=", "a=b c", 'a=~"("', 'a=~"(?!x)y"', 'a="b",c="d"'],
    );
  });
});
