"""A team's shared ledger in PostgreSQL. Nothing here is imported by who is in no team."""
