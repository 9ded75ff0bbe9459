"""The local chain: py-evm's rules under our own block builder, mempool, store and JSON-RPC.

It is one process and one file on disk, and acknowledges nothing before it is committed there.
"""
