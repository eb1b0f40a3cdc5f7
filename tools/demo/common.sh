# Sourced by ./demo: words, numbers, free ports, the build, the scratch folder and its end.

started=$SECONDS
children=() # pids of what this run started and must end, in the order of their start
scratch=
told=

# One line of the story, with the time since the agent began.
say() { printf '%2d:%02d  %s\n' $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)) "$*"; }

# refuse MESSAGE HINT: a mistake of the caller, or something missing
refuse() {
    printf 'demo: %s\nhint: %s\n' "$1" "$2" >&2
    exit 2
}

# fail MESSAGE: something that should have happened did not
fail() {
    printf 'demo: %s\n' "$1" >&2
    if [ -s "$scratch/agent.log" ]; then
        printf 'the last lines of the agent:\n' >&2
        tail -n 15 "$scratch/agent.log" >&2
    fi
    exit 1
}

# in_seconds DURATION: 90s, 3m, 1m30s, 1h
in_seconds() {
    [[ $1 =~ ^(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?$ && -n $1 ]] ||
        refuse "--for: expected a duration such as 90s or 3m, found '$1'" "./demo --help tells all options"
    echo $((10#${BASH_REMATCH[2]:-0} * 3600 + 10#${BASH_REMATCH[4]:-0} * 60 + 10#${BASH_REMATCH[6]:-0}))
}

# Does nobody listen on this port of 127.0.0.1?
port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the ports that outgoing connections are given (32768 and up).
free_port() {
    local candidate
    for _ in {1..100}; do
        candidate=$((20000 + RANDOM % 12000))
        if port_is_free "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "found no free port between 20000 and 32000"
}

build_release() {
    echo "building (some minutes for the first time) …"
    (
        cd "$root"
        cmake --preset release >/dev/null
        nice cmake --build --preset release --target recoverd worker
    )
}

make_scratch() {
    scratch=$(mktemp -d "${TMPDIR:-/tmp}/recoverd-demo.XXXXXX")
    trap end EXIT
    trap 'interrupted 130' INT
    trap 'interrupted 143' TERM
    trap 'interrupted 129' HUP
}

# Being ended is how the demo is meant to end; without its whole story that was no success to a script.
interrupted() { if [ -n "$told" ]; then exit 0; else exit "$1"; fi; }

# In front of what must not run as root: set by the story.
as_server=()

# start_child LOG COMMAND…: its pid is in $child. Should the demo itself be killed, the kernel ends it; that wish is
# lost with a change of user, so it comes after that.
start_child() {
    local log=$1
    shift
    "${as_server[@]}" setpriv --pdeathsig TERM "$@" >"$log" 2>&1 &
    child=$!
    children+=("$child")
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }

# reap PID: the status of a child that has ended; its number may soon be somebody else's
reap() {
    local pid kept=()
    for pid in "${children[@]}"; do [ "$pid" = "$1" ] || kept+=("$pid"); done
    children=("${kept[@]}")
    wait "$1"
}

# stop_child PID: its status
stop_child() {
    kill "$1" 2>/dev/null || true
    for _ in {1..100}; do
        if has_ended "$1"; then break; fi
        sleep 0.1
    done
    kill -9 "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null
}

# Ends what was started, the newest first, and only that.
end() {
    local status=$? i ended
    trap - EXIT
    trap '' INT TERM HUP
    for ((i = ${#children[@]} - 1; i >= 0; --i)); do
        ended=0
        stop_child "${children[i]}" || ended=$?
        if [ "${children[i]}" = "${agent:-}" ] && [ $ended -ne 0 ] && [ "$status" -eq 0 ]; then
            echo "demo: the agent did not end well: status $ended" >&2
            tail -n 15 "$scratch/agent.log" >&2
            status=1
        fi
    done
    if declare -F story_end >/dev/null; then story_end || true; fi
    rm -rf "$scratch"
    exit "$status"
}
