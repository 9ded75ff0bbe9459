"""What money and payments are, independent of any chain, database or message format.

Standard library only: everything here is a frozen value or a free function, so it can be tested by itself.
"""
