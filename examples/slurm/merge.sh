#!/bin/bash
#SBATCH --job-name=evenkeel-merge

evenkeel merge 'stats.json.shard-*-of-*.json' --out stats.json --quiet
