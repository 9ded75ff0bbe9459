"""The JSON-RPC methods, a file for each kind; `rpc.py` puts their tables together."""
