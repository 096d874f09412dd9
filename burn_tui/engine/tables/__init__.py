"""The ledger's tables and every statement on them, a file a subject; `migrations` says in which order they came."""
