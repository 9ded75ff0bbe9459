"""What can go wrong on the chain, by name, so that the JSON-RPC layer maps each kind to one code."""


class ChainError(Exception):
    """Something the chain refuses or cannot do; the message is written for the caller."""


class TransactionRefused(ChainError):
    """A transaction that will not be accepted: nothing was stored and no nonce was used."""


class CallFailed(ChainError):
    """A call that could not be started at all, for example for want of funds."""


class UnknownBlock(ChainError):
    """No block has this number or hash."""


class ImportRefused(ChainError):
    """Blocks that do not follow from this chain's genesis, or do not execute to what they claim."""


class StoreError(Exception):
    """The store cannot be used; the message says where and why."""


class StoreInUse(StoreError):
    """Another process holds this store."""


class StoreDamaged(StoreError):
    """The store contradicts itself or cannot be read."""


class ForeignStore(StoreError):
    """The store belongs to another chain, another program or another version."""
