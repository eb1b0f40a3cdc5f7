# Sourced by ./test: steps that count what passed and failed.
passed=0
failed=0
failures=()
started=$SECONDS
step_started=$SECONDS
table=()
beside=() # how what goes on beside the drills is called
logs=build/test-logs
mkdir -p "$logs"

minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

note() {
    printf '\n== %s (%s)\n' "$1" "$(minutes $((SECONDS - started)))"
    step_started=$SECONDS
}

count() { # count PASSED FAILED NAME
    passed=$((passed + $1))
    failed=$((failed + $2))
    [ "$2" -eq 0 ] || failures+=("$3: $2 failed")
    table+=("$(printf '%-44s %7s %7d %7d' "$3" "$(minutes $((SECONDS - step_started)))" "$1" "$2")")
}

# One command that passes or fails as a whole.
step() { # step NAME COMMAND…
    local name=$1 log
    shift
    note "$name"
    log="$logs/$(printf '%s' "$name" | tr -c 'a-zA-Z0-9' '-').log"
    if "${beside[@]}" "$@" >"$log" 2>&1; then
        tail -n 3 "$log"
        count 1 0 "$name"
    else
        tail -n 60 "$log"
        count 0 1 "$name"
        return 1
    fi
}

build() { # build PRESET [TARGET…]
    local preset=$1
    shift
    step "build $preset" bash -c "cmake --preset $preset && timeout 2400 cmake --build --preset $preset ${*:+--target $*}"
}

# A Catch2 program: every test case counts, and one that skipped itself (promtool is not there) as a failure. UNIT_LIMIT:
# seconds it may take.
unit() { # unit PRESET NAME [WHICH…]
    note "$1: $2"
    unit_play "$@"
    unit_count "$1" "$2"
}

unit_log() { echo "$logs/$1-$2.log"; }

# By itself it may go on beside another one; what came of it is counted afterwards.
unit_play() { # unit_play PRESET NAME [WHICH…]
    local preset=$1 name=$2 log program="build/$1/tests/$2_test" runner=("${beside[@]}") began=$SECONDS
    log=$(unit_log "$preset" "$name")
    shift 2
    # Where addresses are randomised widely (vm.mmap_rnd_bits above 28), the thread sanitizer of g++ 12 does not start.
    [ "$preset" = tsan ] && setarch --addr-no-randomize true 2>/dev/null && runner+=(setarch --addr-no-randomize)
    TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp" timeout "${UNIT_LIMIT:-900}" "${runner[@]}" "$program" --durations no "$@" >"$log" 2>&1
    echo "ended with $? after $((SECONDS - began)) s" >>"$log"
}

unit_count() { # unit_count PRESET NAME
    local log summary status took good=0 bad=0
    log=$(unit_log "$1" "$2")
    summary=$(grep -E '^(All tests passed|test cases:)' "$log" | tail -n 1)
    read -r status took < <(sed -nE 's/^ended with ([0-9]+) after ([0-9]+) s$/\1 \2/p' "$log")
    if [[ $summary =~ ^All\ tests\ passed.*\ ([0-9]+)\ test\ case ]]; then
        good=${BASH_REMATCH[1]}
    elif [[ $summary =~ ^test\ cases: ]]; then
        [[ $summary =~ ([0-9]+)\ passed ]] && good=${BASH_REMATCH[1]}
        [[ $summary =~ ([0-9]+)\ failed ]] && bad=${BASH_REMATCH[1]}
        [[ $summary =~ ([0-9]+)\ skipped ]] && bad=$((bad + BASH_REMATCH[1]))
    fi
    # A crash, a sanitizer's report or a hang has no summary; no test at all is a failure too.
    if [ "${status:-1}" -ne 0 ] && [ "$bad" -eq 0 ] || [ $((good + bad)) -eq 0 ]; then bad=$((bad + 1)); fi
    [ "$bad" -eq 0 ] && echo "$1: $2: $summary" || tail -n 80 "$log"
    step_started=$((SECONDS - ${took:-0}))
    count "$good" "$bad" "$1: $2"
}

# Lives of a fleet, half of them beside the other half.
fleets() { # fleets PRESET NUMBER
    local half=$(($2 / 2)) first pids=() status=0
    for first in 1 $((half + 1)); do
        RECOVERD_SEED=$first RECOVERD_FLEETS=$half timeout 2400 "build/$1/tests/scenario_test" 'in the life of a fleet*' &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || status=1; done
    return $status
}

