/** Lines with something in them that must not be kept, in the forms in which services write it. */
export interface SecretLine {
  what: string;
  line: string;
  /** Must be gone. */
  secrets: string[];
  /** Must still be there. */
  kept: string[];
}

const json = (fields: object) => JSON.stringify(fields);
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N";

export const secretLines: SecretLine[] = [
  {
    what: "an authorization header, a cookie and a key among the headers of a request",
    line: json({
      message: "request",
      req: {
        headers: { authorization: "Bearer abc.DEF123", cookie: "sid=s3ss10n; b=2", "X-Api-Key": "k3y99" },
      },
      level: "info",
    }),
    secrets: ["abc.DEF123", "s3ss10n", "k3y99"],
    kept: ["request", "info"],
  },
  {
    what: "cookies that are set, as a list",
    line: json({ headers: { "set-cookie": ["sid=first; HttpOnly", "other=second"] }, message: "sent" }),
    secrets: ["first", "second"],
    kept: ["sent"],
  },
  {
    what: "raw headers, names and values in turn",
    line: json({
      rawHeaders: ["Host", "bilten", "Authorization", "Basic dXNlcjpwYXNz", "Cookie", "sid=c00k"],
    }),
    secrets: ["dXNlcjpwYXNz", "c00k"],
    kept: ["bilten"],
  },
  {
    what: "a password with quotes and backslashes, and its user",
    line: json({ user: "ada", password: 'a"b\\c\\\\"d', message: "login" }),
    secrets: ['a\\"b', '\\"d'],
    kept: ["ada", "login"],
  },
  {
    what: "secrets that are numbers, objects or deep inside",
    line: json({ a: { b: [{ userPassword: 918273 }, { refresh_token: { value: "deepDown1" } }] }, ok: true }),
    secrets: ["918273", "deepDown1"],
    kept: ["ok"],
  },
  {
    what: "a body that is JSON in a text",
    line: json({ message: `body: ${json({ email: "x", password: "n3sted", next: 1 })}` }),
    secrets: ["n3sted"],
    kept: ["body", "next"],
  },
  {
    what: "headers in plain text",
    line: "2026-11-23T10:00:00.000Z INFO GET / Authorization: Bearer opaque-Token-123 done",
    secrets: ["opaque-Token-123"],
    kept: ["GET /", "done"],
  },
  {
    what: "a cookie header in plain text",
    line: "2026-11-23T10:00:00.000Z INFO Cookie: sid=s3ss10n; theme=dark",
    secrets: ["s3ss10n"],
    kept: ["Cookie"],
  },
  {
    what: "a bearer token and a web token without a name",
    line: `2026-11-23T10:00:00.000Z WARN used bearer 0123456789abcdef and ${jwt} twice`,
    secrets: ["0123456789abcdef", jwt, "dozjgNryP4J3jVmNHl0w5N"],
    kept: ["used", "twice"],
  },
  {
    what: "a web token after an escaped line break",
    line: json({ message: `tokens:\n${jwt}` }),
    secrets: ["eyJzdWIiOiIxMjM0In0"],
    kept: ["tokens"],
  },
  {
    what: "passwords and tokens in addresses and settings",
    line: "2026-11-23T10:00:00.000Z INFO postgres://app:hunter2@db:5432/x?token=t0k3n&page=2 api_key='k e y' DB_PASSWORD=xyz1",
    secrets: ["hunter2", "t0k3n", "k e y", "xyz1"],
    kept: ["db:5432", "page=2", "app"],
  },
  {
    what: "card numbers, plain and in groups",
    line: "2026-11-23T10:00:00.000Z INFO paid with 4111111111111111, 5500-0000-0000-0004 and 3400 000000 00009.",
    secrets: ["4111111111111111", "5500-0000", "000000 00009"],
    kept: ["paid with"],
  },
  {
    what: "a card number that is a number, and one after an escaped line break",
    line: '{"message":"card:\\n4111111111111111","card":5500000000000004,"cards":[340000000000009, 1]}',
    secrets: ["4111111111111111", "5500000000000004", "340000000000009"],
    kept: ["card:"],
  },
  {
    what: "mail addresses, whose domain stays",
    line: json({
      message: "sent to\nada.lovelace+x@mail.example.com and é\u00e9bob@example.org",
      user: "eve@example.com",
    }),
    secrets: ["ada.lovelace", "bob@", "eve@", "lovelace"],
    kept: ["@mail.example.com", "@example.org", "sent to"],
  },
];

/** Lines that look a little like it, and must stay as they are. */
export const innocentLines: string[] = [
  json({ message: "basic authentication failed", max_tokens: 512, tokens_used: 17, level: "warn" }),
  json({ message: "ok", trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" }),
  json({ message: "ok", time: 1795399200000, nanoseconds: 1795399200000000000, ratio: 0.4111111111111111 }),
  json({ message: "ok", id: "41111111-1111-4111-8111-111111111111", price: 4111.11 }),
  "2026-11-23T10:00:00.000Z INFO GET /api/events?page=2 200 12ms @decorator a@b",
];
