export * from "./mailCatcher";
