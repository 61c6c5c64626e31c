/** The harness of all component tests: what the render command uses, under the name that tests look for. */
export { runProgram, secretMarker, type RegisteredResource, type Run } from "../../rendering/record";
