import static org.codelibs.opensearch.runner.OpenSearchRunner.newConfigs;

import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.http.HttpServerTransport;

/**
 * One node of OpenSearch on a port that it says on its output, until its input ends. Arguments: folder of its data,
 * address to listen on. It removes the folder at its end.
 */
public class OpenSearch {
    public static void main(String[] args) throws Exception {
        OpenSearchRunner runner = new OpenSearchRunner();
        try {
            runner.onBuild((number, settings) -> {
                settings.put("http.port", "0");
                settings.put("http.host", args[1]);
                settings.put("transport.port", "0");
                settings.put("transport.host", "127.0.0.1");
                // The runner leaves out the role that index pipelines need.
                settings.putList("node.roles", "cluster_manager", "data", "ingest");
                settings.put("discovery.unconfigured_bootstrap_timeout", "1ms");
                settings.put("node.processors", "1");
                settings.putList("path.repo", args[0] + "/snapshots");
                // A machine whose disk is nearly full still runs tests.
                settings.put("cluster.routing.allocation.disk.threshold_enabled", "false");
            }).build(newConfigs().clusterName("tests").numOfNode(1).basePath(args[0]));
            HttpServerTransport http = runner.node().injector().getInstance(HttpServerTransport.class);
            System.out.println("listening on " + http.boundAddress().publishAddress().getPort());
            // Whoever started it is gone when the input ends, however it went.
            while (System.in.read() != -1) {
            }
        } catch (Throwable failure) {
            failure.printStackTrace();
            System.exit(1);
        }
        runner.close();
        runner.clean();
        System.exit(0);
    }
}
