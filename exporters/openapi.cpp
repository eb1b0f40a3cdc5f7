// SPDX-License-Identifier: Apache-2.0
// The API's own description. Written by hand, held by tests/exporters/contract_test.cpp.
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
    "/api/v1/scenarios": {"get": {"summary": "Every failure scenario: whether it holds, what decides it, its outages", "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["made_at", "scenarios"], "properties": {"made_at": {"$ref": "#/components/schemas/Time"}, "scenarios": {"type": "array", "items": {"$ref": "#/components/schemas/Scenario"}}}}}}}}}},
    "/api/v1/validations": {"get": {"summary": "Every validation: its steps, how the last run went, and the one that runs", "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["made_at", "validations"], "properties": {"made_at": {"$ref": "#/components/schemas/Time"}, "validations": {"type": "array", "items": {"$ref": "#/components/schemas/Validation"}}}}}}}}}},
    "/api/v1/alerts": {"get": {"summary": "Alerts that are pending, firing, or resolved within 15 minutes", "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["made_at", "alerts"], "properties": {"made_at": {"$ref": "#/components/schemas/Time"}, "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}}}}}}}}}},
    "/api/v1/history": {"get": {
      "summary": "What happened to one asset, check or scenario, or by one alert: alerts that began or ended to fire, and outcomes as they were reported; the newest first",
      "parameters": [
        {"name": "asset", "in": "query", "schema": {"type": "string"}}, {"name": "check", "in": "query", "schema": {"type": "string"}},
        {"name": "scenario", "in": "query", "schema": {"type": "string"}}, {"name": "alert", "in": "query", "schema": {"type": "string"}, "description": "its name, such as BackupTooOld"},
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}}],
      "responses": {
        "200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object", "required": ["events"], "properties": {"events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}}}}}},
        "400": {"description": "not one of these was named", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "503": {"description": "the disk does not tell, or too many ask", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}}}},
    "/api/v1/outcomes": {"post": {
      "summary": "Report the outcome of an exercise or a job. Off loopback and the unix socket only with a token.",
      "security": [{}, {"token": []}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Outcome"}}}},
      "responses": {
        "201": {"description": "recorded on disk", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recorded"}}}}, "200": {"description": "the same was recorded before", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Recorded"}}}},
        "400": {"description": "every mistake", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "401": {"description": "the token is wrong"}, "403": {"description": "a token is needed here"},
        "404": {"description": "no such asset", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "409": {"description": "the run has ended differently before", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "413": {"description": "too large"},
        "415": {"description": "not application/json"}, "503": {"description": "not recorded", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}}}},
    "/api/v1/forget": {"post": {
      "summary": "Drop a subject that is gone for good, and all that is remembered of it. Off loopback and the unix socket only with the token.",
      "security": [{}, {"token": []}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["subject"], "additionalProperties": false, "properties": {"subject": {"type": "string", "description": "CHECK/SUBJECT, or a subject of any check"}}}}}},
      "responses": {
        "200": {"description": "forgotten, and on disk", "content": {"application/json": {"schema": {"type": "object", "required": ["forgotten"], "properties": {"forgotten": {"type": "integer"}}}}}},
        "400": {"description": "every mistake", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "401": {"description": "the token is wrong"}, "403": {"description": "a token is needed here"},
        "404": {"description": "no such subject", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "413": {"description": "too large"}, "415": {"description": "not application/json"}, "503": {"description": "not on disk", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}}}},
    "/api/v1/checks/{name}/run": {"post": {
      "summary": "Have a check look out of turn; answered once what came of it can be seen. Off loopback and the unix socket only with the token. The body is not read.",
      "security": [{}, {"token": []}],
      "parameters": [{"name": "name", "in": "path", "required": true, "schema": {"type": "string"}, "description": "of the check, percent-encoded"}],
      "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
      "responses": {
        "200": {"description": "it has looked", "content": {"application/json": {"schema": {"type": "object", "required": ["check"], "properties": {"check": {"type": "string"}, "last_run": {"$ref": "#/components/schemas/Time"}, "last_took_seconds": {"$ref": "#/components/schemas/Seconds"}, "failure": {"$ref": "#/components/schemas/Failure"}}}}}},
        "202": {"description": "it looks for longer than 25 s; /api/v1/checks tells when it has"}, "303": {"description": "to a form of the check's page: there it stands"},
        "400": {"description": "the check never looks, it is told", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "401": {"description": "the token is wrong"}, "403": {"description": "a token is needed here, or another page asks"},
        "404": {"description": "no such check", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "409": {"description": "it runs already", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "413": {"description": "too large"}, "415": {"description": "not application/json"},
        "429": {"description": "it was asked less than 5 s ago, or too many are", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}, "headers": {"Retry-After": {"schema": {"type": "integer"}}}}}}},
    "/api/v1/validate": {"post": {
      "summary": "Start a validation. Off loopback and the unix socket only with the token.",
      "security": [{}, {"token": []}],
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["validation"], "additionalProperties": false, "properties": {"validation": {"type": "string"}}}}}},
      "responses": {
        "202": {"description": "it runs; /api/v1/validations tells how it goes on", "content": {"application/json": {"schema": {"type": "object", "required": ["started"], "properties": {"started": {"type": "string", "description": "the id of its run"}}}}}},
        "400": {"description": "every mistake", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "401": {"description": "the token is wrong"}, "403": {"description": "a token is needed here"},
        "404": {"description": "no such validation", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "409": {"description": "it runs already", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}, "413": {"description": "too large"}, "415": {"description": "not application/json"}}}}
  },
  "components": {
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    "schemas": {
      "Errors": {"type": "object", "required": ["errors"], "properties": {"errors": {"type": "array", "items": {"type": "string"}}, "id": {"type": "string", "description": "of the run"}}},
      "Recorded": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "description": "of the run"}}},
      "Time": {"type": "string", "format": "date-time"},
      "Seconds": {"type": "number"},
      "Priority": {"enum": ["P1", "P2", "P3", "P4"]},
      "Labels": {"type": "object", "additionalProperties": {"type": "string"}},
      "Counts": {"type": "object", "additionalProperties": {"type": "integer"}},
      "Event": {"type": "object", "required": ["at", "kind", "name", "state", "labels"], "properties": {"at": {"$ref": "#/components/schemas/Time"}, "kind": {"enum": ["alert", "outcome"]}, "name": {"type": "string", "description": "the alert; of an outcome its exercise, or backup"}, "state": {"type": "string", "description": "firing or resolved; of an outcome started, passed, failed"}, "reason": {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}}}},
      "Failure": {"type": "object", "required": ["kind", "detail", "since"], "properties": {"kind": {"enum": ["unreachable", "timed_out", "refused", "bad_answer", "misconfigured"]}, "detail": {"type": "string"}, "since": {"$ref": "#/components/schemas/Time"}}},
      "PastFailure": {"type": "object", "description": "the last one that is over", "required": ["kind", "detail", "since", "until"], "properties": {"kind": {"enum": ["unreachable", "timed_out", "refused", "bad_answer", "misconfigured"]}, "detail": {"type": "string"}, "since": {"$ref": "#/components/schemas/Time"}, "until": {"$ref": "#/components/schemas/Time"}}},
      "Status": {"type": "object", "required": ["made_at", "status", "sequence", "version", "instance", "started_at", "assets", "checks", "scenarios", "alerts"], "properties": {
        "made_at": {"$ref": "#/components/schemas/Time"}, "status": {"enum": ["operational", "degraded", "partial_outage", "major_outage"]}, "sequence": {"type": "integer"},
        "version": {"type": "string"}, "instance": {"type": "string"}, "started_at": {"$ref": "#/components/schemas/Time"},
        "assets": {"$ref": "#/components/schemas/Counts"}, "checks": {"$ref": "#/components/schemas/Counts"},
        "scenarios": {"$ref": "#/components/schemas/Counts"},
        "alerts": {"type": "object", "properties": {"pending": {"$ref": "#/components/schemas/Counts"}, "firing": {"$ref": "#/components/schemas/Counts"}}}}},
      "Verdict": {"type": "object", "required": ["state", "reasons"], "properties": {
        "state": {"enum": ["recoverable", "at_risk", "unknown", "unrecoverable"]}, "reasons": {"type": "array", "items": {"type": "string"}},
        "recoverable_until": {"$ref": "#/components/schemas/Time"}, "proven_rto_seconds": {"$ref": "#/components/schemas/Seconds"},
        "proven_rpo_seconds": {"$ref": "#/components/schemas/Seconds"},
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
        "last_took_seconds": {"$ref": "#/components/schemas/Seconds"}, "failure": {"$ref": "#/components/schemas/Failure"}, "last_failure": {"$ref": "#/components/schemas/PastFailure"}, "failures_total": {"$ref": "#/components/schemas/Counts"},
        "subjects": {"type": "array", "items": {"$ref": "#/components/schemas/Subject"}}, "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}}}},
      "Subject": {"type": "object", "required": ["subject", "asset", "first_seen", "learned_at", "evidence"], "properties": {
        "subject": {"type": "string"}, "asset": {"type": "string"}, "location": {"type": "object"}, "first_seen": {"$ref": "#/components/schemas/Time"}, "learned_at": {"$ref": "#/components/schemas/Time"},
        "vanished_since": {"$ref": "#/components/schemas/Time"}, "failure": {"$ref": "#/components/schemas/Failure"},
        "evidence": {"type": "array", "items": {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["recovery_points", "log_archive", "replication", "exercise", "reachability", "assertions", "fingerprint", "measurement"]}}}}}},
      "Scenario": {"type": "object", "required": ["name", "description", "asset", "priority", "by", "explains", "groups", "alerts"], "properties": {
        "name": {"type": "string"}, "description": {"type": "string"}, "asset": {"type": "string"}, "priority": {"$ref": "#/components/schemas/Priority"}, "by": {"type": "string"},
        "rto_seconds": {"$ref": "#/components/schemas/Seconds"}, "rpo_seconds": {"$ref": "#/components/schemas/Seconds"}, "canary": {"type": "string", "description": "the check that tells what an outage lost"}, "explains": {"type": "array", "items": {"type": "string"}},
        "groups": {"type": "array", "items": {"type": "object", "required": ["subject", "state", "members", "needed", "down", "unknown", "past"], "properties": {
          "subject": {"type": "string", "description": "the zone, node … that it is told apart by; empty when it is not"}, "state": {"enum": ["clear", "unknown", "active"]},
          "members": {"type": "integer"}, "needed": {"type": "integer", "description": "how many of them must be down"},
          "down": {"type": "array", "items": {"type": "string"}}, "unknown": {"type": "array", "items": {"type": "string"}},
          "outage": {"$ref": "#/components/schemas/Outage"}, "past": {"type": "array", "items": {"$ref": "#/components/schemas/Outage"}}}}},
        "readiness": {"type": "object", "description": "where `recovers` asks for it", "required": ["state", "assets"], "properties": {
          "state": {"enum": ["recoverable", "at_risk", "unknown", "unrecoverable"]}, "assets": {"type": "array", "items": {"type": "object", "required": ["asset", "state", "from", "blocks"], "properties": {
            "asset": {"type": "string"}, "state": {"enum": ["recoverable", "at_risk", "unknown", "unrecoverable"]}, "from": {"type": "string"}, "newest": {"$ref": "#/components/schemas/Time"},
            "oldest": {"$ref": "#/components/schemas/Time"}, "takes_seconds": {"$ref": "#/components/schemas/Seconds"}, "blocks": {"type": "array", "items": {"type": "string"}}}}}}},
        "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}}}},
      "Validation": {"type": "object", "required": ["name", "description", "asset", "after", "steps", "alerts"], "properties": {
        "name": {"type": "string"}, "description": {"type": "string"}, "asset": {"type": "string"}, "after": {"type": "array", "items": {"type": "string"}, "description": "scenarios after whose outages it is started"},
        "steps": {"type": "array", "items": {"type": "object", "required": ["check", "priority", "stop", "within_seconds"], "properties": {"check": {"type": "string"}, "priority": {"$ref": "#/components/schemas/Priority"}, "stop": {"type": "boolean"}, "within_seconds": {"$ref": "#/components/schemas/Seconds"}}}},
        "running": {"$ref": "#/components/schemas/ValidationRun"}, "last": {"$ref": "#/components/schemas/ValidationRun"}, "alerts": {"type": "array", "items": {"$ref": "#/components/schemas/Alert"}}}},
      "ValidationRun": {"type": "object", "required": ["id", "cause", "began_at", "steps"], "properties": {
        "id": {"type": "string"}, "cause": {"type": "string"}, "began_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"},
        "passed": {"type": "boolean", "description": "once it has ended"}, "aborted": {"type": "string", "description": "why it was given up"},
        "steps": {"type": "array", "items": {"type": "object", "required": ["check", "state"], "properties": {"check": {"type": "string"}, "state": {"enum": ["waiting", "running", "passed", "failed", "skipped"]}, "began_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"}, "detail": {"type": "string"}}}}}},
      "Outage": {"type": "object", "required": ["began_at", "seconds", "cause"], "properties": {
        "began_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"}, "seconds": {"$ref": "#/components/schemas/Seconds"}, "cause": {"type": "string"},
        "exceeded_rto": {"type": "boolean", "description": "was it, or is it by now, longer than the scenario's RTO? Where it has one"},
        "lost_seconds": {"$ref": "#/components/schemas/Seconds"}, "lost_rows": {"type": "integer"},
        "exceeded_rpo": {"type": "boolean", "description": "was that more than the scenario's RPO? Where it has one, and a canary told"}}},
      "Alert": {"type": "object", "required": ["alertname", "state", "labels", "annotations", "priority", "reason", "since"], "properties": {
        "alertname": {"type": "string"}, "state": {"enum": ["pending", "firing", "resolved"]}, "labels": {"$ref": "#/components/schemas/Labels"}, "annotations": {"$ref": "#/components/schemas/Labels"},
        "priority": {"$ref": "#/components/schemas/Priority"}, "reason": {"type": "string"}, "lowered_from": {"$ref": "#/components/schemas/Priority"}, "lowered_by": {"type": "string"},
        "since": {"$ref": "#/components/schemas/Time"}, "started_at": {"$ref": "#/components/schemas/Time"}, "resolved_at": {"$ref": "#/components/schemas/Time"}}},
      "Outcome": {"type": "object", "required": ["asset", "outcome"], "properties": {
        "id": {"type": "string", "maxLength": 256, "description": "names the run; made up when missing"}, "asset": {"type": "string"}, "kind": {"enum": ["exercise", "backup"], "default": "exercise"},
        "exercise": {"type": "string", "maxLength": 256, "description": "required for an exercise; 200 of an asset are kept apart, and those that the configuration waits for"}, "outcome": {"enum": ["started", "passed", "failed", "aborted"]},
        "started_at": {"$ref": "#/components/schemas/Time"}, "ended_at": {"$ref": "#/components/schemas/Time"},
        "depth": {"enum": ["exists", "listed", "checksummed", "restored", "queried", "smoke_tested"]},
        "rpo_seconds": {"$ref": "#/components/schemas/Seconds"}, "rto_seconds": {"$ref": "#/components/schemas/Seconds"},
        "size_bytes": {"type": "integer"}, "backup_type": {"type": "string", "maxLength": 256}, "link": {"type": "string"}, "message": {"type": "string"}}}
    }
  }
}
)";

} // namespace

std::string_view openapi() { return kOpenApi; }

} // namespace recoverd::exporters::api
