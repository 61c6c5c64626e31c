export {
  ElasticsearchSetup,
  elasticsearchSetupSteps,
  type ElasticsearchSetupArgs,
} from "./elasticsearchSetup";
export { KibanaSetup, kibanaSetupSteps, type KibanaSetupArgs, type SavedObject } from "./kibanaSetup";
export { bootstrapUser, logIndexPattern, programUsers, type ProgramUser } from "./names";
export { s3Snapshots, type SnapshotArgs } from "./snapshots";
