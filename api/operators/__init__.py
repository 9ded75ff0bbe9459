"""Operators: people of the institution, how they log in, and what two of them do together."""
