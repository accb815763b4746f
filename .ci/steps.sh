# The steps of .ci/run and .ci/checks.sh, which are counted: `. .ci/steps.sh`. A step that fails does not stop the others.
passed=0 failed=0 skipped=0

report() { # STATE NAME
  printf '==== %-8s %s\n' "$1" "$2"
}

skip() { # NAME REASON
  skipped=$((skipped + 1))
  report SKIPPED "$1: $2"
}

step() { # NAME SECONDS COMMAND...
  local name=$1 seconds=$2 started=$SECONDS code
  shift 2
  report RUN "$name"
  timeout --kill-after=10 "$seconds" "$@" 2>&1
  code=$?
  if [ $code = 0 ]; then
    passed=$((passed + 1))
    report ok "$name ($((SECONDS - started)) s)"
  elif [ $code = 77 ]; then
    skip "$name" 'the line above says what is missing'
  else
    failed=$((failed + 1))
    [ $code = 124 ] && name="$name (stopped after $seconds s)"
    report FAILED "$name: exit code $code"
  fi
}

has() { command -v "$1" >/dev/null; }
