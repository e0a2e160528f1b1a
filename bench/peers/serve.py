"""What every peer in Python does: reads a task, computes once for each line on standard input, prints the milliseconds."""

import json
import sys
import time

import numpy


def read_task():
    """The task of the first argument, JSON, with its points and queries as float32."""
    task = json.loads(sys.argv[1])
    numbers = numpy.fromfile(task["data"], dtype=numpy.float32)
    split = task["size"] * task["dim"]
    task["points"] = numbers[:split].reshape(task["size"], task["dim"])
    task["queries"] = numbers[split:].reshape(task["count"], task["dim"])
    return task


def serve(task, compute):
    """Answers lines until there are no more; the first result also goes to the task's file."""
    written = False
    for _ in sys.stdin:
        start = time.perf_counter()
        result = compute()
        milliseconds = (time.perf_counter() - start) * 1e3
        # Before the line: who reads it may read the file.
        if not written:
            numpy.asarray(result, dtype=numpy.float32).tofile(task["out"])
            written = True
        print(milliseconds, flush=True)


def heun(score, initial, sigmas):
    """Heun's steps along dx/dsigma = -sigma score(x, sigma); a step to 0 is Euler's, which ends on the posterior mean."""
    x = initial
    for sigma, following in zip(sigmas[:-1], sigmas[1:]):
        slope = -sigma * score(x, sigma)
        ahead = x + (following - sigma) * slope
        if following == 0:
            x = ahead
        else:
            x = x + (following - sigma) * (slope - following * score(ahead, following)) / 2
    return x
