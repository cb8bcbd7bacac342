#!/usr/bin/env bash
# Before each job on a self-hosted runner: ACTIONS_RUNNER_HOOK_JOB_STARTED=/path/to/job-started.sh
# A job does not start on a machine whose GPU does not work; without TensorFlow's import it takes a second.
set -euo pipefail
exec "${ENVCHECK:-envcheck}" --quick --require gpu --max-seconds 20 --format github
