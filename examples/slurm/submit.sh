#!/bin/bash
# Submits the array and the merge, from the folder that has in/*.npy. Options go to the array: ./submit.sh --array=0-15
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fit=$(sbatch --parsable "$@" "$here/fit.sh")
# The merge starts when every task of the array has ended well.
merge=$(sbatch --parsable --dependency="afterok:$fit" --kill-on-invalid-dep=yes "$here/merge.sh")
echo "fit $fit, merge $merge"
