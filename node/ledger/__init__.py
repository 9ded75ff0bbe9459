"""The one place that talks to a chain, any chain: calls, transactions, logs, finality, deployment.

Nothing of the engine leaks out: plain integers, bytes, 0x-strings (hashes lower-case, addresses checksummed) and
frozen values do. A transport problem is LedgerUnreachable; a refusal by a contract is a value.
"""
