// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// admit tells why the pods of a workload would not be let into a namespace that enforces this level.
func admit(object runtime.Object, level api.Level) error {
	var template *core.PodTemplateSpec
	switch it := object.(type) {
	case *apps.DaemonSet:
		template = &it.Spec.Template
	case *apps.Deployment:
		template = &it.Spec.Template
	case *apps.StatefulSet:
		template = &it.Spec.Template
	default:
		return nil
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return err
	}
	enforced := api.LevelVersion{Level: level, Version: api.LatestVersion()}
	var refused []error
	for _, result := range evaluator.EvaluatePod(enforced, &template.ObjectMeta, &template.Spec) {
		if !result.Allowed {
			refused = append(refused, fmt.Errorf("%s: %s", result.ForbiddenReason, strings.TrimSpace(result.ForbiddenDetail)))
		}
	}
	return errors.Join(refused...)
}
