// SPDX-License-Identifier: Apache-2.0
// The API's own description. Written by hand, held by tests/exporters/api_test.cpp.
#include "exporters/api.hpp"

namespace recoverd::exporters::api {

namespace {

constexpr std::string_view kOpenApi = R"({
  "openapi": "3.1.0",
  "info": {
    "title": "recoverd",
    "version": "1",
    "description": "Could we recover, how much would be lost, how long would it take? Times are RFC 3339 in UTC, durations are seconds; what is not known is left out. Members may be added."
  },
  "servers": [{"url": "../.."}],
  "paths": {
    "/api/v1/status": {"get": {"summary": "The overall word, and counts", "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}}}}},
    "/api/v1/assets": {"get": {"summary": "Every asset with its verdict and the reasons for it", "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["made_at", "assets"], "properties": {"made_at": {"$ref": "#/components/schemas/Time"}, "assets": {"type": "array", "items": {"$ref": "#/components/schemas/Asset"}}}}}}}}}},
    "/api/v1/checks": {"get": {"summary": "Every check with what it last learned", "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["made_at", "checks"], "properties": {"made_at": {"$ref": "#/components/schemas/Time"}, "checks": {"type": "array", "items": {"$ref": "#/components/schemas/Check"}}}}}}}}}},
    "/api/v1/alerts": {"get": {"summary": "Alerts that are pending, firing, or resolved within 15 minutes", "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["made_at", "alerts"], "properties": {"made_at": {"$ref": "#/components/schemas/Time"}, "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}}}}}}}}}},
    "/api/v1/outcomes": {"post": {
      "summary": "Report the outcome of an exercise or a job. Off loopback and the unix socket only with a token.",
      "security": [{}, {"token": []}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outcome"}}}},
      "responses": {
        "201": {"description": "recorded on disk"}, "200": {"description": "the same was recorded before"},
        "400": {"description": "every mistake, one a line"}, "401": {"description": "the token is wrong"}, "403": {"description": "a token is needed here"},
        "404": {"description": "no such asset"}, "409": {"description": "the run has ended differently before"}, "413": {"description": "too large"},
        "415": {"description": "not application/json"}, "503": {"description": "not recorded"}}}},
    "/api/v1/forget": {"post": {
      "summary": "Drop a subject that is gone for good, and all that is remembered of it. Off loopback and the unix socket only with the token.",
      "security": [{}, {"token": []}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["subject"], "additionalProperties": false, "properties": {"subject": {"type": "string", "description": "CHECK/SUBJECT, or a subject of any check"}}}}}},
      "responses": {
        "200": {"description": "forgotten, and on disk", "content": {"application/json": {"schema": {"type": "object", "required": ["forgotten"], "properties": {"forgotten": {"type": "integer"}}}}}},
        "400": {"description": "every mistake, one a line"}, "401": {"description": "the token is wrong"}, "403": {"description": "a token is needed here"},
        "404": {"description": "no such subject"}, "415": {"description": "not application/json"}, "503": {"description": "not on disk"}}}}
  },
  "components": {
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    "schemas": {
      "Time": {"type": "string", "format": "date-time"},
      "Seconds": {"type": "number"},
      "Priority": {"enum": ["P1", "P2", "P3", "P4"]},
      "Labels": {"type": "object", "additionalProperties": {"type": "string"}},
      "Counts": {"type": "object", "additionalProperties": {"type": "integer"}},
      "Failure": {"type": "object", "required": ["kind", "detail", "since"], "properties": {"kind": {"enum": ["unreachable", "timed_out", "refused", "bad_answer", "misconfigured"]}, "detail": {"type": "string"}, "since": {"$ref": "#/components/schemas/Time"}}},
      "Status": {"type": "object", "required": ["made_at", "status", "sequence", "version", "instance", "started_at", "assets", "checks", "alerts"], "properties": {
        "made_at": {"$ref": "#/components/schemas/Time"}, "status": {"enum": ["operational", "degraded", "partial_outage", "major_outage"]}, "sequence": {"type": "integer"},
        "version": {"type": "string"}, "instance": {"type": "string"}, "started_at": {"$ref": "#/components/schemas/Time"},
        "assets": {"$ref": "#/components/schemas/Counts"}, "checks": {"$ref": "#/components/schemas/Counts"},
        "alerts": {"type": "object", "properties": {"pending": {"$ref": "#/components/schemas/Counts"}, "firing": {"$ref": "#/components/schemas/Counts"}}}}},
      "Verdict": {"type": "object", "required": ["state", "reasons"], "properties": {
        "state": {"enum": ["recoverable", "at_risk", "unknown", "unrecoverable"]}, "reasons": {"type": "array", "items": {"type": "string"}},
        "recoverable_until": {"$ref": "#/components/schemas/Time"}, "proven_rto_seconds": {"$ref": "#/components/schemas/Seconds"},
        "proven_depth": {"enum": ["exists", "listed", "checksummed", "restored", "queried", "smoke_tested"]}, "proven_at": {"$ref": "#/components/schemas/Time"}}},
      "Asset": {"type": "object", "required": ["name", "description", "class", "labels", "objectives", "verdict", "checks", "due", "alerts"], "properties": {
        "name": {"type": "string"}, "description": {"type": "string"}, "class": {"type": "string"}, "labels": {"$ref": "#/components/schemas/Labels"},
        "objectives": {"type": "object"}, "verdict": {"$ref": "#/components/schemas/Verdict"}, "checks": {"type": "array", "items": {"type": "string"}},
        "due": {"type": "array", "items": {"type": "object", "properties": {"exercise": {"type": "string"}, "due_at": {"$ref": "#/components/schemas/Time"}}}},
        "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}}}},
      "Check": {"type": "object", "required": ["name", "asset", "collector", "scope", "target", "every_seconds", "timeout_seconds", "labels", "fresh", "last_took_seconds", "failures_total", "subjects", "alerts"], "properties": {
        "name": {"type": "string"}, "asset": {"type": "string"}, "collector": {"type": "string"}, "scope": {"enum": ["node", "cluster"]}, "target": {"type": "string"},
        "every_seconds": {"$ref": "#/components/schemas/Seconds"}, "timeout_seconds": {"$ref": "#/components/schemas/Seconds"}, "labels": {"$ref": "#/components/schemas/Labels"},
        "fresh": {"type": "boolean", "description": "did it run since the agent started?"}, "last_run": {"$ref": "#/components/schemas/Time"}, "last_success": {"$ref": "#/components/schemas/Time"},
        "last_took_seconds": {"$ref": "#/components/schemas/Seconds"}, "failure": {"$ref": "#/components/schemas/Failure"}, "failures_total": {"$ref": "#/components/schemas/Counts"},
        "subjects": {"type": "array", "items": {"$ref": "#/components/schemas/Subject"}}, "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}}}},
      "Subject": {"type": "object", "required": ["subject", "asset", "first_seen", "learned_at", "evidence"], "properties": {
        "subject": {"type": "string"}, "asset": {"type": "string"}, "location": {"type": "object"}, "first_seen": {"$ref": "#/components/schemas/Time"}, "learned_at": {"$ref": "#/components/schemas/Time"},
        "vanished_since": {"$ref": "#/components/schemas/Time"}, "failure": {"$ref": "#/components/schemas/Failure"},
        "evidence": {"type": "array", "items": {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["recovery_points", "log_archive", "replication", "exercise", "reachability", "assertions", "fingerprint", "measurement"]}}}}}},
      "Alert": {"type": "object", "required": ["alertname", "state", "labels", "annotations", "priority", "reason", "since"], "properties": {
        "alertname": {"type": "string"}, "state": {"enum": ["pending", "firing", "resolved"]}, "labels": {"$ref": "#/components/schemas/Labels"}, "annotations": {"$ref": "#/components/schemas/Labels"},
        "priority": {"$ref": "#/components/schemas/Priority"}, "reason": {"type": "string"}, "lowered_from": {"$ref": "#/components/schemas/Priority"}, "lowered_by": {"type": "string"},
        "since": {"$ref": "#/components/schemas/Time"}, "started_at": {"$ref": "#/components/schemas/Time"}, "resolved_at": {"$ref": "#/components/schemas/Time"}}},
      "Outcome": {"type": "object", "required": ["asset", "outcome"], "properties": {
        "id": {"type": "string", "description": "names the run; made up when missing"}, "asset": {"type": "string"}, "kind": {"enum": ["exercise", "backup"], "default": "exercise"},
        "exercise": {"type": "string", "description": "required for an exercise"}, "outcome": {"enum": ["started", "passed", "failed", "aborted"]},
        "started_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"},
        "depth": {"enum": ["exists", "listed", "checksummed", "restored", "queried", "smoke_tested"]},
        "rpo_seconds": {"$ref": "#/components/schemas/Seconds"}, "rto_seconds": {"$ref": "#/components/schemas/Seconds"},
        "size_bytes": {"type": "integer"}, "backup_type": {"type": "string"}, "link": {"type": "string"}, "message": {"type": "string"}}}
    }
  }
}
)";

} // namespace

std::string_view openapi() { return kOpenApi; }

} // namespace recoverd::exporters::api
