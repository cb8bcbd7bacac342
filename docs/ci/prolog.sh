#!/usr/bin/env bash
# Slurm's Prolog: runs on the node before a job's first step. An exit code other than 0 drains the node and
# requeues the job (slurm.conf, "Prolog"). Jobs without a GPU are let through.
set -uo pipefail
if [ -z "${SLURM_JOB_GPUS:-}" ]; then
	exit 0
fi
"${ENVCHECK:-envcheck}" --quick --require gpu --max-seconds 20 --report "json=/var/log/envcheck-${SLURM_JOB_ID:-0}.json"
code=$?
if [ "$code" = 1 ]; then
	exit 1
fi
exit 0
