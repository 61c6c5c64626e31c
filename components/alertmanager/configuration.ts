import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { parseDuration } from "../../config/units";
import type {
  AlertmanagerSettings,
  ReceiverSettings,
  RouteSettings,
  SmtpSettings,
} from "../../config/settings";

/** Where the container finds what the component mounts. */
export const paths = {
  configuration: "/etc/alertmanager/config",
  secrets: "/etc/alertmanager/secrets",
  data: "/alertmanager",
} as const;

/** Files under `paths.secrets`. */
export const secretFiles = {
  smtpPassword: "smtp-password",
  slackWebhookUrl: "slack-webhook-url",
  deadMansSwitchUrl: "dead-mans-switch-url",
} as const;

/** Receives what nobody needs to hear. */
const nobody = "nobody";
const deadMansSwitch = "dead-mans-switch";

/** The settings that decide who hears what, and whether there is a dead man's switch to send Watchdog to. */
export type AlertmanagerConfigurationArgs = Pick<
  AlertmanagerSettings,
  | "groupBy"
  | "groupWait"
  | "groupInterval"
  | "repeatInterval"
  | "defaultReceiver"
  | "smtp"
  | "receivers"
  | "routes"
  | "escalation"
  | "deadMansSwitch"
>;

/** alertmanager.yml. Secrets are named by file, so the configuration itself holds none. */
export function alertmanagerConfiguration(args: AlertmanagerConfigurationArgs): string {
  return stringify(
    {
      global: smtp(args.smtp),
      templates: [`${paths.configuration}/*.tmpl`],
      route: {
        receiver: args.defaultReceiver,
        group_by: args.groupBy,
        group_wait: args.groupWait,
        group_interval: args.groupInterval,
        repeat_interval: args.repeatInterval,
        routes: [watchdogRoute(args), ...escalationRoutes(args), ...args.routes.map(route), catchAll(args)],
      },
      inhibit_rules: inhibitRules,
      receivers: [
        ...args.receivers.map(receiver),
        ...(args.deadMansSwitch.enabled ? [deadMansSwitchReceiver] : []),
        { name: nobody },
      ],
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

function smtp(settings: SmtpSettings): object {
  return {
    smtp_smarthost: settings.smarthost,
    smtp_from: settings.from,
    smtp_require_tls: settings.requireTls,
    ...(settings.username && {
      smtp_auth_username: settings.username,
      smtp_auth_password_file: `${paths.secrets}/${secretFiles.smtpPassword}`,
    }),
  };
}

/** Watchdog always fires; somebody outside notices when it stops arriving. People need not hear of it. */
function watchdogRoute({
  deadMansSwitch: { enabled, repeatInterval },
}: AlertmanagerConfigurationArgs): object {
  const matchers = ['alertname="Watchdog"'];
  if (!enabled) return { matchers, receiver: nobody };
  return {
    matchers,
    receiver: deadMansSwitch,
    group_wait: "0s",
    group_interval: repeatInterval,
    // Looked at once in each group_interval, from which a repetition takes a few milliseconds: if it were as long, every
    // second one would come too early and be left out.
    repeat_interval: `${Math.round(parseDuration(repeatInterval) * 900)}ms`,
  };
}

/**
 * Alertmanager does not know whether anybody answered. It knows silences, which is how people answer, and it sends a
 * group only after `group_wait`: a critical that was resolved or silenced by then never reaches this receiver.
 */
function escalationRoutes({ escalation }: AlertmanagerConfigurationArgs): object[] {
  if (!escalation) return [];
  return [
    {
      matchers: ['severity="critical"'],
      receiver: escalation.receiver,
      group_wait: escalation.after,
      repeat_interval: escalation.repeatInterval,
      continue: true,
    },
  ];
}

function route(settings: RouteSettings): object {
  return {
    matchers: settings.matchers,
    receiver: settings.receiver,
    ...(settings.groupBy && { group_by: settings.groupBy }),
    ...(settings.groupWait && { group_wait: settings.groupWait }),
    ...(settings.groupInterval && { group_interval: settings.groupInterval }),
    ...(settings.repeatInterval && { repeat_interval: settings.repeatInterval }),
    ...(settings.continue && { continue: true }),
  };
}

/** An alert that a route with `continue` took does not fall back to the parent's receiver: this route is the rest. */
function catchAll(args: AlertmanagerConfigurationArgs): object {
  return { receiver: args.defaultReceiver };
}

/** A critical silences the warnings that only say the same less urgently: same alert, or same service. */
const inhibitRules = [
  {
    source_matchers: ['severity="critical"'],
    target_matchers: ['severity="warning"'],
    equal: ["cluster", "alertname", "namespace", "service", "instance"],
  },
  {
    source_matchers: ['severity="critical"', 'service=~".+"'],
    target_matchers: ['severity="warning"', 'service=~".+"'],
    equal: ["cluster", "service"],
  },
];

function receiver(settings: ReceiverSettings): object {
  return {
    name: settings.name,
    ...(settings.email && {
      email_configs: [
        {
          to: settings.email.to,
          send_resolved: settings.email.sendResolved,
          headers: { Subject: '{{ template "bilten.title" . }}' },
          html: '{{ template "bilten.mail.html" . }}',
          text: '{{ template "bilten.mail.text" . }}',
        },
      ],
    }),
    ...(settings.slack && {
      slack_configs: [
        {
          api_url_file: `${paths.secrets}/${secretFiles.slackWebhookUrl}`,
          channel: settings.slack.channel,
          send_resolved: settings.slack.sendResolved,
          title: '{{ template "bilten.title" . }}',
          title_link: "{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}",
          text: '{{ template "bilten.slack.text" . }}',
          color: '{{ if eq .Status "firing" }}danger{{ else }}good{{ end }}',
        },
      ],
    }),
    ...(settings.webhook && {
      webhook_configs: [{ url: settings.webhook.url, send_resolved: settings.webhook.sendResolved }],
    }),
  };
}

const deadMansSwitchReceiver = {
  name: deadMansSwitch,
  webhook_configs: [{ url_file: `${paths.secrets}/${secretFiles.deadMansSwitchUrl}`, send_resolved: false }],
};

/** The message templates that the receivers name. */
export function messageTemplates(): string {
  return readFileSync(join(__dirname, "templates", "bilten.tmpl"), "utf8");
}

export interface AlertmanagerFlagsArgs {
  name: string;
  namespace: string;
  replicas: number;
  externalUrl: string;
  retention: string;
}

/** Command-line flags; a single replica takes part in no cluster. */
export function alertmanagerFlags(args: AlertmanagerFlagsArgs): string[] {
  const cluster =
    args.replicas === 1
      ? ["--cluster.listen-address="]
      : [
          "--cluster.listen-address=0.0.0.0:9094",
          "--cluster.advertise-address=$(POD_IP):9094",
          ...alertmanagerHosts(args).map((host) => `--cluster.peer=${host}:9094`),
        ];
  return [
    `--config.file=${paths.configuration}/alertmanager.yaml`,
    `--storage.path=${paths.data}`,
    `--data.retention=${parseDuration(args.retention)}s`,
    `--web.external-url=${args.externalUrl}`,
    "--web.route-prefix=/",
    ...cluster,
  ];
}

/** DNS name of each replica. */
export function alertmanagerHosts(
  args: Pick<AlertmanagerFlagsArgs, "name" | "namespace" | "replicas">,
): string[] {
  return Array.from(
    { length: args.replicas },
    (_, index) => `${args.name}-${index}.${args.name}-headless.${args.namespace}.svc`,
  );
}
