#!/bin/bash
#SBATCH --job-name=evenkeel-fit
#SBATCH --array=0-3
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append

# Each task of the array fits its shard. evenkeel reads from Slurm which one that is. Only for a part of an earlier array,
# such as --array=2, it must be told how many shards there are: SHARDS=4.
evenkeel fit 'in/*.npy' --out stats.json ${SHARDS:+--shard "$SLURM_ARRAY_TASK_ID/$SHARDS"} \
  --threads "$SLURM_CPUS_PER_TASK" --quiet
code=$?

# A status above 128 means that a signal ended the command. Memory may have run out. Slurm then runs the task again, and
# the task goes on from its journal. Wrong input gives a status below, and would give it again.
if ((code > 128 && ${SLURM_RESTART_COUNT:-0} < 3)); then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
fi
exit $code
