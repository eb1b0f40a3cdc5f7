{{- define "recoverd.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- else -}}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{/* By what selectors select: never changes. Of (dict "root" $ "component" NAME). */}}
{{- define "recoverd.selector" -}}
app.kubernetes.io/name: recoverd
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "recoverd.labels" -}}
{{ include "recoverd.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The metadata of everything. Of (dict "root" $ "component" NAME). */}}
{{- define "recoverd.metadata" -}}
name: {{ include "recoverd.fullname" .root }}{{ with .component }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "recoverd.labels" . | nindent 2 }}
{{- end -}}

{{- define "recoverd.configMapName" -}}
{{ .Values.existingConfigMap | default (include "recoverd.fullname" .) }}
{{- end -}}

{{/* What every path but those of probes begins with, or nothing: as the program makes it of the same two. */}}
{{- define "recoverd.routePrefix" -}}
{{- with .Values.routePrefix | default (regexReplaceAll "^https?://[^/]*" .Values.externalUrl "") | trimAll "/" -}}
/{{ . }}
{{- end -}}
{{- end -}}

{{/* recoverd.toml. TOML writes strings and lists of them as JSON does. */}}
{{- define "recoverd.config" -}}
{{ .Values.config | default (.Files.Get "files/recoverd.toml") | trimSuffix "\n" }}
{{- with .Values.alertmanager }}
{{- if or .urls .labels }}

[alertmanager]
{{- if .urls }}
urls = {{ .urls | toJson }}
{{- end }}
{{- if .labels }}
labels = { {{ range $i, $name := keys .labels | sortAlpha }}{{ if $i }}, {{ end }}{{ $name | quote }} = {{ get $.Values.alertmanager.labels $name | toJson }}{{ end }} }
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Whether the configuration has the table that `alertmanager` would become; TOML takes no second one. */}}
{{- define "recoverd.configHasTable" -}}
{{- if regexMatch "(?m)^\\s*(\\[\\s*[\"']?alertmanager[\"']?\\s*\\]|[\"']?alertmanager[\"']?\\s*[.=])" .Values.config -}}yes{{- end -}}
{{- end -}}

{{/* Whether the configuration names Alertmanagers by itself. The table alone pushes nothing: severities and labels, which stand
there too, are for whoever notifies. */}}
{{- define "recoverd.configPushes" -}}
{{- $table := regexFind "(?ms)^\\s*\\[\\s*[\"']?alertmanager[\"']?\\s*\\].*?(^\\s*\\[|\\z)" .Values.config -}}
{{- if or (regexMatch "(?m)^\\s*[\"']?urls[\"']?\\s*=" $table) (regexMatch "(?m)^\\s*[\"']?alertmanager[\"']?\\s*(=|\\.\\s*[\"']?urls\\b)" .Values.config) -}}yes{{- end -}}
{{- end -}}

{{/* Whether Prometheus notifies of what the agents found. */}}
{{- define "recoverd.rulesNotify" -}}
{{- if and .Values.prometheusRule.enabled .Values.prometheusRule.findings -}}yes{{- end -}}
{{- end -}}

{{/* By which Prometheus knows that nobody watches any more. Where it finds the agents by our Services, each has to have some:
of a Deployment whose pod has no node no target is left that could be down, and the agents on the nodes are there still. */}}
{{- define "recoverd.absent" -}}
{{- $absent := list -}}
{{- range $component := list "node" "cluster" -}}
{{- if (get $.Values $component).enabled -}}
{{- $service := printf "%s-%s" (include "recoverd.fullname" $) $component -}}
{{- $absent = append $absent (printf "absent(up{job=\"recoverd\",namespace=%q,service=%q})" $.Release.Namespace $service) -}}
{{- end -}}
{{- end -}}
{{- join " or " $absent -}}
{{- end -}}

{{/* The groups of rules: of the agents and what dashboards ask for always, of what they found where nobody else tells it. */}}
{{- define "recoverd.ruleGroups" -}}
{{- $files := list "files/agent-rules.yaml" "files/recording-rules.yaml" -}}
{{- if .Values.prometheusRule.findings -}}
{{- $files = prepend $files "files/rules.yaml" -}}
{{- end -}}
{{- $rules := "groups:\n" -}}
{{- range $files -}}
{{- $rules = print $rules ($.Files.Get . | splitList "\ngroups:\n" | last) -}}
{{- end -}}
{{- if .Values.serviceMonitor.enabled -}}
{{- $rules = $rules | replace "absent(up{job=\"recoverd\"})" (include "recoverd.absent" .) -}}
{{- end -}}
{{- $rules = $rules | replace "job=\"recoverd\"" (printf "job=%q" .Values.scrapeJob) -}}
{{- with .Values.prometheusRule.runbookUrl -}}
{{- $rules = $rules | replace "RUNBOOKS/" (printf "%s/" (trimSuffix "/" .)) -}}
{{- else -}}
{{- $rules = regexReplaceAll "(?m)^ *runbook_url: .*\n" $rules "" -}}
{{- end -}}
{{- $rules -}}
{{- end -}}

{{/* What makes no sense is refused in words. */}}
{{- define "recoverd.refuse" -}}
{{- $pushes := include "recoverd.configPushes" . -}}
{{- if and (include "recoverd.rulesNotify" .) (or .Values.alertmanager.urls $pushes) -}}
{{- fail (printf "expected one that notifies, found two: the agents push to Alertmanager (%s) and Prometheus would by prometheusRule.enabled; every alert would come twice\nhint: leave out one of them, or say prometheusRule.findings=false and keep the rules about agents that cannot speak" (ternary "alertmanager.urls" "[alertmanager] in config" (not (empty .Values.alertmanager.urls)))) -}}
{{- end -}}
{{- $said := list -}}
{{- range $key := list "urls" "labels" -}}
{{- if get $.Values.alertmanager $key -}}
{{- $said = append $said (printf "alertmanager.%s" $key) -}}
{{- end -}}
{{- end -}}
{{- $said = join " and " $said -}}
{{- if and $said (include "recoverd.configHasTable" .) -}}
{{- fail (printf "expected the table [alertmanager] in one place, found two: %s, and the table in config\nhint: leave out %s" $said $said) -}}
{{- end -}}
{{- if and $said .Values.existingConfigMap -}}
{{- fail (printf "expected %s to have a configuration to stand in, found existingConfigMap '%s'\nhint: say it there, in [alertmanager]" $said .Values.existingConfigMap) -}}
{{- end -}}
{{- if and .Values.config .Values.existingConfigMap -}}
{{- fail (printf "expected one configuration, found two: config and existingConfigMap '%s'\nhint: leave out one of them" .Values.existingConfigMap) -}}
{{- end -}}
{{- with regexFind "(?m)^--web\\.(external-url|route-prefix)" (join "\n" .Values.extraArgs) -}}
{{- fail (printf "expected %s by externalUrl or routePrefix, found it in extraArgs: what scrapes the agents would not know of the path\nhint: leave it out there" .) -}}
{{- end -}}
{{- $prefix := include "recoverd.routePrefix" . -}}
{{- if and .Values.serviceMonitor.enabled (contains "$(" $prefix) -}}
{{- fail (printf "expected one path below which every agent is scraped, found '%s'\nhint: have the proxy take it off, and say routePrefix='/'" $prefix) -}}
{{- end -}}
{{- if not (or .Values.node.enabled .Values.cluster.enabled) -}}
{{- fail "expected node.enabled or cluster.enabled, found neither: nothing would run" -}}
{{- end -}}
{{- end -}}
