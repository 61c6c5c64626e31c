/** All cases of promtool's unit tests. */
import type { CaseFile } from "../alertCase";
import { alertmanager } from "./alertmanager";
import { application } from "./application";
import { elasticsearch } from "./elasticsearch";
import { elasticsearchHours } from "./elasticsearchHours";
import { elasticsearchNodes } from "./elasticsearchNodes";
import { filebeat } from "./filebeat";
import { infrastructure } from "./infrastructure";
import { jaeger } from "./jaeger";
import { jaegerStorage } from "./jaegerStorage";
import { logs } from "./logs";
import { logVolume } from "./logVolume";
import { logstash } from "./logstash";
import { prometheus } from "./prometheus";
import { prometheusStorage } from "./prometheusStorage";
import { remoteWrite } from "./remoteWrite";
import { slo } from "./slo";
import { watchdog } from "./watchdog";

export const CASE_FILES: Record<string, CaseFile> = {
  application,
  slo,
  infrastructure,
  watchdog,
  prometheus,
  prometheusStorage,
  remoteWrite,
  alertmanager,
  elasticsearch,
  elasticsearchNodes,
  elasticsearchHours,
  logstash,
  filebeat,
  logs,
  logVolume,
  jaeger,
  jaegerStorage,
};
