// SPDX-License-Identifier: Apache-2.0

// Says what a Kubernetes API server would not take of the manifests on stdin: fields it does not know, values of another
// type, elements of a list that are there twice. It compares with the types and schemas that Kubernetes and the Prometheus
// operator publish as Go modules, and needs neither a server nor a network. Prints each object as a line of JSON; what is
// wrong goes to stderr, and the exit status is then 1.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
	strict "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/applyconfigurations"
	builtin "k8s.io/client-go/kubernetes/scheme"
	toyaml "sigs.k8s.io/yaml"
)

type checker struct {
	decoder runtime.Decoder
	typed   func(runtime.Object) error
	out     io.Writer
}

func newChecker(out io.Writer) (*checker, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(builtin.AddToScheme(scheme), monitoring.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	decoder := strict.NewSerializerWithOptions(strict.DefaultMetaFactory, scheme, scheme,
		strict.SerializerOptions{Yaml: true, Strict: true})
	converter := applyconfigurations.NewTypeConverter(builtin.Scheme)
	typed := func(object runtime.Object) error {
		// Only of the built-in kinds is there a schema; of the others the types have to do.
		if !builtin.Scheme.Recognizes(object.GetObjectKind().GroupVersionKind()) {
			return nil
		}
		_, err := converter.ObjectToTyped(object)
		return err
	}
	return &checker{decoder, typed, out}, nil
}

func (c *checker) check(document []byte) error {
	object, _, err := c.decoder.Decode(document, nil, nil)
	if err != nil {
		return err
	}
	if err := c.typed(object); err != nil {
		return err
	}
	line, err := toyaml.YAMLToJSON(document)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, string(line))
	return err
}

// named tells which object a complaint is about.
func named(document []byte) string {
	var object struct {
		Kind     string
		Metadata struct{ Name string }
	}
	_ = toyaml.Unmarshal(document, &object) // Of what is no YAML nothing is known.
	return object.Kind + "/" + object.Metadata.Name
}

func run(in io.Reader, out io.Writer) error {
	checker, err := newChecker(out)
	if err != nil {
		return err
	}
	var wrong []error
	objects := 0
	for documents := yaml.NewYAMLReader(bufio.NewReader(in)); ; {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var content any
		if err := toyaml.Unmarshal(document, &content); err == nil && content == nil {
			continue // Nothing but comments.
		}
		objects++
		if err := checker.check(document); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", named(document), err))
		}
	}
	if objects == 0 {
		return errors.New("expected manifests, found nothing")
	}
	return errors.Join(wrong...)
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
