/** Checks of the way alerts take: receivers, routes, channels and their timings. */
import { parseDuration } from "./units";
import { parseMatcher, type Matcher } from "./checks";
import { configPath } from "./problems";
import { rawText, rawAt } from "./read";
import { firstOfEachName, reporter, type Findings, type Reading, type Report } from "./relations";
import type { ReceiverSettings } from "./settings";

/** Receivers that the Alertmanager component makes itself. */
const reservedReceivers = ["nobody", "dead-mans-switch"];

/** Checks receivers, routes and escalation, and that production can tell somebody. */
export function checkRouting(reading: Reading): Findings {
  const findings: Findings = { problems: [], notes: [] };
  const report = reporter(findings.problems);
  checkReceiverNames(reading, report);
  checkReferences(reading, report);
  checkChannels(reading, report, findings.notes);
  checkTimings(reading, report, findings.notes);
  return findings;
}

function checkReceiverNames({ receivers }: Reading, report: Report): void {
  firstOfEachName(receivers, (index, first, name) =>
    report(
      ["alertReceivers", index, "name"],
      name,
      `another name than ${configPath(["alertReceivers", first])}: routes could not tell them apart`,
      `${name}-2`,
    ),
  );
  receivers?.forEach(({ raw }, index) => {
    const name = rawText(raw, "name");
    if (name === undefined || !reservedReceivers.includes(name)) return;
    report(
      ["alertReceivers", index, "name"],
      name,
      "a name that the stack does not use itself",
      `team-${name}`,
    );
  });
}

function checkReferences({ scalars, receivers, routes, raw }: Reading, report: Report): void {
  if (receivers === undefined) return;
  const names = receivers.flatMap(({ raw: receiver }) => rawText(receiver, "name") ?? []);
  const reached = new Set<string>();
  const refer = (path: (string | number)[], name: string | undefined, reaches = true): void => {
    if (name === undefined) return;
    if (reaches) reached.add(name);
    if (!names.includes(name)) {
      const known = names.length === 0 ? "none is declared in alertReceivers" : `one of ${names.join(", ")}`;
      report(path, name, `the name of a receiver: ${known}`, names[0] ?? "team-bilten");
    }
  };
  refer(["alertDefaultReceiver"], scalars.alertDefaultReceiver);
  refer(["alertEscalation", "receiver"], rawText(raw.alertEscalation, "receiver"));
  routes?.forEach((route, index) => {
    const blocked = whyUnreachable(
      routes.map((other) => other.raw),
      index,
    );
    if (blocked)
      report(
        ["alertRoutes", index, "matchers"],
        matchersText(route.raw),
        blocked,
        "a route above the wider one",
      );
    refer(["alertRoutes", index, "receiver"], rawText(route.raw, "receiver"), !blocked);
  });
  if (routes === undefined || scalars.alertDefaultReceiver === undefined) return;
  receivers.forEach(({ raw: receiver }, index) => {
    const name = rawText(receiver, "name");
    if (name === undefined || reached.has(name)) return;
    report(
      ["alertReceivers", index],
      name,
      "a receiver that some alert can reach: alertDefaultReceiver, a route of alertRoutes or alertEscalation must name it",
      `alertRoutes: [{ matchers: ['severity="critical"'], receiver: ${name} }]`,
    );
  });
}

/** Why no alert can take a route, or undefined. Finds contradictions and wider routes before it, not every cause. */
function whyUnreachable(routes: unknown[], index: number): string | undefined {
  const own = matchersOf(routes[index]);
  if (own === undefined) return undefined;
  const equal = new Map<string, string>();
  for (const { label, operator, value } of own) {
    if (operator !== "=") continue;
    if (equal.has(label) && equal.get(label) !== value) {
      return `matchers that one alert can meet: ${label} cannot be "${equal.get(label)}" and "${value}" at once`;
    }
    equal.set(label, value);
  }
  const ownKeys = new Set(own.map(matcherKey));
  const wider = routes.slice(0, index).findIndex((route) => {
    const matchers = matchersOf(route);
    return (
      matchers !== undefined &&
      rawAt(route, ["continue"]) !== true &&
      matchers.every((matcher) => ownKeys.has(matcherKey(matcher)))
    );
  });
  if (wider < 0) return undefined;
  return `matchers that leave it some alerts: ${configPath(["alertRoutes", wider])} takes all of these before it, without \`continue\``;
}

