/** The settings with which the tests deploy: those that any user has, shortened; and the times that follow from them. */

/** Seconds. */
export const intervals = {
  scrape: 3,
  evaluation: 3,
  groupWait: 2,
  groupInterval: 5,
  deadMansSwitch: 6,
  /** How long conditions last before alerts on them fire. */
  patience: 9,
};

/** Between two scrapes of what is asked every fourth or eighth time. */
export const seldom = (factor: number) => factor * intervals.scrape;

/**
 * How long Prometheus takes to begin or end scraping a target that appears or disappears, seconds: its discovery hands
 * on changes every 5 s, and its scrapes are arranged anew every 5 s.
 */
export const discovery = 10;

/** For what no setting bounds: a delivery, a probe of the kubelet, and that the machine has other work, too. Seconds. */
export const slack = 8;

const inSeconds = (value: number) => `${value}s`;

/** Where the tests' own pods are. */
export const testNamespace = "live-tests";

/** The alerts that the tests wait for. */
const awaited = [
  "HighErrorRate",
  "TargetDown",
  "TargetMissing",
  "HighCPUUsage",
  "HighMemoryUsage",
  "AlertmanagerNotificationsFailing",
  "ElasticsearchDown",
  "ElasticsearchClusterYellow",
  "LogsMissing",
  // Logstash is simulated: what that causes fires before anything else does.
  "LogstashDown",
];

/**
 * Settings over those of the stack's file; secrets are apart.
 * @param groupInterval seconds
 */
export function shortened(groupInterval = intervals.groupInterval): Record<string, string> {
  const service = {
    name: "bilten-api",
    port: 3000,
    scrapeInterval: inSeconds(intervals.scrape),
    probes: { interval: inSeconds(intervals.scrape) },
  };
  return {
    prometheusScrapeInterval: inSeconds(intervals.scrape),
    prometheusEvaluationInterval: inSeconds(intervals.evaluation),
    alertGroupWait: inSeconds(intervals.groupWait),
    alertGroupInterval: inSeconds(groupInterval),
    deadMansSwitchInterval: inSeconds(intervals.deadMansSwitch),
    services: JSON.stringify([service]),
    alertOverrides: JSON.stringify({
      ...Object.fromEntries(awaited.map((alert) => [alert, { for: inSeconds(intervals.patience) }])),
      // The tests' service sends no spans.
      JaegerSpansMissing: { enabled: false },
    }),
  };
}

/** The receivers' addresses, which are secret. */
export const receiverSecrets = {
  slackWebhookUrl: `http://webhooks.${testNamespace}.svc:8080/slack`,
  deadMansSwitchUrl: `http://webhooks.${testNamespace}.svc:8080/ping`,
};

/** Longest time from a fault to its alert, seconds: it is scraped, seen by a rule, and lasts. */
export function untilFiring(): number {
  const { scrape, evaluation, patience } = intervals;
  // The end of the patience is seen by the next evaluation only.
  return scrape + evaluation + Math.ceil(patience / evaluation) * evaluation + evaluation + slack;
}

/** Longest time from a fault to the message about it, seconds. */
export function untilTold(): number {
  return untilFiring() + intervals.groupWait;
}

/** Longest time from the end of a fault to the message about that, seconds. */
export function untilToldResolved(groupInterval = intervals.groupInterval): number {
  return intervals.scrape + 2 * intervals.evaluation + groupInterval + slack;
}
