//go:build ignore

// Cut reduces GitHub's own OpenAPI description to the operations that this
// package calls: those paths, what they refer to, and no prose.
//
//	npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz
//	go run cut.go package/generated/api.github.com.json
//
// It writes api.json, and to shapes.json the description's own examples of what
// those operations answer.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

var keep = map[string][]string{
	"/repos/{owner}/{repo}/check-runs":                                       {"post"},
	"/repos/{owner}/{repo}/check-runs/{check_run_id}":                        {"get", "patch"},
	"/repos/{owner}/{repo}/commits/{ref}/check-runs":                         {"get"},
	"/repos/{owner}/{repo}/issues":                                           {"get", "post"},
	"/repos/{owner}/{repo}/issues/{issue_number}":                            {"patch"},
	"/repos/{owner}/{repo}/issues/{issue_number}/comments":                   {"get", "post"},
	"/repos/{owner}/{repo}/issues/comments/{comment_id}":                     {"patch", "delete"},
	"/repos/{owner}/{repo}/statuses/{sha}":                                   {"post"},
	"/repos/{owner}/{repo}/pulls":                                            {"get"},
	"/repos/{owner}/{repo}/pulls/{pull_number}/files":                        {"get"},
	"/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts":                  {"get"},
	"/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}": {"get"},
	"/user": {"get"},
}

// shapes names the example of each thing that is answered.
var shapes = map[string]string{
	"checkRun":  "check-run",
	"comment":   "issue-comment",
	"issue":     "issue",
	"status":    "status",
	"pulls":     "pull-request-simple-items",
	"files":     "diff-entry-items",
	"artifacts": "artifact-paginated",
	"user":      "private-user",
}

type object = map[string]any

func main() {
	var whole object
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(text, &whole)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	examples := object{}
	for as, name := range shapes {
		examples[as] = whole["components"].(object)["examples"].(object)[name].(object)["value"]
	}
	write("shapes.json", examples)
	paths, components := object{}, object{}
	cut := object{"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": components}
	for path, methods := range keep {
		item := whole["paths"].(object)[path].(object)
		kept := object{}
		for _, method := range methods {
			kept[method] = item[method]
		}
		paths[path] = bare(kept, false)
		follow(paths[path], whole, components)
	}
	write("api.json", cut)
}

func write(name string, value object) {
	file, err := os.Create(name)
	if err == nil {
		out := json.NewEncoder(file)
		out.SetEscapeHTML(false)
		err = out.Encode(value)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// bare drops what only people read. names is set where the keys of node are
// the names of properties, among which "description" is data.
func bare(node any, names bool) any {
	switch node := node.(type) {
	case object:
		for key, value := range node {
			prose := key == "description" || key == "example" || key == "examples" || key == "externalDocs" ||
				key == "summary" || key == "tags" || strings.HasPrefix(key, "x-")
			if prose && !names {
				delete(node, key)
				continue
			}
			node[key] = bare(value, !names && (key == "properties" || key == "responses" || key == "headers"))
			if key == "responses" {
				for _, response := range node[key].(object) {
					response.(object)["description"] = "" // required, even empty
				}
			}
		}
	case []any:
		for i := range node {
			node[i] = bare(node[i], false)
		}
	}
	return node
}

// follow copies into components everything that node refers to.
func follow(node any, whole, components object) {
	switch node := node.(type) {
	case object:
		if ref, ok := node["$ref"].(string); ok {
			parts := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
			kind, name := parts[0], parts[1]
			if components[kind] == nil {
				components[kind] = object{}
			}
			if kept := components[kind].(object); kept[name] == nil {
				kept[name] = bare(whole["components"].(object)[kind].(object)[name], false)
				if kind == "responses" {
					kept[name].(object)["description"] = "" // required, even empty
				}
				follow(kept[name], whole, components)
			}
		}
		for _, value := range node {
			follow(value, whole, components)
		}
	case []any:
		for _, value := range node {
			follow(value, whole, components)
		}
	}
}
