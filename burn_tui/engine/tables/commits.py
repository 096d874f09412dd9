"""Sums by commit and hour, so that a report by commit does not look through all rows, and leaner rows.

A row is written twice: when its call leaves, and when it is settled. Settled it is longer, and pages that are full by
then would be split and stay half empty. So it is opened with as much ROOM as it will need.
"""
# ruff: noqa: S608 - what is put into statements are lists of columns from migrations.py

ROOM_BYTES = 36
"""What most rows grow by when they are settled. It lies in `finish_reason`, which no open row has."""


def by_commit(sums: tuple[str, ...]) -> tuple[str, ...]:
    """The statements of migrations.py, for the columns that every roll-up adds up."""
    columns = ", ".join(f"{column} INTEGER NOT NULL" for column in sums)
    summed = ", ".join(f"sum({column})" for column in sums)
    return (
        f"""
        CREATE TABLE commit_hours (
            git_commit INTEGER NOT NULL, hour INTEGER NOT NULL, {columns}, PRIMARY KEY (git_commit, hour)
        ) WITHOUT ROWID
        """,
        f"""
        INSERT INTO commit_hours (git_commit, hour, {", ".join(sums)})
        SELECT git_commit, hour, {summed} FROM counted WHERE git_commit IS NOT NULL GROUP BY git_commit, hour
        """,
        # A UUIDv7 begins with its millisecond: few requests share that, and the rest of it need not be kept twice.
        "DROP INDEX attempts_by_request",
        "CREATE INDEX attempts_by_request ON attempt_rows (substr(request_id, 1, 6))",
    )
