"""torch on one thread: a posterior mean with the products written out, and a run as users write it."""

import torch

from serve import heun, read_task, serve

task = read_task()
torch.set_num_threads(1)
points, queries = torch.tensor(task["points"]), torch.tensor(task["queries"])
squares = (points * points).sum(dim=1)


def posterior_mean(sigma=task["sigma"]):
    logits = torch.addmm(squares * (-0.5 / sigma**2), queries, points.T, alpha=1 / sigma**2)
    return torch.softmax(logits, dim=1) @ points


def score(x, sigma):
    """As one reads it in notebooks: all distances, a softmax over the points, the mean."""
    logits = -torch.cdist(x, points) ** 2 / (2 * sigma**2)
    weights = torch.exp(logits - torch.logsumexp(logits, dim=1, keepdim=True))
    return (weights @ points - x) / sigma**2


# Numbers below the smallest normal one are slow where they are kept. Who tunes a product knows; who writes a notebook does not.
if task["kind"] == "mean":
    torch.set_flush_denormal(True)
kinds = {"mean": posterior_mean, "heun": lambda: heun(score, queries, task["sigmas"])}
with torch.no_grad():
    serve(task, kinds[task["kind"]])
