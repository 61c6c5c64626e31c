/**
 * Reads Logstash's language, as its grammar has it for what is used here: sections, plugins with options, conditions,
 * texts, numbers, words, lists and hashes. Stricter than Logstash: a text may not hold its own kind of quote, and an
 * option stands once.
 */
export type Value = string | number | Value[] | Map<string, Value>;

export interface Plugin {
  section: string;
  name: string;
  options: Map<string, Value>;
  /** Conditions that it stands below, outermost first. */
  conditions: string[];
}

/** @throws with the line where the text is not in the language */
export function parsePipeline(source: string): Plugin[] {
  let at = 0;
  const plugins: Plugin[] = [];
  const fail = (expected: string): never => {
    const line = source.slice(0, at).split("\n").length;
    throw new Error(`line ${line}: expected ${expected} at ${JSON.stringify(source.slice(at, at + 40))}`);
  };
  const skip = () => {
    at += /^(?:\s+|#[^\n]*)*/.exec(source.slice(at))?.[0].length ?? 0;
  };
  const take = (pattern: RegExp): string | undefined => {
    skip();
    const found = new RegExp(`^(?:${pattern.source})`).exec(source.slice(at))?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const need = (pattern: RegExp, what: string): string => take(pattern) ?? fail(what);

  const value = (): Value => {
    const text = take(/"[^"]*"|'[^']*'/);
    if (text !== undefined) return text.slice(1, -1);
    const number = take(/-?\d+(?:\.\d+)?\b/);
    if (number !== undefined) return Number(number);
    if (take(/\[/)) {
      const list: Value[] = [];
      while (!take(/\]/)) {
        if (list.length > 0) need(/,/, "a comma");
        list.push(value());
      }
      return list;
    }
    if (take(/\{/)) {
      const hash = new Map<string, Value>();
      while (!take(/\}/)) {
        const key = need(/"[^"]*"|'[^']*'|\w+/, "a key").replace(/^["']|["']$/g, "");
        if (hash.has(key)) fail(`"${key}" once`);
        need(/=>/, "=>");
        hash.set(key, value());
      }
      return hash;
    }
    return need(/[A-Za-z_]\w+/, "a value");
  };

  const condition = (): string => {
    const start = at;
    do {
      take(/!/);
      if (take(/\(/)) {
        condition();
        need(/\)/, "a closing parenthesis");
      } else {
        need(/(?:\[[^[\],]+\])+/, "a field");
        const operator = take(/==|!=|<=|>=|<|>|=~|!~/);
        if (operator?.endsWith("~")) need(/\/(?:\\.|[^/\n\\])+\//, "a regular expression");
        else if (operator) need(/"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|(?:\[[^[\],]+\])+/, "a value");
      }
    } while (take(/and\b|or\b/));
    return source.slice(start, at).trim();
  };

  const block = (section: string, conditions: string[]): void => {
    need(/\{/, "a brace");
    while (!take(/\}/)) {
      if (take(/if\b/)) {
        let denied = condition();
        block(section, [...conditions, denied]);
        while (take(/else\b/)) {
          const next = take(/if\b/) ? condition() : undefined;
          block(section, [...conditions, `not (${denied})`, ...(next ? [next] : [])]);
          if (!next) break;
          denied += ` or ${next}`;
        }
      } else {
        const name = need(/[a-z][a-z_]*/, "a plugin");
        const options = new Map<string, Value>();
        need(/\{/, "a brace");
        while (!take(/\}/)) {
          const option = need(/[a-z][a-z_]*/, "an option");
          if (options.has(option)) fail(`${option} once`);
          need(/=>/, "=>");
          options.set(option, value());
        }
        plugins.push({ section, name, options, conditions });
      }
    }
  };

  for (skip(); at < source.length; skip()) {
    const section = need(/input\b|filter\b|output\b/, "a section");
    block(section, []);
  }
  return plugins;
}

/** Options of the plugins that are used, as their documentation for Logstash 9 has them. */
export const knownOptions: Record<string, string[]> = {
  "input beats": [
    ...["port", "ssl_enabled", "ssl_certificate", "ssl_key", "ssl_certificate_authorities"],
    ...["ssl_client_authentication", "ssl_supported_protocols"],
  ],
  "input pipeline": ["address"],
  "output pipeline": ["send_to", "ensure_delivery"],
  "filter throttle": ["id", "key", "period", "after_count", "max_age", "add_field"],
  "filter drop": ["id"],
  "filter mutate": ["gsub", "copy", "rename", "convert", "lowercase", "add_tag", "remove_field"],
  "filter uuid": ["target"],
  "filter json": ["source", "target", "skip_on_invalid_json"],
  "filter grok": ["match", "overwrite", "timeout_millis", "tag_on_failure", "tag_on_timeout"],
  "filter translate": ["source", "target", "override", "dictionary"],
  "filter date": ["match", "timezone", "tag_on_failure", "remove_field"],
  "filter ruby": ["code"],
  "output elasticsearch": [
    ...["hosts", "user", "password", "ssl_enabled", "ssl_certificate_authorities", "ssl_verification_mode"],
    ...["index", "action", "document_id", "data_stream", "manage_template", "ilm_enabled"],
    ...["retry_initial_interval", "retry_max_interval", "silence_errors_in_log"],
  ],
};
