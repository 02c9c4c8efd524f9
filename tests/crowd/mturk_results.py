"""A table of results as Mechanical Turk's page for requesters gives it: its very columns."""

import csv

# Of a batch's results, as requesters have published theirs; then ours, and two empty ones.
THEIRS = [
    "HITId",
    "HITTypeId",
    "Title",
    "Description",
    "Keywords",
    "Reward",
    "CreationTime",
    "MaxAssignments",
    "RequesterAnnotation",
    "AssignmentDurationInSeconds",
    "AutoApprovalDelayInSeconds",
    "Expiration",
    "NumberOfSimilarHITs",
    "LifetimeInSeconds",
    "AssignmentId",
    "WorkerId",
    "AssignmentStatus",
    "AcceptTime",
    "SubmitTime",
    "AutoApprovalTime",
    "ApprovalTime",
    "RejectionTime",
    "RequesterFeedback",
    "WorkTimeInSeconds",
    "LifetimeApprovalRate",
    "Last30DaysApprovalRate",
    "Last7DaysApprovalRate",
]


def read_batch(folder):
    """Return the rows of a batch as Mechanical Turk reads them."""
    with (folder / "tasks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def write_results(path, batch, answers, *, form=None, **changes):
    """Write what workers answered: of each row of the batch {worker: answer}.

    A worker whose name begins with "bad" was rejected. ``form`` makes the cells of an answer.
    """
    form = form or (lambda answer: {"Answer.answer": answer})
    inputs = [f"Input.{name}" for name in batch[0]]
    ours = list(form("x"))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(
            file, [*THEIRS, *inputs, *ours, "Approve", "Reject"], quoting=csv.QUOTE_ALL
        )
        writer.writeheader()
        for number, (row, of_row) in enumerate(zip(batch, answers, strict=True)):
            for worker, answer in of_row.items():
                cells = dict.fromkeys(THEIRS, "")
                cells |= {"HITId": f"3HIT{number}", "HITTypeId": "3TYPE", "Reward": "$0.03"}
                cells |= {"AssignmentId": f"3{number}{worker}", "WorkerId": worker}
                bad = worker.startswith("bad")
                cells |= {"AssignmentStatus": "Rejected" if bad else "Submitted"}
                cells |= {"SubmitTime": "Tue May 07 09:43:18 PDT 2019", "Approve": "", "Reject": ""}
                cells |= {"LifetimeApprovalRate": "0% (0/0)"}
                cells |= {f"Input.{name}": value for name, value in row.items()} | form(answer)
                writer.writerow(cells | changes)
    return path
