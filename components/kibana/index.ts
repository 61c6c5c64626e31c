export { Kibana, type KibanaArgs } from "./kibana";
export { type KibanaObject, savedObjects, savedObjectsFile, type SavedObjectsArgs } from "./savedObjects";
