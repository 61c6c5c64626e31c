// Command pulumi-resource-kubernetes is Pulumi's official Kubernetes provider, built from its module. The module's own
// command embeds files that only a release generates.
package main

import (
	"fmt"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

const name = "kubernetes"

func main() {
	// The package's whole schema is for generating SDKs, and tells which fields of an imported object are inputs.
	// Programs in Node.js that create, update, refresh and delete objects ask for nothing of it.
	schema := fmt.Sprintf(`{"name":%q,"version":%q}`, name, version.Version)
	// The mapping of Terraform's resources is for `pulumi convert`.
	provider.Serve(name, version.Version, []byte(schema), []byte("{}"))
}
