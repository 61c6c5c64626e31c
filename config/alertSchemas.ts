/** Strict schemas of the settings about alerts: who is told, when, and what is different about single alerts. */
import { z } from "zod";
import * as checks from "./checks";
import { durationText, field, flag, httpUrl, text, waitText } from "./fields";

const receiverName = (description: string, example = "team-bilten") =>
  text((name) => name.trim() === name && name !== "", {
    expected: "the name of a receiver",
    example,
    description,
  });

const sendResolved = () => flag("Tell when the alert is over, too.").default(true);

/** One receiver; that it has a channel is checked after what the environment lacks has been taken away. */
export const receiverSchema = z.strictObject({
  name: receiverName("Name by which routes refer to it."),
  email: field(
    z.strictObject({
      to: text(checks.isMailAddressList, {
        expected: "a mail address, or several separated by commas",
        example: "team@bilten.com",
        description: "Who gets the mail.",
      }),
      sendResolved: sendResolved(),
    }),
    { expected: "an object with to and sendResolved", example: "{ to: team@bilten.com }" },
  ).optional(),
  slack: field(
    z.strictObject({
      channel: text((channel) => /^[#@]?[^\s#@]+$/.test(channel), {
        expected: "a Slack channel",
        example: '"#alerts"',
        description: "Channel. The webhook of a Slack app ignores it and posts where the app was installed.",
      }),
      sendResolved: sendResolved(),
    }),
    { expected: "an object with channel and sendResolved", example: '{ channel: "#alerts" }' },
  ).optional(),
  webhook: field(
    z.strictObject({
      url: httpUrl("Address that gets Alertmanager's JSON.", "http://hook.ops.svc:8080/alerts"),
      sendResolved: sendResolved(),
    }),
    { expected: "an object with url and sendResolved", example: "{ url: http://hook.ops.svc:8080/alerts }" },
  ).optional(),
});

export const groupBySchema = (description: string) =>
  field(
    z
      .array(
        text((label) => label === "..." || checks.isLabelName(label), {
          expected: "a label name, or ... for all labels",
          example: "alertname",
        }),
      )
      .min(1),
    {
      expected: "a list of label names, at least one",
      example: "[alertname, cluster, service]",
      description,
    },
  );

/** One route below the root; the first that matches takes the alert unless it says `continue`. */
export const routeSchema = z.strictObject({
  matchers: field(
    z
      .array(
        text((matcher) => checks.parseMatcher(matcher) !== undefined, {
          expected: "an Alertmanager matcher: label, one of = != =~ !~, value in double quotes",
          example: `severity="critical"`,
        }),
      )
      .min(1),
    {
      expected:
        "a list of Alertmanager matchers, at least one (what no route takes goes to the default receiver)",
      example: `['severity="critical"']`,
      description: "Which alerts it takes; all of them must match.",
    },
  ),
  receiver: receiverName("Who is told."),
  groupBy: groupBySchema("Labels whose alerts are told together.").optional(),
  groupWait: waitText("How long a new group waits for more alerts; `0s` tells at once.", "30s").optional(),
  groupInterval: durationText("How long before additions to a group are told.", "5m").optional(),
  repeatInterval: durationText("How long before a firing group is told again.", "4h").optional(),
  continue: flag("Go on to the next route after this one matched.", "false").default(false),
});

export const escalationSchema = z.strictObject({
  receiver: receiverName("Who is told when nobody answers.", "on-call-lead"),
  after: durationText("How long a critical alert may fire unsilenced.", "30m").default("30m"),
  repeatInterval: durationText("How long before it is told again.", "1h").default("1h"),
});

/** What is different about one alert; what is left out stays as the rule defines it. */
export const alertOverrideSchema = z.strictObject({
  enabled: flag("Whether the alert exists in this stack.", "false").default(true),
  for: waitText("How long its condition must hold before it fires; `0s` fires at once.", "10m").optional(),
  severity: field(z.enum(["critical", "warning", "info"]), {
    expected: "critical, warning or info",
    example: "info",
    description: "The label that routes, inhibition and escalation go by.",
  }).optional(),
  keepFiringFor: waitText(
    "How long it goes on firing after its condition ended; `0s` ends it at once.",
    "5m",
  ).optional(),
});

/** By alert. That the names are known is checked in `alertOverrides.ts`, beside what is wrong with the values. */
export const alertOverridesSchema = z.record(
  z.string(),
  field(alertOverrideSchema, {
    expected: "an object with enabled, for, severity and keepFiringFor",
    example: "{ for: 10m, severity: info }",
  }),
);
