export {
  logstashFiles,
  logstashHosts,
  logstashPipelines,
  type LogstashConfigurationArgs,
  type LogstashPipeline,
} from "./configuration";
export { Logstash, type CertificateTexts, type LogstashArgs } from "./logstash";
export { tags as logTags } from "./parsing";
export { pipelineOf, type LoggedService } from "./pipelines";
export { standardRedactions } from "./redaction";
