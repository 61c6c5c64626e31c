export { filebeatConfiguration, type FilebeatConfigurationArgs } from "./configuration";
export { Filebeat, type FilebeatArgs } from "./filebeat";
