export { elasticsearchDnsNames, httpPort as elasticsearchPort, type SnapshotStore } from "./configuration";
export { Elasticsearch, type ElasticsearchArgs } from "./elasticsearch";
export { dataSourceAuthority, dataSourcePassword, logDataSource, type LogDataSourceArgs } from "./dataSource";
