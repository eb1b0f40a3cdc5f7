// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"
)

// validate tells what an API server would answer to the creation of this object, in its own words.
func validate(document []byte) error {
	object, err := runtime.Decode(legacyscheme.Codecs.UniversalDecoder(), document)
	if err != nil {
		return err
	}
	if err := fillIn(object); err != nil {
		return err
	}
	faults, err := faultsOf(object)
	if err != nil {
		return err
	}
	return faults.ToAggregate()
}

// fillIn does what client and server do before anything is validated.
func fillIn(object runtime.Object) error {
	switch it := object.(type) {
	case *core.Namespace, *rbac.ClusterRole, *rbac.ClusterRoleBinding:
		return nil // Of no namespace.
	case *core.Service:
		if it.Spec.ClusterIP != "" {
			it.Spec.ClusterIPs = []string{it.Spec.ClusterIP}
		}
	}
	metadata, err := meta.Accessor(object)
	if err == nil && metadata.GetNamespace() == "" {
		metadata.SetNamespace("default")
	}
	return err
}

func faultsOf(object runtime.Object) (field.ErrorList, error) {
	switch it := object.(type) {
	case *core.Namespace:
		return validation.ValidateNamespace(it), nil
	case *core.ServiceAccount:
		return validation.ValidateServiceAccount(it), nil
	case *core.ConfigMap:
		return validation.ValidateConfigMap(it), nil
	case *core.PersistentVolumeClaim:
		return validation.ValidatePersistentVolumeClaim(it, validation.PersistentVolumeClaimSpecValidationOptions{}), nil
	case *core.Service:
		return validation.ValidateServiceCreate(it), nil
	case *apps.DaemonSet:
		return appsvalidation.ValidateDaemonSet(it, validation.PodValidationOptions{}), nil
	case *apps.Deployment:
		return appsvalidation.ValidateDeployment(it, validation.PodValidationOptions{}), nil
	case *apps.StatefulSet:
		return appsvalidation.ValidateStatefulSet(it, validation.PodValidationOptions{}), nil
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(it, networkingvalidation.NetworkPolicyValidationOptions{}), nil
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(it, policyvalidation.PodDisruptionBudgetValidationOptions{}), nil
	case *rbac.ClusterRole:
		return rbacvalidation.ValidateClusterRole(it, rbacvalidation.ClusterRoleValidationOptions{}), nil
	case *rbac.ClusterRoleBinding:
		return rbacvalidation.ValidateClusterRoleBinding(it), nil
	}
	return nil, fmt.Errorf("expected a kind that tests/kubernetes/validate.go knows, found %T", object)
}
