/** The settings of the log pipeline after validation: Filebeat, Logstash, Elasticsearch and Kibana. */
import type { Duration, Quantity } from "./settings";

export interface LogSettings {
  /** Whether the stack has a log pipeline at all. The rest is complete either way. */
  enabled: boolean;
  /** How long the index of each day is kept. Whole days. */
  retention: Duration;
  /** Namespaces whose pods' logs are collected, sorted; those of the services unless others are set. */
  namespaces: string[];
  /** What is taken out of every event besides what the pipeline always takes out, in this order. */
  redactions: LogRedaction[];
  elasticsearch: {
    /** Odd: all are master-eligible. */
    replicas: number;
    /** Volume of each node. */
    volumeSize: Quantity;
    /** Memory of each node, requested and at most; the heap is half of it. */
    memory: Quantity;
    /** Map index files into memory; the nodes' vm.max_map_count must allow it. */
    mmap: boolean;
    /** Leave the volumes when the stack is destroyed. */
    keepVolumes: boolean;
  };
  logstash: {
    replicas: number;
    /** Memory of each Logstash, requested and at most; the heap follows from it. */
    memory: Quantity;
    /** Volume of each Logstash; holds its queues. */
    volumeSize: Quantity;
    /** Bytes of all persistent queues of one Logstash together. */
    queueSize: Quantity;
    /** Bytes of all dead letter queues of one Logstash together. */
    deadLetterQueueSize: Quantity;
    /** As `maxLinesPerSecond` of a service, for the lines of all that are none, together. */
    otherMaxLinesPerSecond: number;
  };
  kibana: {
    /** Where people reach it; its path is the base path. No trailing slash. */
    externalUrl: string;
    /** Memory, requested and at most; the heap follows from it. */
    memory: Quantity;
  };
  /** Undefined without `logSnapshots`: then nothing is backed up. */
  snapshots?: LogSnapshotSettings;
}

/** One thing to take out of events. */
export interface LogRedaction {
  /** Dotted name of the field it is looked for in; undefined for the message and every text field. */
  field?: string;
  /** Regular expression as Ruby knows them, which Logstash uses. Never matches an empty text. */
  pattern: string;
  /** What is put in place of each match. */
  replacement: string;
}

/** An S3 repository, or one in a store with the same interface, and when what is put there. */
export interface LogSnapshotSettings {
  bucket: string;
  /** Folder in the bucket, without slash at either end. */
  basePath?: string;
  region?: string;
  /** Address of the store when it is not AWS. */
  endpoint?: string;
  /** Bucket in the path instead of the host name, which most stores other than AWS need. */
  pathStyleAccess: boolean;
  /** Cron expression with seconds, in UTC, as Elasticsearch reads them. */
  schedule: string;
  /** How long snapshots are kept. Whole days. */
  retention: Duration;
  /** Age of the last snapshot beyond which there is an alert; above the longest pause of the schedule. */
  maxAge: Duration;
  /**
   * Whether the secrets `logSnapshotAccessKey` and `logSnapshotSecretKey` are set. Otherwise Elasticsearch asks its
   * surroundings: the role of its service account or of its node.
   */
  hasCredentials: boolean;
}

/** Levels that a service can write, as pino has them, from the least to the most important. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export type LogLevel = (typeof logLevels)[number];

/** How much a service writes. */
export interface ServiceLoggingSettings {
  /** Least important level that is written. */
  level: LogLevel;
  /** Ratios of the lines that are written, 0 to 1. */
  sampling: {
    /** Of levels error and fatal. */
    error: number;
    warn: number;
    /** Of levels info and below. */
    rest: number;
  };
  /**
   * Lines per second that it would write at level info without sampling, on average over a day. Sizes are checked
   * with it; nothing enforces it.
   */
  linesPerSecond: number;
  /**
   * Lines per second, as they arrive, that each Logstash takes at most, on average over `shedPeriod`. It sheds the rest,
   * so that the queue of one service does not fill and stop the others.
   */
  maxLinesPerSecond: number;
}