function matchersOf(route: unknown): Matcher[] | undefined {
  const texts = rawAt(route, ["matchers"]);
  if (!Array.isArray(texts) || texts.length === 0) return undefined;
  const matchers = texts.map((text) => (typeof text === "string" ? parseMatcher(text) : undefined));
  return matchers.every((matcher) => matcher !== undefined) ? matchers : undefined;
}

const matcherKey = ({ label, operator, value }: Matcher): string => `${label}${operator}${value}`;

function matchersText(route: unknown): string {
  return (matchersOf(route) ?? [])
    .map(({ label, operator, value }) => `${label}${operator}${value}`)
    .join(", ");
}

/** The receivers an environment can really use: without a Slack webhook, none of them has Slack. */
export function usableReceiver(receiver: ReceiverSettings, hasSlackWebhook: boolean): ReceiverSettings {
  if (hasSlackWebhook || !receiver.slack) return receiver;
  const usable = { ...receiver };
  delete usable.slack;
  return usable;
}

function checkChannels(reading: Reading, report: Report, notes: string[]): void {
  const { scalars, receivers = [], secretsPresent } = reading;
  const production = scalars.environment === "prod";
  const hasWebhook = secretsPresent.has("slackWebhookUrl");
  let mails = false;
  let slacks = false;
  receivers.forEach(({ raw, value }, index) => {
    mails ||= rawAt(raw, ["email"]) !== undefined;
    const slack = rawAt(raw, ["slack"]) !== undefined;
    slacks ||= slack;
    if (!value) return;
    const usable = usableReceiver(value, hasWebhook || production);
    if (slack && !usable.slack) {
      notes.push(
        `Receiver ${value.name} goes without Slack: the secret slackWebhookUrl is not set ` +
          "(pulumi config set --secret slackWebhookUrl).",
      );
    }
    if (!usable.email && !usable.slack && !usable.webhook) {
      report(
        ["alertReceivers", index],
        slack ? "only slack, and no slackWebhookUrl" : "no channel",
        "at least one of email, webhook, or slack with the secret slackWebhookUrl",
        "{ name: team-bilten, email: { to: team@bilten.com } }",
      );
    }
  });
  if (production && slacks && !hasWebhook) {
    requireSecret(report, "slackWebhookUrl", "a secret in environment prod, because a receiver uses Slack");
  }
  if (!mails || secretsPresent.has("smtpPassword") || scalars.mailCatcher) return;
  if (production) {
    requireSecret(report, "smtpPassword", "a secret in environment prod, because a receiver uses mail");
  } else if (scalars.smtpHost !== undefined) {
    notes.push(
      `Mail goes to ${scalars.smtpHost} without a password: set the secret smtpPassword, or mailCatcher to true.`,
    );
  }
}

function requireSecret(report: Report, name: string, expected: string): void {
  report([name], undefined, expected, `pulumi config set --secret ${name}`);
}

/** How long an Alertmanager waits for each one before it, before it sends what they have not: `--cluster.peer-timeout`. */
const peerTimeout = 15;

function checkTimings({ scalars }: Reading, report: Report, notes: string[]): void {
  const {
    alertGroupInterval: interval,
    alertRepeatInterval: repeat,
    alertmanagerRetention: retention,
    alertmanagerReplicas: replicas,
  } = scalars;
  if (repeat === undefined) return;
  if (retention !== undefined && parseDuration(repeat) > parseDuration(retention)) {
    report(
      ["alertRepeatInterval"],
      repeat,
      `at most alertmanagerRetention (${retention}): Alertmanager forgets by then that it has told`,
      retention,
    );
  }
  const waiting = peerTimeout * ((replicas ?? 1) - 1);
  if (interval !== undefined && parseDuration(interval) < waiting) {
    notes.push(
      `${configPath(["alertGroupInterval"])} (${interval}) is shorter than the ${waiting} s that the last of ${replicas} ` +
        "Alertmanagers waits for the others: it may tell of an alert again that is over by then.",
    );
  }
  if (interval !== undefined && parseDuration(repeat) < parseDuration(interval)) {
    notes.push(
      `${configPath(["alertRepeatInterval"])} (${repeat}) is shorter than alertGroupInterval (${interval}), ` +
        "which then decides how often an alert is repeated.",
    );
  }
}
