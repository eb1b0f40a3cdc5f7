// SPDX-License-Identifier: Apache-2.0

// Says what a Kubernetes API server would not take of the manifests on stdin: fields it does not know, and whatever its own
// validation finds. It is that validation, as Kubernetes publishes it as a Go module, with the types of the Prometheus
// operator beside it, and needs neither a server nor a network. With --pod-security=LEVEL also what an admission by that
// Pod Security Standard would not let in. Prints each object as a line of JSON; what is wrong goes to stderr, and the exit
// status is then 1.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	builtin "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/pod-security-admission/api"
	toyaml "sigs.k8s.io/yaml"
)

type checker struct {
	decoder runtime.Decoder
	level   api.Level
	out     io.Writer
}

func newChecker(level api.Level, out io.Writer) (*checker, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(builtin.AddToScheme(scheme), monitoring.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme,
		json.SerializerOptions{Yaml: true, Strict: true})
	return &checker{decoder, level, out}, nil
}

func (c *checker) check(document []byte) error {
	object, kind, err := c.decoder.Decode(document, nil, nil)
	if err != nil {
		return err
	}
	// Kubernetes knows its own kinds; of the operator's there are the types, no more.
	if builtin.Scheme.Recognizes(*kind) {
		if err := errors.Join(validate(document), admit(object, c.level)); err != nil {
			return err
		}
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

func run(level api.Level, in io.Reader, out io.Writer) error {
	checker, err := newChecker(level, out)
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
	text := flag.String("pod-security", "privileged", "privileged, baseline or restricted")
	flag.Parse()
	level, err := api.ParseLevel(*text)
	if err == nil {
		err = run(level, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
