#!/usr/bin/env bash
# What can be said of the files without running them: lint, types, dead code, package, man pages, links. The last line is
# "N passed, N failed, N skipped"; the exit code is 1 when anything failed.
set -u
cd "$(dirname "$0")/.." || exit 1
. .ci/steps.sh

man_pages() {
  if ! has mandoc; then
    skip 'man pages' 'mandoc is not installed'
    return
  fi
  step 'man pages' 60 mandoc -T lint -W warning man/*
}

step 'lint' 1200 npm run --silent lint
step 'types' 600 npm run --silent types
step 'dead code' 600 npm run --silent knip
step 'package metadata' 300 npm run --silent publint
step 'package content' 300 node .ci/pack-check.mjs
step 'documentation links' 60 node .ci/docs-check.mjs
man_pages

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
