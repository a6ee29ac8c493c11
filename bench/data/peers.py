"""What bench/data/main.ts compares with. Reads a task a line, and answers with its seconds.

Needs numpy and scikit-learn, and duckdb for the tasks that begin with it.
"""

import importlib.util
import os
import sys
import time

import numpy as np
from sklearn.preprocessing import StandardScaler

folder = sys.argv[1]
# What partial_fit and transform get at a time: the rows of a chunk here.
ROWS = 16384
npy = os.path.join(folder, "x.npy")
parquet = os.path.join(folder, "x.parquet")
# They are removed before a task is timed.
OUTPUTS = [os.path.join(folder, name) for name in ("sklearn.npy", "duckdb.parquet")]


def parts(x):
    return (slice(i, i + ROWS) for i in range(0, len(x), ROWS))


def sklearn_fit():
    x = np.load(npy, mmap_mode="r")
    scaler = StandardScaler()
    for part in parts(x):
        scaler.partial_fit(x[part])
    return scaler


def sklearn_apply():
    x = np.load(npy, mmap_mode="r")
    out = np.lib.format.open_memmap(OUTPUTS[0], mode="w+", dtype=x.dtype, shape=x.shape)
    for part in parts(x):
        out[part] = fitted.transform(x[part])
    out.flush()


def duckdb_connection():
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads={threads}")
    return connection


def duckdb_fit():
    connection = duckdb_connection()
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM '{parquet}'").fetchall()]
    columns = ", ".join(f'avg("{n}"), var_pop("{n}"), min("{n}"), max("{n}")' for n in names)
    connection.execute(f"SELECT {columns} FROM '{parquet}'").fetchall()


def duckdb_copy():
    duckdb_connection().execute(f"COPY (SELECT * FROM '{parquet}') TO '{OUTPUTS[1]}' (FORMAT parquet)")


TASKS = {"sklearn-fit": sklearn_fit, "sklearn-apply": sklearn_apply}
if importlib.util.find_spec("duckdb"):
    TASKS |= {"duckdb-fit": duckdb_fit, "duckdb-copy": duckdb_copy}

threads = 1
fitted = None
print(" ".join(TASKS), flush=True)
for line in sys.stdin:
    task, threads = line.split()
    if task == "sklearn-apply" and fitted is None:
        fitted = sklearn_fit()
    for path in OUTPUTS:
        if os.path.exists(path):
            os.remove(path)
    start = time.perf_counter()
    TASKS[task]()
    print(time.perf_counter() - start, flush=True)
