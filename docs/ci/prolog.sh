#!/usr/bin/env bash
# Slurm's Prolog, which runs as root on the node before a job's first step. An exit code other than 0 drains the node
# ("Prolog error"); a batch job goes back into the queue and is held, srun ends. Jobs without a GPU are let through.
set -uo pipefail
# Slurm gives no PATH: the whole path, in the environment that jobs train with (one without TensorFlow is blocked).
envcheck=${ENVCHECK:-/opt/tensorflow/bin/envcheck}
if [ -z "${SLURM_JOB_GPUS:-}" ]; then
	exit 0
fi
"$envcheck" --quick --require gpu --max-seconds 20 --report "json=/var/log/envcheck-${SLURM_JOB_ID:-0}.json"
code=$?
if [ "$code" = 1 ]; then
	exit 1
elif [ "$code" != 0 ]; then
	logger -t envcheck "exit code $code before job ${SLURM_JOB_ID:-0}: it was let through, and its GPU was not checked"
fi
exit 0
