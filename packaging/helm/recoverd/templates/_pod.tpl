{{/* The template of a pod. Of (dict "root" $ "component" NAME "values" WHAT_IS_SET_OF_IT "state" VOLUME). */}}
{{- define "recoverd.pod" -}}
{{- $values := .root.Values -}}
{{- $secrets := concat $values.existingSecrets .values.existingSecrets | uniq -}}
{{- $call := printf "scheme: %s" $values.probeScheme -}}
{{- with $values.probeHeaders -}}
{{- $call = printf "%s, httpHeaders: %s" $call (toJson .) -}}
{{- end -}}
metadata:
  labels:
    {{- include "recoverd.selector" . | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "recoverd.fullname" .root }}-{{ .component }}
  automountServiceAccountToken: false
  # Else every Service of the namespace becomes variables of the environment.
  enableServiceLinks: false
  terminationGracePeriodSeconds: 30
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- if eq .component "node" }}
    runAsUser: {{ .values.runAsUser }}
    runAsGroup: {{ .values.runAsUser }}
    {{- with .values.runAsUser }}
    # Secrets are root's, and readable to this group.
    fsGroup: {{ . }}
    {{- end }}
    {{- else }}
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    {{- end }}
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: recoverd
      image: {{ $values.image.repository }}:{{ $values.image.tag | default .root.Chart.AppVersion }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      args:
        - run
        - --scope={{ .component }}
        - --web.listen-address=0.0.0.0:9754
        - --config.auto-reload-interval={{ $values.autoReloadInterval }}
        - --log.level={{ $values.log.level }}
        - --log.format={{ $values.log.format }}
        {{- if $values.existingWebConfigSecret }}
        - --web.config.file=/run/secrets/recoverd-web/web.yml
        {{- end }}
        {{- with $values.externalUrl }}
        - {{ printf "--web.external-url=%s" . | quote }}
        {{- end }}
        {{- with $values.routePrefix }}
        - {{ printf "--web.route-prefix=%s" . | quote }}
        {{- end }}
        {{- with $values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      env:
        - name: RECOVERD_INSTANCE
          {{- if eq .component "node" }}
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
          {{- else }}
          value: cluster
          {{- end }}
        {{- with $values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - name: web
          containerPort: 9754
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      resources:
        {{- toYaml .values.resources | nindent 8 }}
      startupProbe:
        httpGet: {path: /-/ready, port: web, {{ $call }}}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: /-/healthy, port: web, {{ $call }}}
        periodSeconds: 15
        timeoutSeconds: 5
        failureThreshold: 4
      readinessProbe:
        httpGet: {path: /-/ready, port: web, {{ $call }}}
        periodSeconds: 15
        timeoutSeconds: 5
      volumeMounts:
        # The folder, never a subPath: only so does a changed ConfigMap arrive.
        - name: config
          mountPath: /etc/recoverd
          readOnly: true
        - name: state
          mountPath: /var/lib/recoverd
        - name: tmp
          mountPath: /tmp
        # What checks clone or download while they prove it; the root is read only.
        - name: scratch
          mountPath: /var/tmp
        {{- if $secrets }}
        - name: secrets
          mountPath: /run/secrets/recoverd
          readOnly: true
        {{- end }}
        {{- if $values.existingWebConfigSecret }}
        - name: web-config
          mountPath: /run/secrets/recoverd-web
          readOnly: true
        {{- end }}
        {{- range $i, $path := .values.hostPaths }}
        - name: host-{{ $i }}
          mountPath: {{ $path }}
          readOnly: true
          # What is mounted there later is seen too.
          mountPropagation: HostToContainer
        {{- end }}
        {{- if .values.kubernetesApi }}
        - name: token
          mountPath: /var/run/secrets/kubernetes.io/serviceaccount
          readOnly: true
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      projected:
        sources:
          - configMap:
              name: {{ include "recoverd.configMapName" .root }}
          # Whom the API server's certificate has to be of. It is in every namespace, and no secret.
          - configMap:
              name: kube-root-ca.crt
              items:
                - key: ca.crt
                  path: cluster/ca.crt
    - name: state
      {{- toYaml .state | nindent 6 }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    # Twice the max_size of vault_snapshot; a repository that is larger needs more.
    - name: scratch
      emptyDir:
        sizeLimit: 8Gi
    {{- with $secrets }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- range . }}
          - secret:
              name: {{ . }}
          {{- end }}
    {{- end }}
    {{- with $values.existingWebConfigSecret }}
    - name: web-config
      secret:
        secretName: {{ . }}
        defaultMode: 0440
    {{- end }}
    {{- range $i, $path := .values.hostPaths }}
    - name: host-{{ $i }}
      hostPath:
        path: {{ $path }}
        type: DirectoryOrCreate
    {{- end }}
    {{- if .values.kubernetesApi }}
    # Good for an hour and renewed by kubelet, instead of the one that every pod would get, and in the place of that one.
    - name: token
      projected:
        defaultMode: 0440
        sources:
          - serviceAccountToken:
              path: token
              expirationSeconds: 3600
          - configMap:
              name: kube-root-ca.crt
              items:
                - key: ca.crt
                  path: ca.crt
    {{- end }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
