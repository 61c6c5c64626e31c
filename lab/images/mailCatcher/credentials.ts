/** Users and passwords as an htpasswd file has them. */
import { createHash, timingSafeEqual } from "node:crypto";
import { compare } from "bcryptjs";

/** A password or its hash, by user. */
export type Credentials = ReadonlyMap<string, string>;

const bcryptHash = /^\$2[abxy]\$\d\d\$/;
const sha1Prefix = "{SHA}";
/** What htpasswd can write besides: md5-crypt, SHA-crypt, salted SHA. */
const unsupported = /^(\$apr1\$|\$1\$|\$5\$|\$6\$|\{SSHA\})/;

/**
 * Reads pairs of `user:password`, separated by white space. A password is plain, a bcrypt hash or `{SHA}`.
 * @throws Error that names the pair by its number, without the password
 */
export function parseCredentials(text: string): Credentials {
  const pairs = text.split(/\s+/).filter(Boolean);
  return new Map(
    pairs.map((pair, index) => {
      const [user = "", ...rest] = pair.split(":");
      const password = rest.join(":");
      if (!user || !password) throw new Error(`entry ${index + 1} is not user:password.`);
      if (unsupported.test(password)) {
        throw new Error(`the hash of entry ${index + 1} is of an unknown kind. Use bcrypt (htpasswd -B).`);
      }
      return [user, password];
    }),
  );
}

/** Whether the password is the user's. */
export async function matches(credentials: Credentials, user: string, password: string): Promise<boolean> {
  const expected = credentials.get(user);
  if (expected === undefined) return false;
  if (bcryptHash.test(expected)) return compare(password, expected);
  if (expected.startsWith(sha1Prefix)) {
    return same(
      createHash("sha1").update(password).digest(),
      Buffer.from(expected.slice(sha1Prefix.length), "base64"),
    );
  }
  return same(digest(password), digest(expected));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
