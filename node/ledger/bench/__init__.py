"""What an operation costs: a small network on any chain, every operation of the contracts on it, gas per payment.

Keys, amounts and expiries are fixed, so the same contracts give the same gas to the unit, on every engine.
"""