# The built program against real servers; pytest counts. The marks `ci` and `all` keep a test for that depth and deeper.
# Drills mostly wait. The steps between the two calls go on beside them, and let them have a core first. Two parts, with
# servers of their own, are played at a time: halves of all files in the quick depth, single files in the others. With three
# beside a compiler there were drills in which a server did not come to answer within a second.
smoke_begin() { # smoke_begin PRESET DEPTH SECONDS
    note "smoke tests on real servers"
    local files=(tests/smoke/test_*.py) i
    smoke_started=$SECONDS
    smoke_parts=("${files[@]}")
    export RECOVERD_BUILD="$PWD/build/$1" smoke_seconds=$3 smoke_marks="" logs
    case "$2" in
        quick)
            smoke_marks="not ci and not all" smoke_parts=("" "")
            for i in "${!files[@]}"; do smoke_parts[i % 2]+="${files[i]} "; done
            ;;
        ci) smoke_marks="not all" ;;
    esac
    rm -f "$logs"/smoke-*
    # From the end: the longest are there, and one that begins last would be waited for alone.
    # A group of its own, which Ctrl-C is passed on to: pytest then stops the servers.
    set -m
    printf '%s\n' "${smoke_parts[@]}" | sort -r | xargs -P 2 -I PART bash -c 'smoke_part "PART"' &
    smoke_pid=$!
    set +m
    beside=(nice -n 10)
    trap 'kill -INT -- "-$smoke_pid"; wait "$smoke_pid"; exit 130' INT TERM
}

smoke_end() {
    local part good=0 bad=0 before
    [ "$SECONDS" -eq "$smoke_started" ] || note "the end of the smoke tests"
    wait "$smoke_pid"
    trap - INT TERM
    beside=()
    for part in "${smoke_parts[@]}"; do
        before=$bad
        count_smoke "$(smoke_log "$part")"
        [ "$bad" -eq "$before" ] || tail -n 120 "$(smoke_log "$part")"
    done
    [ $((good + bad)) -gt 0 ] || bad=1
    echo "$good passed, $bad failed"
    step_started=$smoke_started
    count "$good" "$bad" "smoke"
}

smoke_log() { echo "$logs/smoke-$(basename "${1%% *}" .py).log"; } # of its first file

smoke_part() { # smoke_part "FILE…"
    timeout --foreground --signal INT --kill-after 120 "$smoke_seconds" \
        python3 -m pytest -q --maxfail=20 -p no:cacheprovider -m "$smoke_marks" $1 >"$(smoke_log "$1")" 2>&1
    echo "ended with $?" >>"$(smoke_log "$1")"
}
export -f smoke_log smoke_part

# Adds what a log says to `good` and `bad`. A skip is a failure, and so is an end (a crash, a time-out) without one.
count_smoke() {
    local summary failed=0
    summary=$(tail -n 2 "$1" | head -n 1)
    [[ $summary =~ ([0-9]+)\ passed ]] && good=$((good + BASH_REMATCH[1]))
    [[ $summary =~ ([0-9]+)\ failed ]] && failed=$((failed + BASH_REMATCH[1]))
    [[ $summary =~ ([0-9]+)\ error ]] && failed=$((failed + BASH_REMATCH[1]))
    [[ $summary =~ ([0-9]+)\ skipped ]] && failed=$((failed + BASH_REMATCH[1]))
    # 5: none of the file is for this depth.
    case "$(tail -n 1 "$1")" in
        "ended with 0") ;;
        "ended with 5") [[ $summary =~ ^[0-9]+\ deselected ]] || failed=$((failed + 1)) ;;
        *) [ "$failed" -gt 0 ] || failed=1 ;;
    esac
    bad=$((bad + failed))
}

# The faults that were played, with what they brought: the tables that pytest ends with.
drills() {
    sed -sn '/^fault .*resolved$/,/^\(=\|[0-9]* \(passed\|failed\)\)/p' "$logs"/smoke-*.log 2>/dev/null |
        awk '/^fault / && seen++ { next } !/^(=|[0-9]+ (passed|failed))/ && NF'
}

closing() { # closing MINUTES: what this depth may take
    local took=$((SECONDS - started))
    note "within $1 minutes"
    if [ $took -le $(($1 * 60)) ]; then count 1 0 "within $1 minutes"; else count 0 1 "within $1 minutes"; fi
    drills
    printf '\n%-44s %7s %7s %7s\n' step time passed failed
    printf '%s\n' "${table[@]}"
    printf '%-44s %7s %7d %7d\n\n' "all" "$(minutes $took)" "$passed" "$failed"
    printf '%s\n' "${failures[@]}"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit $?
}
