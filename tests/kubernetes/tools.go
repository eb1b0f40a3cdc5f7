//go:build tools

// SPDX-License-Identifier: Apache-2.0

// Programs that the tests run, so that go.mod pins them.
package main

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "sigs.k8s.io/kustomize/kustomize/v5"
)
